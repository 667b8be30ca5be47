"""The list of keys behind "?", and what each page hints at to its first visitor.

An element with `data-shortcut` is pressed by that key, wherever the page's focus is but in a text
box, and the list names it by its title: a part of a page says its key where it is made.
"""

from dash import html

from app.still import still

# What moves on the keys of the part that has the focus: keys, what they do, and a CSS selector of
# the parts; a page that has none of them does not list the keys.
SLIDER, CHART, MATRIX, POINTS = ".control-slider", ".stage", "[data-walk]", "[data-points]"
TABLE, FABRIC = ".catalog-table", ".fabric-stage"
WHERE_THE_FOCUS_IS = (
    ("← →", "A step down or up, on a slider", SLIDER),
    ("Page Down, Page Up", "Ten steps down or up, on a slider", SLIDER),
    ("Home, End", "The least and the most, on a slider", SLIDER),
    ("↓ ↑", "A step down or up, in a box with a number", ".number-box"),
    ("← →", "From bar to bar of a lane, on the chart", CHART),
    ("↑ ↓", "To the lane above or below, on the chart", CHART),
    ("A D", "Pan, on the chart", CHART),
    ("W S", "Zoom in and out, on the chart", CHART),
    ("Ctrl or Shift and the wheel", "Zoom or pan, over the chart", CHART),
    ("Enter", "Show or hide the ranks of a bar's stage, on the chart", CHART),
    ("Esc", "Close what has opened; leave the bars", CHART),
    ("← →", "From wire to wire, on the drawing", FABRIC),
    ("↑ ↓", "To the wire that costs more or less, on the drawing", FABRIC),
    ("Ctrl or Shift and the wheel", "Zoom or pan, over the drawing", FABRIC),
    ("Enter", "Run, in a box", ".sweep-rail"),
    ("← → ↑ ↓", "From cell to cell, on the heat map", MATRIX),
    ("Home, End", "The first and the last cell of a row, on the heat map", MATRIX),
    ("Page Up, Page Down", "Ten rows up or down, on the heat map", MATRIX),
    ("Enter", "Open the cell in Gantt6D, on the heat map", MATRIX),
    ("Esc", "Close what has opened; leave the cells", MATRIX),
    ("← →", "From point to point, on a picture of points", POINTS),
    ("Page Down, Page Up", "Ten points on, on a picture of points", POINTS),
    ("Home, End", "The first and the last point, on a picture of points", POINTS),
    ("Esc", "Leave the points", POINTS),
    ("↑ ↓", "From row to row, in a table", TABLE),
    ("Enter", "Open or close a row, put a column in order", TABLE),
    ("← →", "From table to table, on their names", TABLE),
)


def help_button():
    """The button that opens the list."""
    return html.Button(
        "?",
        id="help",
        className="icon-button",
        title="Keys of this page",
        **{"aria-label": "Keys of this page", "aria-haspopup": "dialog", "data-shortcut": "?"},
    )


def help_dialog():
    """The list of keys; assets/help.js opens and closes it."""
    rows = [
        html.Tr([html.Td(html.Kbd(keys)), html.Td(what)], **{"data-of": parts})
        for keys, what, parts in WHERE_THE_FOCUS_IS
    ]
    dialog = html.Dialog(
        [
            html.H2("Keys", id="help-title"),
            html.Table(
                [
                    html.Thead(
                        html.Tr([html.Th("Key", scope="col"), html.Th("What it does", scope="col")])
                    ),
                    # Filled with the shortcuts of the page when it opens.
                    html.Tbody(id="help-shortcuts"),
                    html.Tbody(rows),
                ]
            ),
            html.Button("Close", id="help-close", className="text-button"),
        ],
        id="help-dialog",
        className="help-dialog",
        **{"aria-labelledby": "help-title"},
    )
    return still(dialog)


def hint(pages):
    """What a first visitor is told of the page that is open, above it, until it is dismissed."""
    told = html.Aside(
        [
            *(html.P(page.hint, hidden=True, **{"data-path": page.path}) for page in pages),
            html.Button("Got it", id="hint-close", className="text-button"),
        ],
        id="hint",
        className="hint",
        hidden=True,
        **{"aria-label": "Hint"},
    )
    return still(told)

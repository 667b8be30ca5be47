"""The components of the Catalog page; assets/pages/catalog fills and moves them."""

import json

import dash_mantine_components as dmc
from dash import dcc, html

from app.catalog.columns import TABLES
from app.catalog.roofline import FORMATS, MOST_GPUS
from app.catalog.session import MOST_BYTES, MOST_ITEMS
from app.catalog.tables import NAME, table_of
from app.catalog.templates import templates
from app.figures.empty import EMPTY
from app.share import Link
from app.still import still

CONFIG = {"displayModeBar": False, "displaylogo": False, "showSendToCloud": False}
# Of a file that is opened: more is no config.json, and no item.
MOST_FILE_BYTES = 48 * 1024


def layout(link: Link):
    """The page of a link."""
    scenario = link.scenario
    bounds = {
        "items": MOST_ITEMS,
        "bytes": MOST_BYTES,
        "file": MOST_FILE_BYTES,
        "gpus": MOST_GPUS,
    }
    return html.Div(
        [
            html.H1("Catalog: GPUs, models and links", className="visually-hidden"),
            still(html.P(link.notice, className="notice")) if link.notice else None,
            _bar(),
            still(_messages()),
            html.Div([still(_tables()), _plot()], className="catalog-parts"),
            still(_editor()),
            # Callbacks need an output; that of this page only tells the browser that it is there.
            dcc.Store(id=f"{NAME}-begun"),
        ],
        id=f"{NAME}-page",
        className="catalog",
        **{
            "data-values": json.dumps(scenario.to_dict()),
            "data-plotted": json.dumps([scenario.prefill_gpu, scenario.decode_gpu]),
            "data-bounds": json.dumps(bounds),
        },
    )


def _bar():
    tabs = [
        html.Button(
            [table.title, html.Span(className="catalog-count")],
            id=f"{NAME}-tab-{kind}",
            role="tab",
            type="button",
            className="catalog-tab",
            tabIndex=-1 if n else 0,
            **{
                "aria-selected": "false" if n else "true",
                "aria-controls": f"{NAME}-{kind}",
                "data-kind": kind,
            },
        )
        for n, (kind, table) in enumerate(TABLES.items())
    ]
    search = dmc.TextInput(
        id=f"{NAME}-search",
        placeholder="Search names, makers, generations",
        size="xs",
        className="catalog-search",
        **{"aria-label": "Search the catalog"},
    )
    buttons = [
        _button("add", "Add", "Add an item of your own, for this browser tab", shortcut="a"),
        _button(
            "open",
            "Open file",
            "Open an item in TOML or a model's config.json; it can be dropped on the page, too",
        ),
        _button("zip", "Save own items", "All items of your own as a ZIP file", hidden=True),
    ]
    return html.Div(
        [
            still(
                html.Div(tabs, role="tablist", className="catalog-tabs", **{"aria-label": "Kind"})
            ),
            search,
            still(html.P(id=f"{NAME}-said", className="catalog-said", role="status")),
            still(html.Div(buttons, className="catalog-buttons")),
        ],
        className="catalog-bar",
    )


def _messages():
    return html.Div(
        [
            html.Div(
                [
                    html.Span(id=f"{NAME}-problem-text"),
                    _button("discard", "Discard them", "Remove all items of your own", hidden=True),
                    html.Button(
                        "×",
                        id=f"{NAME}-problem-close",
                        type="button",
                        className="text-button",
                        **{"aria-label": "Close"},
                    ),
                ],
                id=f"{NAME}-problem",
                className="notice catalog-problem",
                role="alert",
                hidden=True,
            ),
            html.Div(
                "Drop it to open it", id=f"{NAME}-drop", className="catalog-drop", hidden=True
            ),
        ]
    )


def _tables():
    panels = [
        html.Div(
            table_of(table),
            id=f"{NAME}-{kind}",
            className="catalog-scroll",
            role="tabpanel",
            hidden=n > 0,
            # It scrolls, also by keys.
            tabIndex=0,
            **{"aria-labelledby": f"{NAME}-tab-{kind}"},
        )
        for n, (kind, table) in enumerate(TABLES.items())
    ]
    nothing = html.P(
        [
            "Nothing is called like that here. ",
            html.Button("Show all", id=f"{NAME}-all", className="text-button", type="button"),
        ],
        id=f"{NAME}-nothing",
        className="catalog-nothing",
        hidden=True,
    )
    return html.Section([*panels, nothing], className="catalog-tables panel")


def _plot():
    formats = [
        html.Button(
            name,
            type="button",
            className="text-button",
            **{"aria-pressed": "true", "data-format": name},
        )
        for name in FORMATS
    ]
    head = html.Div(
        [
            html.H2("Roofline"),
            html.Div(formats, className="catalog-formats", role="group",
                     **{"aria-label": "Formats"}),
        ],
        className="catalog-plot-head",
    )  # fmt: skip
    chips = html.Ul(id=f"{NAME}-chips", className="catalog-chips", **{"aria-label": "GPUs shown"})
    told = html.Div(
        [
            html.P(id=f"{NAME}-plot-said", className="catalog-plot-said", role="status"),
            html.P(id=f"{NAME}-plot-wrong", className="catalog-plot-wrong", hidden=True),
        ]
    )
    return html.Section(
        [
            still(html.Div([head, chips], className="catalog-plot-bar")),
            html.Div(
                [
                    dcc.Graph(
                        id=f"{NAME}-roofline",
                        figure=EMPTY,
                        config=CONFIG,
                        className="catalog-graph",
                        responsive=True,
                    ),
                    html.P(
                        f"Choose up to {MOST_GPUS} GPUs in the column “Plot” of the table.",
                        id=f"{NAME}-plot-nothing",
                        className="catalog-plot-nothing",
                        hidden=True,
                    ),
                ],
                className="catalog-stage",
            ),
            still(told),
        ],
        id=f"{NAME}-plot",
        className="catalog-roofline panel",
        **{"aria-label": "Roofline"},
    )


def _editor():
    kinds = [html.Option(table.one, value=kind) for kind, table in TABLES.items()]
    dialog = html.Dialog(
        [
            html.H2("Add an item", id=f"{NAME}-editor-title"),
            html.P(
                "It is kept in this browser tab alone, and is in the lists of all pages while the "
                "tab is open. Save it as TOML to keep it."
            ),
            html.Label(
                ["Kind ", html.Select(kinds, id=f"{NAME}-editor-kind")],
                className="catalog-editor-kind",
            ),
            html.Label("Its file, in TOML", htmlFor=f"{NAME}-editor-text"),
            html.Textarea(
                id=f"{NAME}-editor-text",
                className="catalog-editor-text",
                rows=18,
                spellCheck="false",
                autoComplete="off",
                **{"aria-describedby": f"{NAME}-editor-wrong"},
            ),
            html.P(id=f"{NAME}-editor-wrong", className="catalog-editor-wrong", role="alert"),
            html.Div(
                [
                    _button("editor-save", "Use it", "Check it and add it to the lists"),
                    _button("editor-close", "Cancel", "Leave all as it is"),
                ],
                className="catalog-actions",
            ),
        ],
        id=f"{NAME}-editor",
        className="catalog-editor",
        **{
            "aria-labelledby": f"{NAME}-editor-title",
            "data-templates": json.dumps(templates()),
            "data-names": json.dumps({kind: table.one for kind, table in TABLES.items()}),
        },
    )
    return dialog


def _button(part, label, title, *, hidden=False, shortcut=None):
    more = {"data-shortcut": shortcut} if shortcut else {}
    return html.Button(
        label,
        id=f"{NAME}-{part}",
        className="text-button",
        type="button",
        title=title,
        hidden=hidden,
        **more,
    )

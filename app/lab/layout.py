"""The components of the Lab page. What has no children here is the browser's to fill, from the
answers to its requests: assets/pages/lab.js and the files in lab/."""

from dash import dcc, html

from app.controls import control
from app.figures.empty import EMPTY
from app.figures.grid import CONFIG
from app.lab.address import LabLink
from app.lab.answer import CARDS
from app.lab.settings import FIELDS
from app.still import still
from simcore.distributed.trace.files import LAB_FORMATS

NAME = "lab"
SLID = (
    *("ranks", "bandwidth", "latency", "tokens", "batch", "micro_batches", "tp"),
    *("requests", "rate_per_s", "output_tokens", "max_batch"),
)
"""Fields with a slider."""

GROUPS = {
    "Algorithm": ("algorithm", "against"),
    "Machines": ("ranks", "device"),
    "Network": ("network", "bandwidth", "latency", "profile"),
    "Work": (
        *("model", "layers", "tokens", "batch", "micro_batches", "tp"),
        *("requests", "rate_per_s", "output_tokens", "max_batch", "seed"),
    ),
}
KEY = "Grey plane: both are as fast. Pink point: the network that is set, if it is a star."
"""Of the surface."""

PICTURES = {
    "timeline": "What each rank does over time, and the messages between ranks",
    "shares": "Of each rank, communication that is exposed and that is hidden",
    "surface": "Speed-up over bandwidth and latency",
}


def layout(link: LabLink):
    """The page of a link before its first answer."""
    return html.Div(
        [
            html.H1("Lab: distributed algorithms, simulated", className="visually-hidden"),
            html.Aside(_rail(link.settings), className="lab-rail",
                       **{"aria-label": "Algorithm, machines and network"}),
            html.Section(_result(link.notice), className="lab-result",
                         **{"aria-label": "Result"}),
            dcc.Store(id=f"{NAME}-offered"),
        ],
        id=f"{NAME}-page",
        className="lab waiting",
    )  # fmt: skip


def _rail(settings):
    groups = {
        title: [
            control(NAME, name, FIELDS[name], getattr(settings, name), slider=name in SLID)
            for name in names
        ]
        for title, names in GROUPS.items()
    }
    usual = _button(
        "usual", "Its usual work", "Set the work and the ranks that the algorithm is about",
        hidden=True,
    )  # fmt: skip
    groups["Algorithm"].append(still(usual))
    return [
        html.Details([html.Summary(title), *parts], open=True, className="lab-group")
        for title, parts in groups.items()
    ]


def _result(notice):
    return [
        *([html.P(notice, className="notice", role="status")] if notice else []),
        still(html.Div([_card(*card) for card in CARDS.items()], className="cards")),
        still(html.P(id=f"{NAME}-said", className="lab-said", role="status")),
        html.Div(
            [
                still(_timeline_tools()),
                _graph("timeline", {**CONFIG, "displayModeBar": False, "doubleClick": False,
                                     "showTips": False}),
                still(html.P(id=f"{NAME}-drawn", className="lab-note")),
            ],
            className="lab-box",
        ),
        html.Div(
            [
                html.Div(_graph("shares", {**CONFIG, "displayModeBar": False}),
                         className="lab-box"),
                still(_table("sides", "Both algorithms")),
            ],
            className="lab-pair",
        ),
        html.Div(
            [
                html.Div(
                    [
                        still(_sweep_tools()),
                        html.P(KEY, className="lab-note"),
                        _graph("surface", CONFIG, hidden=True),
                        still(html.P(id=f"{NAME}-swept", className="lab-note", role="status")),
                    ],
                    className="lab-box",
                ),
                still(_table("formulas", "Formula and simulation")),
            ],
            className="lab-pair",
        ),
    ]  # fmt: skip


def _card(name, card):
    title, meaning = card
    return html.Div(
        [
            html.Div(title, className="card-title"),
            html.Div(
                [html.Span(className="card-number"), html.Span(className="card-unit")],
                className="card-value",
            ),
            html.Div(meaning, className="card-meaning", title=meaning),
        ],
        id=f"{NAME}-card-{name}",
        className="card",
    )


def _timeline_tools():
    return html.Div(
        [
            html.H2("Ranks over time", className="lab-title"),
            _button("whole", "Whole run", "Show the whole run again", hidden=True),
            html.Span(id=f"{NAME}-working", role="status"),
            html.Select(
                [html.Option("Save …", value=""),
                 *(html.Option(entry.label, value=name) for name, entry in LAB_FORMATS.items()),
                 html.Option("Speed-up, HTML", value="surface-html"),
                 html.Option("Speed-up, CSV", value="surface-csv")],
                id=f"{NAME}-save",
                className="lab-select",
                **{"aria-label": "Save as a file"},
            ),
        ],
        className="lab-tools",
    )  # fmt: skip


def _sweep_tools():
    return html.Div(
        [
            html.H2("Speed-up over bandwidth and latency", className="lab-title"),
            _button("sweep", "Compute", "Run both algorithms on other star networks"),
            _button("sweep-cancel", "Cancel", "Stop the runs", hidden=True),
            html.Progress(id=f"{NAME}-progress", value="0", max="1", hidden=True,
                          **{"aria-label": "Progress"}),
        ],
        className="lab-tools",
    )  # fmt: skip


def _table(part, label):
    """Room for a table that the server makes."""
    return html.Div(
        id=f"{NAME}-{part}",
        className="told-scroll",
        tabIndex=0,
        role="region",
        **{"aria-label": label},
    )


def _button(part, text, title, hidden=False):
    return html.Button(
        text,
        id=f"{NAME}-{part}",
        type="button",
        className="text-button",
        title=title,
        hidden=hidden,
    )


def _graph(part, config, hidden=False):
    return html.Div(
        dcc.Graph(
            id=f"{NAME}-{part}",
            figure=EMPTY,
            config=config,
            responsive=True,
            className="lab-graph",
        ),
        id=f"{NAME}-{part}-picture",
        className=f"lab-picture lab-picture-{part}",
        hidden=hidden,
        # What has buttons is no image.
        role="group" if config.get("displayModeBar", True) else "img",
        **{"aria-label": PICTURES[part]},
    )

"""The components of the Serving page. What has no children here is the browser's to fill, from the
answers to its requests: assets/pages/serving.js and the files in serving/."""

from dash import dcc, html

from app import numbers
from app.controls import control
from app.figures.empty import EMPTY
from app.figures.grid import CONFIG
from app.serving.answer import CARDS
from app.serving.asked import MOST_SEEDS
from app.serving.downloads import FILES
from app.serving.settings import FIELDS, FULL_REQUESTS, Settings
from app.still import still

NAME = "serving"
SLID = (
    *("rate", "prompt", "output", "replicas", "decode_replicas"),
    *("ttft_limit", "tpot_limit", "requests"),
)
"""Fields with a slider."""

GROUPS = {
    "Workload": ("rate", "law", "burst", "prompt", "prompt_cv", "output", "output_cv"),
    "First pool": ("gpu", "replicas", "tp", "pp"),
    "Second pool": ("decode_gpu", "decode_replicas", "decode_tp", "decode_pp"),
    "Limits": ("ttft_limit", "tpot_limit"),
    "Policies": ("routing", "decode_routing", "admission", "scheduling", "delay", "kv_transfer"),
    "Run": ("requests", "seed"),
}
FIRST = ("arrangement", "model")
PICTURES = {
    "ttft": "Distribution of the time to first token",
    "tpot": "Distribution of the time per output token",
    "timelines": "Queues, batches, KV blocks, replicas and links over time",
    "waterfall": "The slowest requests from arrival to first token",
    "rates": "Goodput against the arrival rate",
}


def layout():
    """The page before its first answer."""
    return html.Div(
        [
            html.H1("Serving: a cluster, request by request", className="visually-hidden"),
            html.Aside(_rail(), className="serving-rail", **{"aria-label": "Cluster"}),
            html.Section(_result(), className="serving-result", **{"aria-label": "Result"}),
            dcc.Store(id=f"{NAME}-offered"),
        ],
        id=f"{NAME}-page",
        className="serving waiting",
    )


def _rail():
    usual = Settings()

    def controls(names):
        return [
            control(NAME, name, FIELDS[name], getattr(usual, name), slider=name in SLID)
            for name in names
        ]

    groups = [
        html.Details(
            [html.Summary(title), *controls(names)],
            open=title not in ("Policies",),
            className="serving-group",
        )
        for title, names in GROUPS.items()
    ]
    return [html.Div(controls(FIRST)), *groups]


def _result():
    return [
        still(html.Div([_card(*card) for card in CARDS.items()], className="cards")),
        still(html.P(id=f"{NAME}-said", className="serving-said", role="status")),
        still(html.P(id=f"{NAME}-ledger", className="serving-ledger")),
        still(html.P(id=f"{NAME}-partial", className="serving-partial", hidden=True)),
        still(html.P(id=f"{NAME}-pinned", className="serving-ledger", hidden=True)),
        still(_tools()),
        html.Div([_picture("ttft"), _picture("tpot")], className="serving-pair"),
        still(html.Div(id=f"{NAME}-compared", className="told-scroll", hidden=True,
                       tabIndex=0, role="region", **{"aria-label": "Comparison"})),
        still(html.Div(id=f"{NAME}-explained", className="told-scroll",
                       tabIndex=0, role="region", **{"aria-label": "Explanation"})),
        html.Div([_picture("timelines"), _picture("waterfall")], className="serving-pair"),
        still(_rates()),
        _picture("rates", hidden=True),
    ]  # fmt: skip


def _card(name, card):
    title, meaning, sense = card
    return html.Div(
        [
            html.Div(
                [title, html.Span(className="serving-change", **{"data-sense": str(sense)})],
                className="card-title",
            ),
            html.Div(
                [html.Span(className="card-number"), html.Span(className="card-unit")],
                className="card-value",
            ),
            html.Div(meaning, className="card-meaning", title=meaning),
        ],
        id=f"{NAME}-card-{name}",
        className="card",
    )


def _tools():
    return html.Div(
        [
            _button("compare", "Aggregated against disaggregated",
                    "Run the same requests in the other arrangement of the same GPUs"),
            _button("pin", "Pin as baseline", "Keep this run beside those that follow"),
            _button("full", "Run in full", "Run more requests than one waits for"),
            html.Select(
                [html.Option(f"{numbers.count(count)} requests", value=str(count),
                             selected=count == 10_000)
                 for count in (5_000, 10_000, FULL_REQUESTS)],
                id=f"{NAME}-full-requests",
                className="serving-box",
                **{"aria-label": "Requests of a run in full"},
            ),
            _button("cancel", "Cancel", "Stop what is running", hidden=True),
            html.Progress(id=f"{NAME}-progress", value="0", max="1", hidden=True,
                          **{"aria-label": "Progress"}),
            html.Span(id=f"{NAME}-working", role="status"),
            html.Select(
                [html.Option("Save …", value=""),
                 *(html.Option(file.label, value=name) for name, file in FILES.items())],
                id=f"{NAME}-save",
                className="serving-box",
                **{"aria-label": "Save as a file"},
            ),
        ],
        className="serving-tools",
    )  # fmt: skip


def _rates():
    return html.Div(
        [
            _button("sweep", "Goodput against rate", "Run the cluster at other arrival rates"),
            html.Label(
                [
                    "Seeds ",
                    html.Select(
                        [
                            html.Option(str(count), value=str(count), selected=count == 3)
                            for count in (1, 3, 5, MOST_SEEDS)
                        ],
                        id=f"{NAME}-seeds",
                        className="serving-box",
                    ),
                ],
                title="Runs at each rate; bars are 95 % confidence intervals of their mean",
            ),
            _button("sweep-cancel", "Cancel", "Stop the runs", hidden=True),
            html.Span(id=f"{NAME}-swept", role="status"),
        ],
        className="serving-tools",
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


def _picture(part, hidden=False):
    return html.Div(
        dcc.Graph(
            id=f"{NAME}-{part}",
            figure=EMPTY,
            config={**CONFIG, "displayModeBar": False},
            responsive=True,
            className="serving-graph",
        ),
        id=f"{NAME}-{part}-picture",
        className=f"serving-picture serving-picture-{part}",
        hidden=hidden,
        role="img",
        **{"aria-label": PICTURES[part]},
    )

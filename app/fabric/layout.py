"""The components of the Fabric page.

What has no children here is the browser's to fill, from the answers to its requests:
assets/pages/fabric.js and the files in fabric/.
"""

from dash import dcc, html

from app.controls import WITHOUT, control
from app.fabric.faster import FASTER
from app.gantt6d import share_layout
from app.metrics_told import DURATIONS
from app.share import Link
from app.still import still
from simcore import Scenario
from simcore.parameters import Group, parameters_of

NAME = "fabric"
MAIN = (
    *("llm", "prefill_gpu", "decode_gpu", "topology", "placement"),
    *("pp", "tp", "decode_pp", "decode_tp", "prefill_nics", "nic_mapping"),
    *("batch_size", "prompt_tokens", "chunk_tokens"),
)
"""Fields that are always seen; the others are under "More"."""

FIELDS = (
    *MAIN,
    *(name for name in parameters_of(Scenario) if name not in MAIN and name not in WITHOUT),
)
SPEEDS = {"0.25": "¼ speed", "1": "normal speed", "4": "4 × speed"}


def layout(link: Link):
    """The page of a link as it stands before the first answer."""
    return html.Div(
        [
            html.H1("Fabric: who shares which wire, and when", className="visually-hidden"),
            html.Aside(
                _rail(link.scenario), className="fabric-rail", **{"aria-label": "Scenario"}
            ),
            html.Section(
                [
                    share_layout.notice(NAME, link.notice),
                    still(html.Div([_card(*item) for item in DURATIONS.items()],
                                   className="cards fabric-cards")),
                    still(html.P(id=f"{NAME}-said", className="fabric-said", role="status")),
                    still(_panel()),
                    still(_contended()),
                    still(_wire()),
                ],
                className="content",
                **{"aria-label": "Result"},
            ),
            dcc.Store(id=f"{NAME}-offered"),
        ],
        id=f"{NAME}-page",
        className="fabric waiting",
    )  # fmt: skip


def _rail(scenario):
    infos = parameters_of(Scenario)

    def controls(fields):
        return [
            control(NAME, field, infos[field], getattr(scenario, field), slider=False)
            for field in fields
        ]

    rest = FIELDS[len(MAIN) :]
    groups = []
    for group in Group:
        fields = [field for field in rest if infos[field].group is group]
        if fields:
            groups += [html.H3(group.value), *controls(fields)]
    usual = Scenario()
    return [
        still(
            html.A(
                "Open in Gantt6D", id=f"{NAME}-gantt", href="/", className="text-button fabric-open"
            )
        ),
        html.Div(controls(MAIN), className="controls"),
        html.Details(
            [html.Summary("More"), *groups],
            id=f"{NAME}-more",
            className="more",
            open=any(getattr(scenario, field) != getattr(usual, field) for field in rest),
        ),
    ]


def _card(name, metric):
    return html.Div(
        [
            html.Div(metric.symbol, className="card-title"),
            html.Div(
                [html.Span(className="card-number"), html.Span(className="card-unit")],
                className="card-value",
            ),
            html.Div(metric.meaning, className="card-meaning"),
        ],
        id=f"{NAME}-card-{name}",
        className="card",
    )


def _panel():
    """The drawing, and below it the time."""
    scale = html.Div(
        [
            html.Span("0 %"),
            html.I(id=f"{NAME}-scale", className="fabric-scale", **{"aria-hidden": "true"}),
            html.Span("100 % of its bandwidth"),
            html.Span("each direction on its right-hand side", className="fabric-sides"),
        ],
        className="legend",
        title="The mean over a small part of the run; a wire that is idle is thin and grey",
    )
    tools = html.Div(
        [
            _tool("in", "+", "Zoom in", "+"),
            _tool("out", "−", "Zoom out", "-"),
            _tool("fit", "Fit", "Show all of the fabric", "0"),
        ],
        className="panel-tools",
    )
    stage = html.Div(
        [
            html.Canvas(id=f"{NAME}-canvas", className="fabric-canvas", **{"aria-hidden": "true"}),
            html.Div(className="tip", id=f"{NAME}-tip"),
            html.Div("simulating…", id=f"{NAME}-nothing", className="nothing"),
            html.Div(id=f"{NAME}-walked", className="visually-hidden", role="status"),
        ],
        id=f"{NAME}-stage",
        className="fabric-stage",
        tabIndex=0,
        role="application",
        **{
            "aria-roledescription": "drawing",
            "aria-label": "The fabric. Left and right arrow keys walk its wires, up and down those "
            "that cost most; the tables below tell the same.",
        },
    )
    time = html.Div(
        [
            html.Button(
                "Play",
                id=f"{NAME}-play",
                type="button",
                className="text-button fabric-play",
                title="Play the run, or pause it",
                **{"data-shortcut": "p"},
            ),
            # The slider, which is the browser's to make.
            html.Div(id=f"{NAME}-time", className="fabric-time"),
            html.Output(id=f"{NAME}-moment", className="fabric-moment"),
            html.Select(
                [
                    html.Option(text, value=value, selected=value == "1")
                    for value, text in SPEEDS.items()
                ],
                id=f"{NAME}-speed",
                className="fabric-select",
                **{"aria-label": "Speed"},
            ),
        ],
        className="fabric-clock",
    )
    strip = html.Div(
        [
            html.Div(id=f"{NAME}-strip-title", className="fabric-strip-title"),
            html.Canvas(id=f"{NAME}-strip", className="fabric-strip", **{"aria-hidden": "true"}),
        ]
    )
    return html.Div(
        [
            html.Div([scale, tools], className="panel-head"),
            html.Div(id=f"{NAME}-collectives-used", className="collectives-used"),
            stage,
            strip,
            time,
        ],
        className="panel fabric-panel",
    )


def _tool(part, text, title, key):
    return html.Button(
        text,
        id=f"{NAME}-{part}",
        type="button",
        className="text-button",
        title=title,
        **{"aria-label": title, "data-shortcut": key},
    )


def _contended():
    heads = {
        "Channel": "One direction of a wire; choose one to see it above",
        "Busy": "Share of the run in which something moves",
        "Shared": "Time with two transfers or more on it, and the most at once",
        "Cost": "What it made transfers take longer than alone, summed over them",
        "Critical": "Of that, of transfers on the critical path, for which the first token waits",
        "Who shares it": "Kinds of transfers, and what it cost those",
    }
    first = [html.Th(head, scope="col", title=why, rowSpan=2) for head, why in heads.items()]
    faster = html.Th(
        [
            "Twice as fast: ",
            html.Select(
                [html.Option(text, value=value) for value, text in FASTER.items()],
                id=f"{NAME}-what",
                className="fabric-select",
                **{"aria-label": "What is twice as fast"},
            ),
        ],
        scope="colgroup",
        colSpan=len(DURATIONS),
        title="Both directions; found by running that",
    )
    second = [
        html.Th(metric.symbol, scope="col", title=metric.meaning) for metric in DURATIONS.values()
    ]
    table = html.Table(
        [
            html.Caption(
                ["Most contended channels ", html.Span(id=f"{NAME}-trying", role="status")]
            ),
            html.Thead([html.Tr([*first, faster]), html.Tr(second)]),
            html.Tbody(id=f"{NAME}-contended"),
        ],
        className="fabric-table fabric-contended",
    )
    return html.Div(
        table,
        className="fabric-scroll",
        tabIndex=0,
        role="region",
        **{"aria-label": "Most contended channels"},
    )


def _wire():
    return html.Div(
        [
            html.Div(
                [
                    html.Label("Wire", htmlFor=f"{NAME}-wire"),
                    html.Select(id=f"{NAME}-wire", className="fabric-select"),
                    html.Span(id=f"{NAME}-wire-facts", className="fabric-facts"),
                ],
                className="fabric-wire-head",
            ),
            html.Div(id=f"{NAME}-directions", className="fabric-directions"),
        ],
        className="fabric-scroll",
        tabIndex=0,
        role="region",
        **{"aria-label": "The chosen wire"},
    )

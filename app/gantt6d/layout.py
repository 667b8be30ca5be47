"""The components of the Gantt page.

Elements without children here (cards' numbers, meters, messages) are the browser's to fill:
assets/pages/gantt6d.js writes into them, and nothing else does.
"""

import dash_mantine_components as dmc
from dash import dcc, html

from app.controls import control
from app.figures.palette import ALIKE, KINDS, NAMES, SOMETIMES
from app.gantt6d import explain_layout, pins_layout, share_layout
from app.gantt6d.more_layout import more, more_fields
from app.metrics_told import METRICS
from app.share import Link
from app.still import still
from simcore import Scenario
from simcore.parameters import parameters_of

NAME = "gantt6d"
SLIDERS = ("prefill_gpu", "decode_gpu", "pp", "batch_size", "prompt_tokens", "chunk_tokens")
FIELDS = SLIDERS + more_fields(SLIDERS)
RANGE_STEPS = 1000


def layout(link: Link):
    """The page of a link as it stands before the first answer."""
    scenario = link.scenario
    return html.Div(
        [
            html.H1("Gantt6D: a pipeline, redrawn while you drag", className="visually-hidden"),
            html.Aside(_rail(scenario), className="rail", **{"aria-label": "Scenario"}),
            html.Section(
                [
                    share_layout.notice(NAME, link.notice),
                    share_layout.messages(NAME),
                    html.Div(
                        [pins_layout.tray(NAME, link), share_layout.share_bar(NAME)],
                        className="toolbar",
                    ),
                    still(html.Div([_card(name) for name in METRICS], className="cards")),
                    explain_layout.said(NAME),
                    _panel(),
                    explain_layout.sensitivity(NAME),
                    pins_layout.differences(NAME),
                ],
                className="content",
                **{"aria-label": "Result"},
            ),
            explain_layout.popover(NAME),
            # Callbacks need an output; those of this page only tell the browser what has changed.
            dcc.Store(id=f"{NAME}-offered"),
        ],
        id=f"{NAME}-page",
        # The browser takes the second away with the first answer.
        className="gantt6d waiting",
    )


def _rail(scenario):
    infos = parameters_of(Scenario)
    return [
        html.Div(
            [control(NAME, field, infos[field], getattr(scenario, field)) for field in SLIDERS],
            className="controls",
        ),
        more(NAME, scenario, SLIDERS),
        still(
            html.Div(
                [_meter("prefill"), _meter("decode"), _meter_legend()],
                className="meters",
                id=f"{NAME}-meters",
            )
        ),
    ]


def _meter(pool):
    """Filled by the browser: how full the fullest GPU of a pool is."""
    return html.Div(
        [
            html.Div(
                [
                    html.Span(f"{pool.capitalize()} VRAM", className="meter-name"),
                    explain_layout.why(
                        NAME,
                        f"{pool}_need",
                        f"{pool.capitalize()} VRAM",
                        f"{pool}_weights",
                        f"{pool}_kv",
                    ),
                    html.Span(className="meter-text"),
                ],
                className="meter-head",
            ),
            html.Div(
                [
                    html.Div(className="meter-weights"),
                    html.Div(className="meter-kv"),
                    html.Div(className="meter-excess"),
                    html.Div(className="meter-over"),
                    html.Div(className="meter-limit"),
                ],
                className="meter-bar",
                role="img",
                # Until there are numbers to tell.
                **{"aria-label": f"{pool} pool"},
            ),
        ],
        className="meter",
        **{"data-pool": pool},
    )


def _meter_legend():
    parts = {
        "weights": "weights",
        "kv": "KV cache",
        # Shown where a pool has some, which is seldom.
        "excess": "activations and buffers beyond the reserve",
        "limit": "limit",
    }
    return html.Div(
        [
            html.Span(
                [html.I(className=f"swatch meter-{part}"), text], className=f"meter-legend-{part}"
            )
            for part, text in parts.items()
        ],
        className="legend",
    )


def _card(name):
    metric = METRICS[name]
    return html.Div(
        [
            html.Div(
                [
                    metric.symbol,
                    # How far it may be off.
                    html.Span(className="card-band"),
                    explain_layout.why(NAME, name, metric.symbol),
                ],
                className="card-title",
            ),
            html.Div(
                [html.Span(className="card-number"), html.Span(className="card-unit")],
                className="card-value",
            ),
            html.Div([_also(name), metric.meaning], className="card-meaning"),
            # In its place while there is a baseline.
            html.Div(className="card-change"),
        ],
        id=f"{NAME}-card-{name}",
        className="card",
    )


def _also(name):
    """What the pool does in the same time, beside what one request has of it."""
    if name != "tpot":
        return None
    return html.Span(className="card-also", title="tokens per second of the decode pool")


def _panel():
    legend = [_legend_entry(kind) for kind in KINDS if kind not in ALIKE]
    head = html.Div(
        [
            still(html.Div(legend, className="legend", id=f"{NAME}-kinds")),
            html.Div(
                [
                    _switch("path", "Critical path", key="k", checked=True),
                    _switch("lock", "Lock time axis", key="l", checked=False),
                    html.Button(
                        "Open stages",
                        id=f"{NAME}-ranks",
                        className="text-button",
                        title="Show the ranks of all stages, or of none",
                        hidden=True,
                        **{"data-shortcut": "o"},
                    ),
                    html.Button(
                        "Reset view",
                        id=f"{NAME}-reset",
                        className="text-button",
                        title="Show all of the run",
                        **{"data-shortcut": "0"},
                    ),
                ],
                className="panel-tools",
            ),
        ],
        className="panel-head",
    )
    # As what collectives are run, and why; empty where there are none.
    used = still(html.Div(id=f"{NAME}-collectives-used", className="collectives-used"))
    graph = html.Div(
        [
            html.Canvas(id=f"{NAME}-bars", className="bars", **{"aria-hidden": "true"}),
            html.Div(html.Div(id=f"{NAME}-axes"), id=f"{NAME}-graph", className="graph"),
            # Never seen: it fetches Plotly, and would draw its own figure over another's.
            dcc.Graph(id=f"{NAME}-plotly", className="unseen"),
            html.Div(id=f"{NAME}-pools", className="pools", **{"aria-hidden": "true"}),
            html.Div(
                id=f"{NAME}-heads", className="heads", role="group", **{"aria-label": "Stages"}
            ),
            html.Div(className="tip", id=f"{NAME}-tip"),
            # In place of the chart while nothing has been run yet.
            html.Div("simulating…", id=f"{NAME}-nothing", className="nothing"),
            # Apart from what is said of the run, which may come at the same time.
            html.Div(id=f"{NAME}-walked", className="visually-hidden", role="status"),
        ],
        id=f"{NAME}-stage",
        className="stage",
        tabIndex=0,
        # Its keys are its own, also for screen readers that have a use for them.
        role="application",
        **{
            "aria-roledescription": "chart",
            "aria-label": "Gantt chart. Arrow keys walk its bars and Escape leaves them; "
            "A and D pan, W and S zoom, 0 shows all; Enter on a bar shows the ranks of its stage.",
        },
    )
    window = html.Div(
        [
            html.Canvas(id=f"{NAME}-overview", className="overview", **{"aria-hidden": "true"}),
            dmc.RangeSlider(
                id=f"{NAME}-range",
                min=0,
                max=RANGE_STEPS,
                step=1,
                minRange=2,
                value=[0, RANGE_STEPS],
                updatemode="drag",
                label=None,
                size="xs",
                thumbSize=14,
                thumbFromLabel="Start of the time range",
                thumbToLabel="End of the time range",
                className="range",
            ),
        ],
        className="window",
    )
    drawn = html.Div(
        [html.Span(id=f"{NAME}-drawn"), html.Span(id=f"{NAME}-seen")], className="drawn"
    )
    return html.Div(
        [
            head,
            used,
            explain_layout.breakdown(NAME),
            graph,
            pins_layout.baseline(NAME),
            window,
            drawn,
        ],
        className="panel",
    )


def _legend_entry(kind):
    """Hidden until there is one, where many runs have none of the kind or of what is alike."""
    alike = [kind, *(other for other, same in ALIKE.items() if same == kind)]
    names = [name.replace(" ", "-") for name in alike]
    seldom = {"data-kinds": " ".join(names), "hidden": True} if kind in SOMETIMES else {}
    return html.Span([html.I(className=f"swatch swatch-{names[0]}"), NAMES[kind]], **seldom)


def _switch(part, label, *, key, checked):
    switch = dmc.Switch(id=f"{NAME}-{part}", label=label, checked=checked, size="xs")
    return html.Span(switch, title=label, **{"data-shortcut": key})

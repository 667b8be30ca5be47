"""The components of the page. Its pictures and tables are the browser's to fill, from the answers
to its requests: assets/pages/fidelity.js."""

import dash_mantine_components as dmc
from dash import dcc, html

from app.fidelity.constants_told import constants_table
from app.fidelity.shown import AGAINST, COST_MODELS, FILTERS, GROUPINGS, values_of
from app.figures.empty import EMPTY
from app.figures.grid import CONFIG
from app.still import still
from simcore.calibration.points import USES

NAME = "fidelity"
CHOICES = ("cost_model", *FILTERS.values(), "by", "against")
"""What a request holds, in the order in which the browser gathers it."""

PICTURES = {
    "scatter": "Predicted against measured times",
    "residuals": "Relative errors",
}
COST_MODEL_HELP = {
    "calibrated": "kernel by kernel, with constants fitted to measurements",
    "physical": "a roofline on the hardware's peaks: a lower bound",
    "reference": "the specification's program",
}
PLACEHOLDERS = {"quantity": "all quantities", "gpu": "all GPUs", "model": "all models",
                "engine": "all engines"}  # fmt: skip


def layout():
    """The page before its first answer."""
    return html.Div(
        [
            html.H1("Fidelity: predictions against measurements", className="visually-hidden"),
            html.Aside(_rail(), className="fidelity-rail", **{"aria-label": "What is shown"}),
            html.Section(_result(), className="fidelity-result", **{"aria-label": "Predictions"}),
            dcc.Store(id=f"{NAME}-offered"),
        ],
        id=f"{NAME}-page",
        className="fidelity waiting",
    )


def _rail():
    return [
        _select("cost_model", "Cost model", {name: name for name in COST_MODELS}),
        still(
            html.Dl(
                [
                    part
                    for name, said in COST_MODEL_HELP.items()
                    for part in (html.Dt(name), html.Dd(said))
                ],
                className="fidelity-help",
            )
        ),
        *(_filter(grouping, name) for grouping, name in FILTERS.items()),
        _select("by", "Coloured and grouped by", {n: g.title for n, g in GROUPINGS.items()}),
        _select("against", "Residuals against", AGAINST),
        still(
            html.Div(
                [
                    html.Button(
                        "Show all points",
                        id=f"{NAME}-all",
                        type="button",
                        className="text-button",
                        **{"data-shortcut": "0"},
                    ),
                    html.Button(
                        "Download CSV",
                        id=f"{NAME}-csv",
                        type="button",
                        className="text-button",
                        title="Save the points that are shown as CSV",
                        **{"data-shortcut": "c"},
                    ),
                ],
                className="fidelity-buttons",
            )
        ),
    ]


def _result():
    return [
        still(
            html.Div(
                [
                    html.P(id=f"{NAME}-said", className="fidelity-said", role="status"),
                    html.Div(_legend(), className="legend"),
                ]
            )
        ),
        still(html.Div(id=f"{NAME}-nothing", className="fidelity-nothing", hidden=True)),
        html.Div([_picture(*part) for part in PICTURES.items()], className="fidelity-pictures"),
        still(html.Div(id=f"{NAME}-walked", className="visually-hidden", role="status")),
        still(html.Div(id=f"{NAME}-errors", className="told-scroll", tabIndex=0, role="region",
                       **{"aria-label": "Errors by group"})),
        still(html.Div(id=f"{NAME}-far", className="told-scroll", tabIndex=0, role="region",
                       **{"aria-label": "Points furthest off"})),
        still(
            html.Details(
                [
                    html.Summary("What the constants were fitted to"),
                    html.Div(constants_table(), className="told-scroll", tabIndex=0,
                             role="region", **{"aria-label": "Constants"}),
                ],
                className="fidelity-fitted",
            )
        ),
        still(
            html.P(
                "Measured points are quoted from public measurements; every point names its "
                "source. Which they are, their licences and how they were chosen: "
                "gpu_catalog/measured/README.md.",
                className="fidelity-sources",
            )
        ),
    ]  # fmt: skip


def _legend():
    """What the shapes of points mean, and the bands."""
    shapes = dict(zip(USES, ("filled", "diamond", "hollow"), strict=True))
    marks = [
        html.Span([html.I(className=f"mark mark-{shape}"), use], title=USES[use])
        for use, shape in shapes.items()
    ]
    return [*marks, html.Span([html.I(className="mark mark-band"), "within 10 % and 25 %"])]


def _picture(part, label):
    return html.Div(
        dcc.Graph(
            id=f"{NAME}-{part}",
            figure=EMPTY,
            config={**CONFIG, "displayModeBar": False},
            responsive=True,
            className="fidelity-graph",
        ),
        id=f"{NAME}-{part}-picture",
        className="fidelity-picture",
        tabIndex=0,
        # Its keys are its own, also for screen readers that have a use for them.
        role="application",
        **{
            "data-points": part,
            "aria-roledescription": "scatter plot",
            "aria-label": f"{label}. Arrow keys walk its points and Escape leaves them; the tables "
            "below tell the same.",
        },
    )


def _select(name, label, options):
    return dmc.Select(
        id=f"{NAME}-{name}",
        label=label,
        value=next(iter(options)),
        data=[{"value": value, "label": text} for value, text in options.items()],
        allowDeselect=False,
        size="xs",
        className="fidelity-box",
    )


def _filter(grouping, name):
    return dmc.MultiSelect(
        id=f"{NAME}-{name}",
        label=GROUPINGS[grouping].title,
        value=[],
        data=list(values_of(grouping)),
        placeholder=PLACEHOLDERS[grouping],
        clearable=True,
        searchable=True,
        size="xs",
        className="fidelity-box",
    )

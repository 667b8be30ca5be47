"""The pictures of a sweep's page: where they stand, and what keys do on them."""

from dash import dcc, html

from app.figures.grid import CONFIG
from simcore.sweep import SweepPlan

# What is shown of a plan, in the order of its figures.
SURFACE, HEAT = "surface", "heat"


def pictures_of(plan: SweepPlan) -> tuple[str, ...]:
    """The pictures that a plan has: of names there is no surface."""
    return (HEAT,) if plan.is_choice(plan.x) else (SURFACE, HEAT)


def picture(page: str, plan: SweepPlan, part: str):
    """One of `pictures_of(plan)`, still empty.

    Parameters
    ----------
    page : what ids start with; that of the graph is `page`-`part`
    """
    graph = dcc.Graph(
        id=f"{page}-{part}",
        config=CONFIG,
        responsive=True,
        clear_on_unhover=True,
        className="sweep-graph",
    )
    return _walked(page, plan, graph) if part == HEAT else _scene(page, plan, graph)


def nothing(page: str):
    """What stands there where no cell has a result; the browser fills it."""
    return html.Div(id=f"{page}-nothing", className="sweep-nothing", hidden=True)


def _scene(page, plan, graph):
    return html.Div(
        [graph, nothing(page)],
        className="sweep-picture sweep-picture-surface",
        role="group",
        **{"aria-label": f"{plan.title}, in 3D"},
    )


def _walked(page, plan, graph):
    """A heat map whose cells keys reach, too: assets/pages/sweep/walk.js."""
    kind = "sweep-matrix" if plan.is_choice(plan.x) else "sweep-picture-heat"
    return html.Div(
        [
            graph,
            html.Div(id=f"{page}-frame", className="sweep-frame", hidden=True),
            html.Div(id=f"{page}-walked", className="sweep-walked", **{"aria-live": "polite"}),
        ],
        id=f"{page}-heat-picture",
        className=f"sweep-picture {kind}",
        tabIndex=0,
        # Its keys are its own, also for screen readers that have a use for them.
        role="application",
        **{
            "data-walk": page,
            "aria-roledescription": "heat map",
            "aria-label": f"{plan.title}, as a heat map. Arrow keys walk its cells, Enter opens "
            "one in Gantt6D and Escape leaves them.",
        },
    )

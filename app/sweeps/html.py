"""A sweep as one HTML file that needs nothing else, and no network."""

from app import single_file
from app.figures import heatmap, surface
from app.figures.grid import CONFIG, THEMES, Grid, Metric
from app.sweeps.terms import axis_of, describe, metrics_of, usual_metric
from simcore.commands.files import write_text

# A scene is scaled by its height: much taller than wide, it would leave no room for the numbers and
# names at its sides.
STYLE = """main {
  display: grid; min-height: 100%;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr));
}
main > div { height: min(100vh, 900px, 55vw); min-width: 0; }
@media (max-width: 1119px) { main > div { height: min(100vh, 110vw); min-height: 380px; } }"""


def figures_of(table, plan, *, metric: Metric | None = None, subtitle=(), here=None) -> dict:
    """The plan's figures in each colour scheme: a surface, unless it is over names; a heat map.

    Parameters
    ----------
    metric : the plan's usual one if None
    subtitle : further lines below the title
    here : x and y of the scenario to be marked, if there is one
    """
    metric = metric or metrics_of(plan)[usual_metric(plan)]
    axes = {"x": axis_of(plan.x, plan), "y": axis_of(plan.y, plan)}
    grid = Grid(table=table, metric=metric, here=here, joint=plan.pool is not None, **axes)
    kinds = (heatmap,) if plan.is_choice(plan.x) else (surface, heatmap)
    return {
        theme: [kind.figure(grid, subtitle=subtitle, theme=theme) for kind in kinds]
        for theme in THEMES
    }


def blank_page(title: str) -> str:
    """The file without its figures; see `app.single_file`."""
    return single_file.blank_page(title, style=STYLE, config=CONFIG)


def write_html(table, plan, path) -> None:
    """Write the sweep `table` of `plan` to `path`; raises PdscopeError if that cannot be."""
    pictures = figures_of(table, plan, subtitle=describe(plan.base, plan))
    page = blank_page(plan.title).replace(single_file.PLACE, single_file.json_of(pictures), 1)
    write_text(path, page)

"""A sweep as one HTML file that needs nothing else, and no network."""

import html
import json

from plotly.offline import get_plotlyjs

from app.figures import heatmap, surface
from app.figures.grid import CONFIG, THEMES, Grid, Metric
from app.sweeps.terms import METRICS, axis_of, describe
from simcore.commands.files import write_text

# Where the browser that has computed a sweep puts the figures into `blank_page`.
PLACE = "/*figures*/"

# The policy lets nothing be asked of anyone, whatever the library would like to.
_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:;
 script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{title}}</title>
<style>
html, body { height: 100%; margin: 0; background: #ffffff; }
#sweep {
  display: grid; min-height: 100%;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr));
}
#sweep > div { height: min(100vh, 900px); min-width: 0; }
@media (max-width: 1119px) { #sweep > div { height: min(100vh, 110vw); min-height: 380px; } }
@media (prefers-color-scheme: dark) { html, body { background: #14181f; } }
</style>
</head>
<body>
<main id="sweep" aria-label="{{title}}"></main>
<script type="application/json" id="figures">/*figures*/</script>
<script>{{plotly}}</script>
<script>
const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const places = figures.light.map(() => document.createElement("div"));
document.getElementById("sweep").append(...places);
function draw() {
  figures[dark.matches ? "dark" : "light"].forEach(({ data, layout }, n) =>
    Plotly.react(places[n], data, layout, {{config}}));
}
dark.addEventListener("change", draw);
draw();
</script>
</body>
</html>
"""


def figures_of(table, plan, *, metric: Metric = METRICS["ttds"], subtitle=()) -> dict:
    """The plan's figures in each colour scheme: a surface, unless it is over names; a heat map."""
    grid = Grid(table=table, x=axis_of(plan.x), y=axis_of(plan.y), metric=metric)
    kinds = (heatmap,) if plan.is_choice(plan.x) else (surface, heatmap)
    return {
        theme: [kind.figure(grid, subtitle=subtitle, theme=theme) for kind in kinds]
        for theme in THEMES
    }


def blank_page(title: str) -> str:
    """The file without its figures, which as JSON take the place of `PLACE`.

    In that JSON every "<" must be written as an escape, lest it end the script.
    """
    return (
        _TEMPLATE.replace("{{title}}", html.escape(title))
        .replace("{{config}}", json.dumps(CONFIG))
        .replace("{{plotly}}", get_plotlyjs())
    )


def write_html(table, plan, path) -> None:
    """Write the sweep `table` of `plan` to `path`; raises PdscopeError if that cannot be."""
    pictures = figures_of(table, plan, subtitle=describe(plan.base, (plan.x, plan.y)))
    figures = json.dumps(pictures, allow_nan=False).replace("<", "\\u003c")
    write_text(path, blank_page(plan.title).replace(PLACE, figures, 1))

"""A sweep as one HTML file that needs nothing else, and no network."""

import html
import json

from plotly.offline import get_plotlyjs

from app.figures.surface import CONFIG, THEMES, Axis, figure
from app.sweep_slices import describe
from simcore.commands.files import write_text
from simcore.parameters import parameters_of
from simcore.scenario import Scenario

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
#sweep { height: min(100vh, 85vw); }
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
function draw() {
  const { data, layout } = figures[dark.matches ? "dark" : "light"];
  return Plotly.react("sweep", data, layout, {{config}});
}
dark.addEventListener("change", draw);
draw();
</script>
</body>
</html>
"""


def axis_of(field: str) -> Axis:
    """How a picture shows a field of the scenario."""
    info = parameters_of(Scenario)[field]
    unit = f" [{info.unit}]" if info.unit else ""
    return Axis(field=field, symbol=info.symbol, title=f"{info.label} {info.symbol}{unit}")


def figures_of(table, plan, *, subtitle=()) -> dict:
    """The plan's figure in each colour scheme."""
    return {
        theme: figure(
            table,
            title=plan.title,
            subtitle=subtitle,
            x=axis_of(plan.x),
            y=axis_of(plan.y),
            theme=theme,
        )
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

"""Figures as one HTML file that needs nothing else, and no network."""

import html
import json

from plotly.offline import get_plotlyjs

# Where the figures, as `json_of` writes them, belong in a `blank_page`.
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
@media (prefers-color-scheme: dark) { html, body { background: #14181f; } }
{{style}}
</style>
</head>
<body>
<main aria-label="{{title}}"></main>
<script type="application/json" id="figures">/*figures*/</script>
<script>{{plotly}}</script>
<script>
const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const places = figures.light.map(() => document.createElement("div"));
document.querySelector("main").append(...places);
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


def blank_page(title: str, *, style: str, config: dict) -> str:
    """The file without its figures, which take the place of `PLACE`.

    Parameters
    ----------
    style : CSS of `main`, which has a `div` for each figure
    config : Plotly's, for each figure
    """
    parts = {"title": html.escape(title), "style": style, "config": json.dumps(config)}
    page = _TEMPLATE
    for name, text in {**parts, "plotly": get_plotlyjs()}.items():
        page = page.replace("{{" + name + "}}", text)
    return page


def json_of(figures: dict[str, list[dict]]) -> str:
    """The figures of each colour scheme, as the file holds them."""
    # Lest a "<" end the script.
    return json.dumps(figures, allow_nan=False).replace("<", "\\u003c")

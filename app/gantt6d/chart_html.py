"""A Gantt as one HTML file that needs nothing else, and no network."""

import html
import json

from plotly.offline import get_plotlyjs

CONFIG = {
    "responsive": True,
    "displaylogo": False,
    "showSendToCloud": False,
    "toImageButtonOptions": {"filename": "pdscope-gantt", "scale": 2},
}
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
html, body { height: 100%; margin: 0; background: {{light}}; }
#gantt { height: 100vh; min-height: 420px; }
@media (prefers-color-scheme: dark) { html, body { background: {{dark}}; } }
</style>
</head>
<body>
<main id="gantt" aria-label="{{title}}"></main>
<script type="application/json" id="figures">{{figures}}</script>
<script>{{plotly}}</script>
<script>
const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
function draw() {
  const { data, layout } = figures[dark.matches ? "dark" : "light"];
  return Plotly.react("gantt", data, layout, {{config}});
}
dark.addEventListener("change", draw);
draw();
</script>
</body>
</html>
"""


def gantt_page(title: str, figures: dict[str, dict]) -> str:
    """The file.

    Parameters
    ----------
    figures : the figure in each colour scheme, as `app.figures.gantt.gantt` makes it
    """
    # Lest a "<" end the script.
    data = json.dumps(figures, allow_nan=False).replace("<", "\\u003c")
    parts = {
        "{{title}}": html.escape(title),
        "{{light}}": figures["light"]["layout"]["paper_bgcolor"],
        "{{dark}}": figures["dark"]["layout"]["paper_bgcolor"],
        "{{config}}": json.dumps(CONFIG),
        "{{plotly}}": get_plotlyjs(),
        # Last, as it holds what others have written.
        "{{figures}}": data,
    }
    page = _TEMPLATE
    for place, text in parts.items():
        page = page.replace(place, text)
    return page

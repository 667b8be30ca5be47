"""How many times as fast one algorithm is as another, over bandwidth and latency, as a surface.

The figure is made before a run of the sweep is known: the browser puts heights and texts into it,
as they come (assets/pages/lab/surface.js). Its traces are, in this order, the surface, the plane
where both are as fast, the points, and the network that is set.
"""

from app.figures.grid import FONT, THEMES
from app.figures.palette import PALETTES

HOVER = "%{text}<extra></extra>"


def surface(across, along, texts, title: str, subtitle: str, scheme: str) -> dict:
    """The figure without its heights.

    Parameters
    ----------
    across, along : bandwidths and latencies, each in the unit of its texts
    texts : of those: a pair of lists
    title, subtitle : above it
    """
    look, colours = THEMES[scheme], PALETTES[scheme].kinds
    holes = [[None] * len(across) for _ in along]
    marks = {"type": "scatter3d", "mode": "markers", "x": [], "y": [], "z": [], "text": [],
             "hovertemplate": HOVER}  # fmt: skip
    return {
        "data": [
            {
                "type": "surface",
                "x": across,
                "y": along,
                "z": holes,
                "surfacecolor": holes,
                "text": holes,
                # Without a single whole patch Plotly would complain.
                "visible": False,
                "colorscale": [
                    [0, colours["handoff"]],
                    [0.5, look["line"]],
                    [1, colours["prefill"]],
                ],
                "cmid": 0,
                "showscale": False,
                "lighting": {"ambient": 0.85, "diffuse": 0.4, "specular": 0.05, "roughness": 0.9},
                "contours": {"z": {"highlight": False}},
                "hovertemplate": HOVER,
                "name": "speed-up",
            },
            {
                "type": "surface",
                "x": [across[0], across[-1]],
                "y": [along[0], along[-1]],
                "z": [[1, 1], [1, 1]],
                "colorscale": [[0, look["soft"]], [1, look["soft"]]],
                "opacity": 0.25,
                "showscale": False,
                "hoverinfo": "skip",
                "contours": {axis: {"highlight": False} for axis in "xyz"},
                "name": "as fast",
            },
            {**marks, "name": "computed", "marker": {"size": 1.8, "color": look["ink"]}},
            {
                **marks,
                "name": "the network that is set",
                "marker": {"size": 6, "color": "#ff4fa3", "symbol": "circle",
                           "line": {"width": 1, "color": "#ffffff"}},
            },
        ],
        "layout": {
            "title": {
                "text": title,
                "subtitle": {"text": subtitle, "font": {"size": 12, "color": look["soft"]}},
                "x": 0, "xanchor": "left", "pad": {"l": 12}, "y": 0.98, "yanchor": "top",
                "font": {"size": 14, "color": look["ink"]},
            },
            "font": {"family": FONT, "color": look["ink"]},
            "paper_bgcolor": look["paper"],
            "margin": {"l": 0, "r": 0, "t": 62, "b": 8},
            "showlegend": False,
            "hoverlabel": {"align": "left", "bgcolor": look["wall"], "bordercolor": look["soft"],
                           "font": {"family": FONT, "color": look["ink"]}},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": look["soft"],
                        "activecolor": look["ink"]},
            "uirevision": "keep",
            "scene": {
                "uirevision": "keep",
                "camera": {"eye": {"x": 1.62, "y": -1.62, "z": 0.8},
                           "center": {"x": -0.08, "y": -0.08, "z": -0.1}},
                "aspectmode": "manual",
                "aspectratio": {"x": 1.1, "y": 1.0, "z": 0.75},
                "xaxis": _axis("bandwidth", look) | _ticks(across, texts[0]),
                "yaxis": _axis("latency", look) | _ticks(along, texts[1]),
                "zaxis": {**_axis("speed-up", look), "ticksuffix": " ×", "nticks": 6},
            },
        },
    }  # fmt: skip


def _ticks(values, texts):
    return {"type": "log", "tickvals": values, "ticktext": texts}


def _axis(title, look):
    return {
        "title": {"text": title, "font": {"size": 12, "color": look["ink"]}},
        "tickfont": {"size": 11, "color": look["soft"]},
        "gridcolor": look["line"],
        "zerolinecolor": look["line"],
        "showbackground": True,
        "backgroundcolor": look["wall"],
        "showspikes": False,
    }

"""Of each rank, what share of the run its communication hides behind computation."""

import numpy as np
import pandas as pd

from app.figures.palette import PALETTES
from app.figures.serving import axis, layout, titled
from app.figures.timeline import unit_of
from app.figures.typed import typed

PARTS = {
    "alone": ("computes", "prefill"),
    "hidden": ("computes, messages hidden", "activations"),
    "exposed": ("waits, communication exposed", "handoff"),
    "idle": ("is idle", "background"),
    "ended": ("has ended", "background"),
}
"""By part: what it is called, and the colour."""

FAINT = {"ended": "66"}
"""Of parts that are no longer of interest, how opaque they are: two hexadecimal digits."""

NEARLY_NONE = 1e-9
"""A share of the run below it is left of sums."""

MOST_LABELS = 32


def parts_of(per_rank: pd.DataFrame, end_s: float) -> dict[str, np.ndarray]:
    """Time of each rank [s] by part; together they are the run.

    Parameters
    ----------
    per_rank : compute_s, that a rank computes; hidden_s, of that, with a message of its own under
        way; exposed_s, that it waits in communication; idle_s, that it does nothing [s]
    end_s : of the run [s]
    """
    compute, hidden, exposed, idle = (
        per_rank[name].to_numpy() for name in ("compute_s", "hidden_s", "exposed_s", "idle_s")
    )
    rest = np.maximum(0.0, end_s - compute - exposed - idle)
    return {
        "alone": compute - hidden,
        "hidden": hidden,
        "exposed": exposed,
        "idle": idle,
        "ended": rest,
    }


def shares(parts: dict[str, np.ndarray], scheme: str) -> dict:
    """A bar for each rank, in the parts of `parts_of`."""
    ranks = len(parts["alone"])
    end_s = max(1e-9, float(sum(parts.values()).max()))
    unit, per_s = unit_of(end_s)
    every = -(-ranks // MOST_LABELS)
    lanes = list(range(0, ranks, every))
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": told,
            "x": typed(parts[part] * per_s, "f8"),
            "y": typed(np.arange(ranks), "f4"),
            "width": 0.7,
            "marker": {
                "color": PALETTES[scheme].kinds[colour] + FAINT.get(part, ""),
                "line": {"width": 0},
            },
            "hovertemplate": f"rank %{{y:d}} %{{fullData.name}}: %{{x:.4~r}} {unit}<extra></extra>",
        }
        for part, (told, colour) in PARTS.items()
        if (parts[part] > NEARLY_NONE * end_s).any()
    ]
    look = layout(scheme)
    return {
        "data": data,
        "layout": {
            **look,
            "title": titled("Exposed and hidden communication", scheme),
            "barmode": "stack",
            "xaxis": {**axis(scheme), "ticksuffix": f" {unit}", "range": [0, end_s * per_s],
                      "exponentformat": "none"},
            "yaxis": {**axis(scheme), "range": [ranks - 0.4, -0.6], "tickvals": lanes,
                      "ticktext": [f"rank {lane}" for lane in lanes], "showgrid": False},
            "showlegend": True,
            "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom",
                       "x": 0, "traceorder": "normal", "itemclick": False,
                       "itemdoubleclick": False},
            "margin": {**look["margin"], "l": 62, "b": 58},
        },
    }  # fmt: skip

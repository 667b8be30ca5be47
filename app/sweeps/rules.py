"""The numbers by which app.figures draws a sweep, for the browser to draw slices of it alike."""

import math

from app.figures import grid, heatmap, surface

# As assets/pages/sweep/figures.js reads them.
RULES = {
    "same": grid.SAME,
    "hover_width": grid.HOVER_WIDTH,
    "point_size": grid.POINT_SIZE,
    "time_ticks": {
        "most": grid.MOST_TIME_TICKS,
        "steps_ns": grid.TICK_STEPS_NS,
        # JSON knows no infinity.
        "units": [
            [None if math.isinf(below) else below, unit, ns] for below, unit, ns in grid.TICK_UNITS
        ],
    },
    "rate_parts": grid.RATE_PARTS,
    "surface": {
        "lift": surface.LIFT,
        "best_lift": surface.BEST_LIFT,
        "headroom": surface.HEADROOM,
        "footroom": surface.FOOTROOM,
        "floor_sizes": surface.FLOOR_SIZES,
    },
    "heat": {
        "most_ticks": heatmap.MOST_TICKS,
        "name_width": heatmap.NAME_WIDTH,
        "most_wrapped": heatmap.MOST_WRAPPED,
        "corner": heatmap.CORNER,
    },
}

"""Of the slowest requests, what happened from arrival to the first token."""

import numpy as np

from app.figures.palette import PALETTES
from app.figures.serving import axis, layout, rounded, titled
from simcore.serving.results import TERMS, ServingResult
from simcore.serving.results.explain import TOLD

MOST_REQUESTS = 30
KINDS = {
    "held_s": "background",
    "queue_s": "collective",
    "prefill_s": "prefill",
    "preempted_s": "decode activations",
    "room_s": "decode",
    "transfer_s": "handoff",
    "contention_s": "activations",
}
NAMES = {**TOLD, "held_s": "held back", "queue_s": "queueing, and taken in by the engine"}


def waterfall(result: ServingResult, scheme: str) -> dict:
    """A bar for each of the slowest requests, the slowest on top, in the parts of its TTFT [s]."""
    columns, done = result.columns, np.flatnonzero(result.completed)
    order = np.argsort(-columns["ttft_s"][done], kind="stable")[:MOST_REQUESTS]
    rows = done[order]
    labels = [f"request {number}" for number in columns["number"][rows]]
    told = [
        f"arrived at {columns['arrival_s'][row]:.4g} s, {columns['prompt_tokens'][row]:,} prompt "
        f"and {columns['output_tokens'][row]:,} output tokens<br>TTFT "
        f"{columns['ttft_s'][row]:.3g} s, all of it {columns['e2e_s'][row]:.3g} s, replica "
        f"{columns['prefill_replica'][row]}"
        + (
            f", then {columns['decode_replica'][row]}"
            if columns["decode_replica"][row] not in (-1, columns["prefill_replica"][row])
            else ""
        )
        for row in rows
    ]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": NAMES[term],
            "x": rounded(columns[term][rows]),
            "y": labels,
            "text": told,
            "textposition": "none",
            "marker": {"color": PALETTES[scheme].kinds[KINDS[term]], "line": {"width": 0}},
            "hovertemplate": "%{y}: %{fullData.name} %{x:.3g} s<br>%{text}<extra></extra>",
        }
        for term in TERMS
        if columns[term][rows].any()
    ]
    return {
        "data": data,
        "layout": {
            **layout(scheme),
            "title": titled("From arrival to the first token, the slowest requests", scheme),
            "barmode": "stack",
            "bargap": 0.25,
            "xaxis": {**axis(scheme), "ticksuffix": " s", "rangemode": "tozero"},
            "yaxis": {**axis(scheme), "autorange": "reversed", "type": "category", "dtick": 1,
                      "tickfont": {"color": PALETTES[scheme].faint, "size": 10}},
            "legend": {"orientation": "h", "traceorder": "normal", "y": -0.07, "yanchor": "top",
                       "x": 0},
            "showlegend": True,
            "margin": {"l": 90, "r": 14, "t": 30, "b": 60},
        },
    }  # fmt: skip

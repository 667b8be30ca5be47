"""Queues, batches, KV blocks, replicas and links of a serving cluster over time."""

import numpy as np

from app.figures.palette import PALETTES
from app.figures.serving import axis, layout, rounded
from simcore.serving.results import ServingResult

MOST_LINKS = 4
"""That are drawn: those that were busiest on average."""

MOST_POINTS = 500
"""Of a line; of more, every second, third, and so on is drawn."""

GAP = 0.055
"""Between two panels, of the figure's height."""

POOL_COLOURS = ("prefill", "decode", "activations", "handoff")
LINK_COLOURS = ("handoff", "activations", "decode activations", "background")


def timelines(result: ServingResult, scheme: str) -> dict:
    """Five panels above each other, over the same time [s]; pools, then links, by colour."""
    panels = {
        "Requests that wait": _summed(result, lambda rows: rows["waiting"] + rows["room"]),
        "Requests in a batch": _summed(result, lambda rows: rows["running"]),
        "KV blocks in use": _kv_shares(result),
        "Replicas with a batch": _summed(result, lambda rows: rows["running"] > 0),
        "Busiest links": _links(result),
    }
    colours = PALETTES[scheme]
    height = (1 - GAP * (len(panels) - 1)) / len(panels)
    data, notes, found = [], [], layout(scheme)
    names = [pool.name for pool in result.pools]
    for number, (title, series) in enumerate(panels.items()):
        key = "" if number == 0 else str(number + 1)
        top = 1 - number * (height + GAP)
        share = title in ("KV blocks in use", "Busiest links")
        found[f"yaxis{key}"] = {
            **axis(scheme),
            "domain": [max(0.0, top - height), top],
            "rangemode": "tozero",
            "nticks": 4,
            "anchor": "x",
        } | ({"tickformat": ".0%"} if share else {})
        notes.append(_note(title if series else f"{title}: none", top, scheme))
        for place, (name, (times, values)) in enumerate(series.items()):
            every = -(-len(times) // MOST_POINTS) or 1
            kinds = POOL_COLOURS if name in names else LINK_COLOURS
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": name,
                    "x": rounded(times[::every]),
                    "y": rounded(values[::every]),
                    "yaxis": f"y{key}",
                    "line": {
                        "color": colours.kinds[kinds[place % len(kinds)]],
                        "width": 1.5,
                        "shape": "linear" if share else "hv",
                    },
                    "legendgroup": name,
                    "showlegend": number in (0, len(panels) - 1),
                    "hovertemplate": f"%{{x:.4g}} s: %{{y{':.1%' if share else ':.3g'}}}"
                    "<extra>%{fullData.name}</extra>",
                }
            )
    last = "" if len(panels) == 1 else str(len(panels))
    found |= {
        "xaxis": {**axis(scheme), "anchor": f"y{last}", "ticksuffix": " s"},
        "annotations": notes,
        # Below all, in room that is kept for it: it has three lines where the page is narrow.
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        "showlegend": True,
        "margin": {"l": 52, "r": 14, "t": 22, "b": 104},
    }
    return {"data": data, "layout": found}


def _note(text, top, scheme):
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": top,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": PALETTES[scheme].text, "size": 11.5},
    }


def _by_pool(result):
    """The rows of each pool's replicas: times of the points, and the place of each row there."""
    table, pools = result.served.replica_timeline, {}
    if not len(table["time_s"]):
        return pools
    # The run's end may be a point twice: it counts as the second says.
    keys = np.stack([table["time_s"], table["replica"]])[:, ::-1]
    _, last = np.unique(keys, axis=1, return_index=True)
    keep = np.sort(len(table["time_s"]) - 1 - last)
    table = {name: values[keep] for name, values in table.items()}
    pool_of = {facts.index: facts.pool for facts in result.served.replicas}
    owner = np.array([pool_of[int(index)] for index in table["replica"]])
    for pool in result.pools:
        rows = {name: values[owner == pool.name] for name, values in table.items()}
        times, place = np.unique(rows["time_s"], return_inverse=True)
        pools[pool.name] = times, place, rows
    return pools


def _summed(result, value):
    return {
        name: (times, np.bincount(place, np.asarray(value(rows), dtype=float), len(times)))
        for name, (times, place, rows) in _by_pool(result).items()
    }


def _kv_shares(result):
    blocks = {facts.index: facts.total_blocks for facts in result.served.replicas}
    found = {}
    for name, (times, place, rows) in _by_pool(result).items():
        total = np.array([blocks[int(index)] for index in rows["replica"]], dtype=float)
        used = np.bincount(place, rows["kv_blocks"].astype(float), len(times))
        found[name] = times, used / np.maximum(np.bincount(place, total, len(times)), 1)
    return found


def _links(result):
    """The busiest links; those that carry the same at all times are one line."""
    table = result.served.link_timeline
    names = [name for name in table if name != "time_s" and table[name].any()]
    alike: dict[bytes, list[str]] = {}
    for name in sorted(names, key=lambda name: (-float(table[name].mean()), name)):
        alike.setdefault(np.round(table[name], 6).tobytes(), []).append(name)
    return {
        first + (f" and {len(others)} alike" if others else ""): (table["time_s"], table[first])
        for first, *others in list(alike.values())[:MOST_LINKS]
    }

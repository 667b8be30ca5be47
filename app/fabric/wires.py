"""The wires of a fabric for the page's browser, and how busy they were."""

import base64

import numpy as np

from app.fabric.results import FabricRun
from simcore.explain.numbers import quantity
from simcore.topologies.graph import Wire
from simcore.topologies.trouble import failures_of

# Of all shares together, a byte each.
MOST_SHARES = 72_000
FEWEST_MEANS, MOST_MEANS = 60, 480


def wires_told(run: FabricRun, wires: tuple[Wire, ...]) -> dict:
    """Names, ends and speeds of wires, and the names of the nodes that they join.

    Of a wire: its name, what people call its kind, the numbers of its ends, its latency; and of
    each of its channels the number, and how fast that is.
    """
    number = {name: n for n, name in enumerate(run.wire_of)}
    ends = sorted({end for wire in wires for end in wire.ends})
    return {
        "wires": [
            [
                *(wire.name, wire.group, *wire.ends, quantity(wire.out.latency_s, "s")),
                [[number[c.name], quantity(c.bandwidth_bps, "B/s")] for c in wire.channels],
            ]
            for wire in wires
        ],
        "names": {end: run.fabric.nodes[end].name for end in ends},
        "down": _down(run, wires),
    }


def use_of(run: FabricRun, wires: tuple[Wire, ...]) -> dict:
    """How busy each channel of these wires was, as means over equal parts of the run.

    `channels` are their numbers, and `rows` which row of `shares` is theirs: channels that carry
    the same have one row, and those that carry nothing none. A row has a byte for each part: 0
    where nothing moved, and from 1 to 255 for shares of its bandwidth up to all of it.
    """
    shown = {channel for wire in wires for channel in wire.channels}
    used = [
        use for use in run.contention.channels if not shown.isdisjoint((use.channel, *use.alike))
    ]
    means = max(FEWEST_MEANS, min(MOST_MEANS, MOST_SHARES // max(len(used), 1)))
    # Rather none of the least used than a page that stands still.
    used = used[: MOST_SHARES // means]
    shares = run.contention.mean_shares(np.linspace(0.0, run.contention.end_s, means + 1))
    rows = np.array([shares[use.channel] for use in used]).reshape(len(used), means)
    told = np.minimum(255, np.ceil(255 * rows - 1e-6)).astype(np.uint8)
    number = {name: n for n, name in enumerate(run.wire_of)}
    row_of = {
        number[channel.name]: row
        for row, use in enumerate(used)
        for channel in (use.channel, *use.alike)
        if channel in shown
    }
    return {
        "means": means,
        "mean_s": run.contention.end_s / means,
        "channels": sorted(row_of),
        "rows": [row_of[channel] for channel in sorted(row_of)],
        "shares": base64.b64encode(told.tobytes()).decode("ascii"),
    }


def _down(run, wires):
    """Wires that do not work, by place among these, each with the moment from which on [s]."""
    failures = failures_of(run.result.scenario.failures)
    found = []
    for place, wire in enumerate(wires if failures else ()):
        names = {wire.name, *(run.fabric.nodes[end].name for end in wire.ends)}
        moments = [failure.at_s for failure in failures if failure.what in names]
        if moments:
            found.append([place, min(moments)])
    return found

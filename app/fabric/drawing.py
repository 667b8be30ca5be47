"""A fabric as the page's browser draws it, and how busy its wires were."""

import base64

import numpy as np

from app.fabric.names import gpu_name
from app.fabric.results import FabricRun
from app.figures.fabric import Dot, places
from simcore.explain.numbers import quantity
from simcore.topologies.graph import NodeKind
from simcore.topologies.trouble import failures_of

# Beyond these nobody sees anything, and it would take a second.
MOST_WIRES = 4000
# Of all shares together, a byte each.
MOST_SHARES = 72_000
FEWEST_MEANS, MOST_MEANS = 60, 480


def drawing_of(run: FabricRun) -> dict | None:
    """Nodes, wires and frames of machines; None where there are too many to be seen.

    Of a node: x, y, kind, label, pool, stage and rank, the last three "" and -1 where it has none.
    Of a wire: its name, what people call its kind, its ends, the places of its channels out and
    into among all, and whether it is an arc.
    """
    fabric = run.fabric
    if len(fabric.wires) > MOST_WIRES:
        return None
    scenario = run.result.scenario
    each = {pool.name: pool.stage_gpus for pool in (scenario.prefill_pool, scenario.decode_pool)}
    served = {number: place for place, number in fabric.places.items()}
    dots = [
        Dot(
            node.kind.value, node.machine, served[node.number].pool if node.number in served else ""
        )
        for node in fabric.nodes
    ]
    at = places(dots, [wire.ends for wire in fabric.wires])
    nodes = []
    for node, x, y in zip(fabric.nodes, at.x, at.y, strict=True):
        place = served.get(node.number)
        pool, stage, rank, label = "", -1, -1, node.label
        if place is not None:
            pool, (stage, rank) = place.pool, divmod(place.rank, each[place.pool])
            rank = rank if each[pool] > 1 else -1
            label = run.names.gpu(pool, stage, rank)
        nodes.append([round(x, 3), round(y, 3), node.kind.value, label, pool, stage, rank])
    number = {name: n for n, name in enumerate(run.wire_of)}
    held = _stages_held(fabric, nodes)
    return {
        "width": at.width,
        "height": at.height,
        "nodes": nodes,
        "names": [node.name for node in fabric.nodes],
        "wires": [
            [
                *(wire.name, wire.group, *wire.ends),
                *(number[wire.out.name], number[wire.into.name], int(arc)),
            ]
            for wire, arc in zip(fabric.wires, at.arcs, strict=True)
        ],
        "down": _down(run),
        "boxes": [
            [
                " · ".join(filter(None, (box.machine, held[box.machine]))),
                *(round(side, 3) for side in (box.left, box.right, box.top, box.bottom)),
            ]
            for box in at.boxes
        ],
        "speeds": [
            [quantity(channel.bandwidth_bps, "B/s"), quantity(channel.latency_s, "s")]
            for wire in fabric.wires
            for channel in wire.channels
        ],
        "kinds": sorted({node.kind.value for node in fabric.nodes}, key=_ORDER.index),
    }


_ORDER = [kind.value for kind in NodeKind]


def _down(run):
    """Wires that do not work, by number, each with the moment from which on [s]."""
    failures = failures_of(run.result.scenario.failures)
    found = []
    for number, wire in enumerate(run.fabric.wires if failures else ()):
        names = {wire.name, *(run.fabric.nodes[end].name for end in wire.ends)}
        moments = [failure.at_s for failure in failures if failure.what in names]
        if moments:
            found.append([number, min(moments)])
    return found


def _stages_held(fabric, nodes):
    """Of each machine, the stages whose GPUs it has, as in P0, P4–P7; "" where GPUs say so."""
    found: dict[str, dict[str, set[int]]] = {}
    for node, (*_, pool, stage, rank) in zip(fabric.nodes, nodes, strict=True):
        stages = found.setdefault(node.machine, {})
        # A GPU that is alone in its stage bears its name itself.
        if rank >= 0:
            stages.setdefault(pool, set()).add(stage)
    return {
        machine: ", ".join(_range_text(pool, stages) for pool, stages in pools.items())
        for machine, pools in found.items()
    }


def _range_text(pool, stages):
    first, last = (gpu_name(pool, stage, -1) for stage in (min(stages), max(stages)))
    return first if first == last else f"{first}–{last}"


def use_of(run: FabricRun) -> dict:
    """How busy each channel in use was, as means over equal parts of the run.

    `channels` are places among all, and `rows` which row of `shares` is theirs: channels that carry
    the same have one row. A row has a byte for each part: 0 where nothing moved, and from 1 to 255
    for shares of its bandwidth up to all of it.
    """
    used = [use for use in run.contention.channels if use.channel.name in run.wire_of]
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
        if channel.name in number
    }
    return {
        "means": means,
        "mean_s": run.contention.end_s / means,
        "channels": sorted(row_of),
        "rows": [row_of[channel] for channel in sorted(row_of)],
        "shares": base64.b64encode(told.tobytes()).decode("ascii"),
    }

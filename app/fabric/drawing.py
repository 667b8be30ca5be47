"""A fabric as the page's browser draws it."""

from app.fabric.names import gpu_name
from app.fabric.results import FabricRun
from app.figures.fabric import Dot, places


def drawing_of(run: FabricRun) -> dict:
    """Nodes and frames of machines, and which wires are arcs.

    Of a node: x, y, kind, label, pool, stage and rank, the last three "" and -1 where it has none.
    Of a frame: what is in it, left, right, top and bottom.
    """
    fabric = run.fabric
    served = {number: place for place, number in fabric.places.items()}
    pools = {number: place.pool for number, place in served.items()}
    dots = [Dot(node.kind.value, node.machine, pools.get(node.number, "")) for node in fabric.nodes]
    at = places(dots, [wire.ends for wire in fabric.wires])
    nodes = [
        [
            round(x, 3),
            round(y, 3),
            node.kind.value,
            *_what(run, node, served.get(node.number)),
        ]
        for node, x, y in zip(fabric.nodes, at.x, at.y, strict=True)
    ]
    held = _stages_held(fabric, nodes)
    return {
        "width": at.width,
        "height": at.height,
        "nodes": nodes,
        "arcs": [number for number, arc in enumerate(at.arcs) if arc],
        "boxes": [
            [
                " · ".join(filter(None, (box.machine, held[box.machine]))),
                *(round(side, 3) for side in (box.left, box.right, box.top, box.bottom)),
            ]
            for box in at.boxes
        ],
    }


def _what(run, node, place):
    """Label, pool, stage and rank of a node, which is the GPU `place` if that is not None."""
    if place is None:
        return node.label, "", -1, -1
    scenario = run.result.scenario
    pool = scenario.prefill_pool if place.pool == "prefill" else scenario.decode_pool
    stage, rank = divmod(place.rank, pool.stage_gpus)
    rank = rank if pool.stage_gpus > 1 else -1
    return gpu_name(pool.name, stage, rank), pool.name, stage, rank


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

"""What the critical path was spent on, as the Gantt page shows it above the chart."""

from dataclasses import dataclass

from simcore.pipelines.critical_path import CriticalPath, PathKind

# The path's two parts, which a bar shows one behind the other.
PARTS = {"ttds": "TTDS", "step": "the first decode step"}


@dataclass(frozen=True)
class KindShown:
    """How a kind is shown.

    Attributes
    ----------
    key : in class names and messages
    part : of PARTS, the one that it belongs to
    name : beside its colour
    meaning : what counts as this kind
    seldom : whether many runs have none of it, and then it is not told
    """

    key: str
    part: str
    name: str
    meaning: str
    seldom: bool = False


SHOWN = {
    PathKind.PREFILL_MEMORY: KindShown(
        "prefill-memory",
        "ttds",
        "Prefill, memory-bound",
        "Prefill passes on the critical path, one a chunk, whose memory traffic takes longer than "
        "their arithmetic.",
    ),
    PathKind.PREFILL_COMPUTE: KindShown(
        "prefill-compute",
        "ttds",
        "Prefill, compute-bound",
        "Prefill passes on the critical path, one a chunk, whose arithmetic takes longer than "
        "their memory traffic.",
    ),
    PathKind.COLLECTIVE: KindShown(
        "collective",
        "ttds",
        "Collectives",
        "The GPUs of a prefill stage exchange data, in passes on the critical path, one a chunk.",
        seldom=True,
    ),
    PathKind.PIPELINE_FILL: KindShown(
        "fill",
        "ttds",
        "Pipeline fill",
        "A chunk on its way through the stages: the passes that the path enters from the stage "
        "before, and the activations sent between them.",
    ),
    PathKind.KV_TRANSFER: KindShown(
        "kv",
        "ttds",
        "KV transfer",
        "Handoffs of KV cache that decode waited for, at the speed that they have alone.",
    ),
    PathKind.WAITING: KindShown(
        "waiting",
        "ttds",
        "Waiting",
        "What transfers took longer than alone because others used the same NIC or lane, and what "
        "chunks that were ready waited for a busy GPU.",
    ),
    PathKind.DECODE_COMPUTE: KindShown(
        "decode-compute",
        "step",
        "Decode compute",
        "The decode passes of the first step, stage after stage.",
    ),
    PathKind.DECODE_COLLECTIVE: KindShown(
        "decode-collective",
        "step",
        "Decode collectives",
        "The GPUs of a decode stage exchange data, in the first step.",
        seldom=True,
    ),
    PathKind.DECODE_TRANSFER: KindShown(
        "decode-transfer",
        "step",
        "Decode transfers",
        "Activations sent between the stages of the decode pool in the first step.",
    ),
}


def breakdown_of(path: CriticalPath) -> dict[str, list[float]]:
    """By part, the time spent on each kind in the order of SHOWN [s]; together its length."""
    until, whole = path.seconds("ttds"), path.seconds("ttft")
    return {
        "ttds": [until[kind] for kind in SHOWN],
        # Each kind of either sum may be off by a rounding.
        "step": [max(0.0, whole[kind] - until[kind]) for kind in SHOWN],
    }

"""Where a Gantt's rows are: one lane for each stage and kind of event, top to bottom."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np

from app.figures.palette import KINDS

# A stage's compute is what one looks at; what it sends runs in thinner lanes below it.
POOLS = (("prefill", "handoff", "activations"), ("decode", "decode activations"))
COMPUTE_HEIGHT, TRANSFER_HEIGHT, STAGE_GAP, POOL_GAP = 1.0, 0.55, 0.3, 1.1
HEIGHTS = {
    kind: COMPUTE_HEIGHT if kind in ("prefill", "decode") else TRANSFER_HEIGHT for kind in KINDS
}
MOST_LABELS = 32


@dataclass(frozen=True)
class Lanes:
    """The rows of a pipeline's Gantt; positions grow downwards from 0.

    Attributes
    ----------
    number : lane of (kind, stage), by place of the kind in KINDS
    middle, height : of each lane
    kind, stage : of each lane, the place of its kind in KINDS and its stage
    bottom : where the last lane ends
    ticks : (position, label) of the stages that are named, MOST_LABELS at most
    named : how many of them are of each pool
    pools : (position of the first lane's top, position of the last lane's bottom) of each pool
    """

    number: np.ndarray
    middle: np.ndarray
    height: np.ndarray
    kind: np.ndarray
    stage: np.ndarray
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    named: tuple[int, ...]
    pools: tuple[tuple[float, float], ...]


@lru_cache(maxsize=64)
def lanes_of(prefill_stages: int, decode_stages: int) -> Lanes:
    """Lanes of two pools: prefill stage by stage, then decode."""
    number = np.full((len(KINDS), max(prefill_stages, decode_stages)), -1)
    middle, height, places, ticks, pools = [], [], [], [], []
    at = 0.0
    stages_of = (prefill_stages, decode_stages)
    every, named = _sparingly(stages_of)
    for kinds, stages, letter in zip(POOLS, stages_of, "PD", strict=True):
        top = at
        for stage in range(stages):
            if stage % every == 0:
                ticks.append((at + COMPUTE_HEIGHT / 2, f"{letter}{stage}"))
            for kind in kinds:
                tall = HEIGHTS[kind]
                number[KINDS.index(kind), stage] = len(middle)
                places.append((KINDS.index(kind), stage))
                middle.append(at + tall / 2)
                height.append(tall)
                at += tall
            at += STAGE_GAP
        pools.append((top, at - STAGE_GAP))
        at += POOL_GAP
    return Lanes(
        number=number,
        middle=np.array(middle),
        height=np.array(height),
        kind=np.array([kind for kind, _ in places]),
        stage=np.array([stage for _, stage in places]),
        bottom=pools[-1][1],
        ticks=tuple(ticks),
        named=named,
        pools=tuple(pools),
    )


def _sparingly(stages_of):
    """(n, number of names in each pool) where every n-th stage of each pool is named."""
    for every in count(1):
        named = tuple(-(-stages // every) for stages in stages_of)
        if sum(named) <= MOST_LABELS:
            return every, named

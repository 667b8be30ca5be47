"""Where a Gantt's rows are: lanes for each stage or rank and kind of event, top to bottom."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np

from app.figures.palette import KINDS, POOL_OF, SOMETIMES

# A stage's compute is what one looks at; what it sends runs in thinner lanes below it.
ORDER = (
    ("prefill", "collective", "handoff", "activations"),
    ("decode", "decode collective", "decode activations"),
    ("background",),
)
COMPUTE_HEIGHT, TRANSFER_HEIGHT, RANK_GAP, STAGE_GAP, POOL_GAP = 1.0, 0.55, 0.12, 0.3, 1.1
# Above the ranks of a stage that is open, for its name.
HEAD_HEIGHT = 1.9
HEIGHTS = {
    kind: COMPUTE_HEIGHT if kind in ("prefill", "decode") else TRANSFER_HEIGHT for kind in KINDS
}
LETTERS = ("P", "D", "B")
MOST_LABELS = 32
# Lanes of ranks are each as wide as a label is high, and their names short.
MOST_RANK_LABELS = 128
WHOLE = -1


@dataclass(frozen=True)
class PoolShape:
    """What of a pool has lanes.

    Attributes
    ----------
    stages, ranks : pipeline stages, and GPUs of each
    opened : the stages whose ranks have lanes of their own, ascending
    """

    stages: int
    ranks: int = 1
    opened: tuple[int, ...] = ()


@dataclass(frozen=True)
class StageHead:
    """Where a stage of several ranks is named: there it is opened and closed.

    Attributes
    ----------
    pool, stage : 0 for prefill and 1 for decode, and the stage's number
    at : position of the name
    opened : whether its ranks have lanes of their own
    """

    pool: int
    stage: int
    at: float
    opened: bool


@dataclass(frozen=True)
class Lanes:
    """The rows of a pipeline's Gantt; positions grow downwards from 0.

    Attributes
    ----------
    number : lane of (kind, stage), by place of the kind in KINDS; of its first rank if it is open
    kinds : how many kinds of lanes each pool has, so many are from one rank to the next
    open : of (pool, stage), whether its ranks have lanes of their own
    middle, height : of each lane
    kind, stage, rank : of each lane, the place of its kind in KINDS, its stage, and its rank or
        WHOLE
    bottom : where the last lane ends
    ticks : (position, label) of what is named beside the axis
    named : how many of them are of each pool
    heads : the stages of several ranks that are named
    pools : (position of the first lane's top, position of the last lane's bottom) of each pool
    """

    number: np.ndarray
    kinds: tuple[int, ...]
    open: np.ndarray
    middle: np.ndarray
    height: np.ndarray
    kind: np.ndarray
    stage: np.ndarray
    rank: np.ndarray
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    named: tuple[int, ...]
    heads: tuple[StageHead, ...]
    pools: tuple[tuple[float, float], ...]

    @property
    def labels(self) -> tuple[tuple[float, str], ...]:
        """(position, label) of all that is named, for pictures on which nothing opens."""
        heads = [(head.at, f"{LETTERS[head.pool]}{head.stage}") for head in self.heads]
        return tuple(sorted([*self.ticks, *heads]))

    @property
    def opened_stages(self) -> tuple[list[int], list[int]]:
        """The stages of each pool whose ranks have lanes of their own."""
        return tuple(np.flatnonzero(of_pool).tolist() for of_pool in self.open[:2])

    @property
    def any_open(self) -> bool:
        """Whether any stage shows its ranks."""
        return bool(self.open.any())


@lru_cache(maxsize=64)
def lanes_of(prefill: PoolShape, decode: PoolShape, also: frozenset[str] = frozenset()) -> Lanes:
    """Lanes of two pools, prefill stage by stage, then decode, then what others send.

    Parameters
    ----------
    also : of the kinds in `SOMETIMES`, those that have lanes
    """
    shapes = [prefill, decode]
    if "background" in also:
        shapes.append(PoolShape(1))
    builder = _Builder(shapes, also)
    for pool, shape in enumerate(shapes):
        builder.add_pool(pool, shape)
    return builder.lanes()


class _Builder:
    def __init__(self, shapes, also):
        self._kinds = [
            [kind for kind in ORDER[pool] if kind not in SOMETIMES or kind in also]
            for pool in range(len(shapes))
        ]
        most = max(shape.stages for shape in shapes)
        self._number = np.full((len(KINDS), most), -1)
        self._open = np.zeros((len(shapes), most), dtype=bool)
        self._every, _ = _sparingly(shape.stages for shape in shapes)
        ranks = sum(shape.ranks * len(shape.opened) for shape in shapes)
        self._every_rank = -(-ranks // MOST_RANK_LABELS) or 1
        # Of each lane its kind's place, stage, rank, middle and height.
        self._rows, self._ticks, self._heads, self._pools = [], [], [], []
        self._named = []
        self._at = 0.0

    def add_pool(self, pool, shape):
        top, before = self._at, len(self._ticks)
        opened = set(shape.opened)
        for stage in range(shape.stages):
            self._add_stage(pool, stage, shape.ranks, stage in opened)
            self._at += STAGE_GAP
        self._pools.append((top, self._at - STAGE_GAP))
        self._named.append(len(self._ticks) - before)
        self._at += POOL_GAP

    def _add_stage(self, pool, stage, ranks, opened):
        if opened:
            self._heads.append(StageHead(pool, stage, self._at + HEAD_HEIGHT / 2, True))
            self._open[pool, stage] = True
            self._at += HEAD_HEIGHT
            for rank in range(ranks):
                if rank % self._every_rank == 0:
                    self._ticks.append((self._at + COMPUTE_HEIGHT / 2, f"r{rank}"))
                self._add_lanes(pool, stage, rank)
                self._at += RANK_GAP
            return
        middle = self._at + HEIGHTS[self._kinds[pool][0]] / 2
        if stage % self._every == 0 and ranks > 1:
            self._heads.append(StageHead(pool, stage, middle, False))
        elif stage % self._every == 0:
            self._ticks.append((middle, f"{LETTERS[pool]}{stage}" if pool < 2 else LETTERS[pool]))
        self._add_lanes(pool, stage, WHOLE)

    def _add_lanes(self, pool, stage, rank):
        for kind in self._kinds[pool]:
            tall, place = HEIGHTS[kind], KINDS.index(kind)
            if rank <= 0:
                self._number[place, stage] = len(self._rows)
            self._rows.append((place, stage, rank, self._at + tall / 2, tall))
            self._at += tall

    def lanes(self):
        kind, stage, rank, middle, height = map(np.array, zip(*self._rows, strict=True))
        return Lanes(
            number=self._number,
            kinds=tuple(map(len, self._kinds)),
            open=self._open,
            middle=middle,
            height=height,
            kind=kind,
            stage=stage,
            rank=rank,
            bottom=self._pools[-1][1],
            ticks=tuple(self._ticks),
            named=tuple(self._named),
            heads=tuple(self._heads),
            pools=tuple(self._pools),
        )


def _sparingly(stages_of):
    """(n, number of names in each pool) where every n-th stage of each pool is named."""
    stages_of = tuple(stages_of)
    for every in count(1):
        named = tuple(-(-stages // every) for stages in stages_of)
        if sum(named) <= MOST_LABELS:
            return every, named


def lane_of(lanes: Lanes, kind, stage, rank) -> np.ndarray:
    """The lane of each event, by arrays of the places of their kinds in KINDS, stages and ranks.

    The rank counts only where the stage is open.
    """
    pool = POOL_PLACES[kind]
    apart = np.array(lanes.kinds)[np.minimum(pool, len(lanes.kinds) - 1)]
    return lanes.number[kind, stage] + np.where(lanes.open[pool, stage], rank * apart, 0)


POOL_PLACES = np.array([POOL_OF[kind] for kind in KINDS])

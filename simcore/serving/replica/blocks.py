"""The paged KV cache of a replica: blocks in use, free blocks, and the prefixes that these keep.

Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention",
SOSP 2023. What is free may still hold a prefix; it is given up, the least recently used first and
of one prompt the last block first, when room is needed.
"""

from collections import deque
from collections.abc import Sequence

from simcore.errors import SimulationError
from simcore.serving.replica.prefix import PrefixIndex

IN_USE = -1
"""In place of the stamp of a block that is free."""

FEW_STALE = 4096


class Holding:
    """The blocks of one request.

    Attributes
    ----------
    keys : of the full blocks of what it computes, in order; () for content that nobody shares
    blocks : that it holds
    keyed : how many of them, from the first on, are in the index
    parked : its blocks among the free ones, after a preemption, where they have no keys
    """

    __slots__ = ("blocks", "keyed", "keys", "parked")

    def __init__(self, keys: Sequence[int] = ()):
        self.keys = keys
        self.blocks = self.keyed = 0
        self.parked: _Freed | None = None


class _Freed:
    """Blocks of one request that have become free together.

    Attributes
    ----------
    stamp : told apart by
    keys : of those in the index, the first to be given up last
    others : those after them
    """

    __slots__ = ("keys", "others", "stamp")

    def __init__(self, stamp, keys, others):
        self.stamp, self.keys, self.others = stamp, keys, others


class BlockPool:
    """All blocks of a replica.

    Parameters
    ----------
    total : blocks
    index : which learns what is kept
    caching : whether free blocks keep what they hold
    """

    def __init__(self, total: int, index: PrefixIndex, *, caching: bool = True):
        self.total = total
        self.index = index
        self.caching = caching
        self._empty = total
        self._kept = 0  # free, with content
        # By key: users and stamp. Users of a block are requests whose kept blocks end with it, and
        # blocks after it that have users; so a request counts once, however long its prompt is.
        self._known: dict[int, list[int]] = {}
        self._line: deque[_Freed] = deque()
        self._stamp = 0
        self._stale = 0

    @property
    def free(self) -> int:
        """Blocks that can be taken."""
        return self._empty + self._kept

    def cached(self, holding: Holding, most: int) -> int:
        """Blocks of what the holder will compute that are there already, up to `most`."""
        if holding.parked is not None:
            return min(holding.parked.others, most)
        if not holding.keys or not self.caching:
            return 0
        return self.index.cached_blocks(holding.keys[:most])

    def room_for(self, holding: Holding, cached: int, more: int) -> bool:
        """Whether it can hold `cached` blocks that are there and `more` others."""
        if holding.parked is not None:
            return cached + more <= self.free
        return self._unused(holding.keys, cached) + more <= self.free

    def reuse(self, holding: Holding, cached: int) -> None:
        """Hold the first `cached` blocks, which are there."""
        parked = holding.parked
        if parked is not None:
            parked.others -= cached
            self._kept -= cached
            # What is not needed again is as free as that of anybody else.
            holding.parked = None
        else:
            if cached:
                self._use(holding.keys, cached)
            holding.keyed = cached
        holding.blocks = cached

    def take(self, count: int, now: float) -> None:
        """Use `count` blocks that are free, at `now` [s]."""
        if count <= self._empty:
            self._empty -= count
            return
        if count > self.free:
            raise SimulationError(f"{count} blocks are wanted, but {self.free} are free")
        count -= self._empty
        self._empty = 0
        self._kept -= count
        line, known, evicted = self._line, self._known, []
        while count:
            oldest = line[0]
            if oldest.others:
                given = min(oldest.others, count)
                oldest.others -= given
                count -= given
                continue
            keys, stamp = oldest.keys, oldest.stamp
            while keys and count:
                key = keys.pop()
                block = known.get(key)
                if block is not None and block[1] == stamp:
                    del known[key]
                    evicted.append(key)
                    count -= 1
                else:
                    self._stale -= 1
            if not keys:
                line.popleft()
        if evicted:
            self.index.evict(evicted, now)

    def gives_up_prefixes(self, count: int) -> bool:
        """Whether taking `count` blocks makes the index forget some, so that it matters when."""
        at_once = self._empty
        for freed in self._line:
            if at_once >= count:
                return False
            at_once += freed.others
            if freed.keys:
                break
        return at_once < count

    def keep(self, holding: Holding, blocks: int, now: float) -> None:
        """The first `blocks` of the holder are computed from `now` on [s]; others may share them.

        Where somebody else has computed the same meanwhile, the two share one copy from here on.
        """
        if not self.caching:
            return
        known, keys = self._known, holding.keys
        place, end = holding.keyed, min(blocks, len(keys))
        while place < end and keys[place] in known:
            self._use(keys, place + 1)
            if place:
                known[keys[place - 1]][0] -= 1
            self._empty += 1
            place += 1
        if place < end:
            # Where a block is not there, none after it is. Each is used by the next of them, the
            # last by the request; the block before the first keeps a user.
            fresh = keys[place:end]
            known.update({key: [1, IN_USE] for key in fresh})
            self.index.insert(fresh, now)
        holding.keyed = max(end, holding.keyed)

    def release(self, holding: Holding, *, park: bool = False) -> None:
        """All its blocks are free; `park` where it will ask for the same content again."""
        if not self.caching:
            self._empty += holding.blocks
            holding.blocks = 0
            return
        known, stamp, keys = self._known, self._stamp, holding.keys
        first = holding.keyed
        while first:
            block = known[keys[first - 1]]
            block[0] -= 1
            if block[0]:
                break
            block[1] = stamp
            first -= 1
        unused = list(keys[first : holding.keyed])
        others = holding.blocks - holding.keyed
        self._kept += len(unused) + others
        if unused or others:
            self._append(holding, unused, others, park and not holding.keys)
        holding.blocks = holding.keyed = 0
        if self._stale > FEW_STALE + 2 * len(known):
            self._tidy()

    def _append(self, holding, keys, others, park):
        last = self._line[-1] if self._line else None
        if not keys and not park and last is not None and not last.keys and last.stamp == IN_USE:
            last.others += others
            return
        # The stamp says whose free blocks may be added to: those that nobody will ask for again.
        freed = _Freed(self._stamp if keys or park else IN_USE, keys, others)
        self._stamp += 1
        self._line.append(freed)
        if park:
            holding.parked = freed

    def _use(self, keys, count):
        """One more request's blocks end with the first `count` of these, which are there."""
        known = self._known
        for place in range(count - 1, -1, -1):
            block = known[keys[place]]
            block[0] += 1
            if block[0] > 1:
                return
            block[1] = IN_USE
            self._kept -= 1
            self._stale += 1

    def _unused(self, keys, cached):
        """How many of the first `cached` blocks nobody holds: the last ones of them."""
        low, high = 0, cached
        known = self._known
        while low < high:
            middle = (low + high) // 2
            if known[keys[middle]][0]:
                low = middle + 1
            else:
                high = middle
        return cached - low

    def _tidy(self):
        """Forget places in the line of blocks that have been used since."""
        for freed in self._line:
            freed.keys = [
                key
                for key in freed.keys
                if key in self._known and self._known[key][1] == freed.stamp
            ]
        self._stale = 0

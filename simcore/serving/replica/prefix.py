"""Which blocks of prompts are in a cache, and which were: asked as of any moment, never copied."""

from collections import deque
from collections.abc import Sequence
from math import inf

from simcore.errors import SimulationError


class PrefixIndex:
    """Times from which and until which blocks were in a cache, by their keys.

    A block is only ever in the cache together with all blocks before it of its prompt.

    Parameters
    ----------
    remember_s : how long ago, at most, somebody may ask for [s]
    """

    __slots__ = ("_ended", "_forgotten", "_gone", "_since", "remember_s")

    def __init__(self, remember_s: float):
        self.remember_s = remember_s
        self._since: dict[int, float] = {}
        # Times from and until, one pair after the other, and who left when, for forgetting them.
        self._gone: dict[int, tuple[float, ...]] = {}
        self._ended: deque[tuple[float, list[int]]] = deque()
        self._forgotten = -inf  # what was there until then is not known any more

    def __len__(self) -> int:
        return len(self._since)

    def __contains__(self, key: int) -> bool:
        return key in self._since

    def insert(self, keys: Sequence[int], now: float) -> None:
        """Blocks are there from `now` on [s]."""
        self._since.update(dict.fromkeys(keys, now))

    def evict(self, keys: Sequence[int], now: float) -> None:
        """Blocks are no longer there from `now` on [s]."""
        here, gone, left = self._since.pop, self._gone, []
        for key in keys:
            since = here(key)
            if since < now:
                gone[key] = (*gone[key], since, now) if key in gone else (since, now)
                left.append(key)
        ended = self._ended
        if left:
            ended.append((now, left))
        if ended and ended[0][0] < now - self.remember_s:
            self._forget(now - self.remember_s)

    def cached_blocks(self, keys: Sequence[int], as_of: float = inf) -> int:
        """Of a prompt's blocks, in order, how many from the first on are there at that time [s].

        Raises SimulationError for a time longer ago than it remembers.
        """
        if as_of < self._forgotten:
            raise SimulationError(
                f"what was cached at {as_of!r} s is forgotten; raise remember_s = "
                f"{self.remember_s:g} s to the age of the oldest snapshot"
            )
        present = self._since.__contains__ if as_of == inf else lambda key: self._was(key, as_of)
        low, high = 0, len(keys)
        if not high or not present(keys[0]):
            return 0
        while low < high:
            middle = (low + high) // 2
            if present(keys[middle]):
                low = middle + 1
            else:
                high = middle
        return low

    def _was(self, key, as_of):
        since = self._since.get(key)
        if since is not None and since <= as_of:
            return True
        times = self._gone.get(key, ())
        return any(start <= as_of < end for start, end in zip(times[::2], times[1::2], strict=True))

    def _forget(self, before):
        ended, gone = self._ended, self._gone
        while ended and ended[0][0] < before:
            self._forgotten, keys = ended.popleft()
            for key in keys:
                times = gone[key]
                if len(times) == 2:
                    del gone[key]
                else:
                    gone[key] = times[2:]

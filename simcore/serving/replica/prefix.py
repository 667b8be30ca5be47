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
        self._gone: dict[int, list[tuple[float, float]]] = {}
        self._ended: deque[tuple[float, int]] = deque()
        self._forgotten = -inf  # what was there until then is not known any more

    def __len__(self) -> int:
        return len(self._since)

    def __contains__(self, key: int) -> bool:
        return key in self._since

    def insert(self, key: int, now: float) -> None:
        """A block is there from `now` on [s]."""
        self._since[key] = now

    def evict(self, key: int, now: float) -> None:
        """A block is no longer there from `now` on [s]."""
        since = self._since.pop(key)
        if now <= since:
            return
        ended, gone = self._ended, self._gone
        if key in gone:
            gone[key].append((since, now))
        else:
            gone[key] = [(since, now)]
        ended.append((now, key))
        if ended[0][0] < now - self.remember_s:
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
        return any(start <= as_of < end for start, end in self._gone.get(key, ()))

    def _forget(self, before):
        ended, gone = self._ended, self._gone
        while ended[0][0] < before:
            until, key = ended.popleft()
            self._forgotten = until
            times = gone[key]
            if len(times) == 1:
                del gone[key]
            else:
                times.pop(0)

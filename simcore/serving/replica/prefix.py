"""Which blocks of prompts are in a cache, and which were: asked as of any moment, never copied."""

from collections import deque
from collections.abc import Sequence
from math import inf


class PrefixIndex:
    """Times from which and until which blocks were in a cache, by their keys.

    A block is only ever in the cache together with all blocks before it of its prompt.

    Parameters
    ----------
    remember_s : how long ago, at most, somebody may ask for [s]
    """

    __slots__ = ("_ended", "_gone", "_since", "remember_s")

    def __init__(self, remember_s: float):
        self.remember_s = remember_s
        self._since: dict[int, float] = {}
        self._gone: dict[int, list[tuple[float, float]]] = {}
        self._ended: deque[tuple[float, int]] = deque()

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
        if self.remember_s and now > since:
            self._gone.setdefault(key, []).append((since, now))
            self._ended.append((now, key))
        self._forget(now - self.remember_s)

    def cached_blocks(self, keys: Sequence[int], as_of: float = inf) -> int:
        """Of a prompt's blocks, in order, how many from the first on are there at that time [s]."""
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
        ended = self._ended
        while ended and ended[0][0] < before:
            _, key = ended.popleft()
            times = self._gone[key]
            times.pop(0)
            if not times:
                del self._gone[key]

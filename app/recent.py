"""What was made last, kept: bounded, the least recently used going first."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from gpu_catalog import overlay_digest


class Recent:
    """Values by key, and by what lies over the catalog; safe to share between threads.

    Parameters
    ----------
    make : the value of a key that is not kept; what it raises reaches the caller
    weigh : size of a value
    most, most_weight : of the values kept, their number and their sizes together; the newest is
        kept whatever its size
    """

    def __init__(self, make: Callable, *, weigh: Callable, most: int, most_weight: int):
        self.made = 0
        self._make, self._weigh = make, weigh
        self._most, self._most_weight = most, most_weight
        self._kept: OrderedDict = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key):
        """The value of `key`, made unless it is kept. Two that ask at once may both make it."""
        # A name in the key may mean something else under another catalog.
        place = key, overlay_digest()
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
            self.made += 1
        value = self._make(key)
        with self._lock:
            self._kept[place] = value
            self._kept.move_to_end(place)
            while len(self._kept) > 1 and self._too_many():
                self._kept.popitem(last=False)
        return value

    def __contains__(self, key):
        return (key, overlay_digest()) in self._kept

    def __len__(self):
        return len(self._kept)

    def _too_many(self):
        weight = sum(map(self._weigh, self._kept.values()))
        return len(self._kept) > self._most or weight > self._most_weight

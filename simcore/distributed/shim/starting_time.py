"""How long it takes to start ranks: no time, once it is known that a process only starts them."""

from collections.abc import Callable

from simcore.distributed.timing import Clock, Timing


class UnlessItStarts:
    """The timing of a simulation in which a rank may turn out to be what only starts ranks.

    Parameters
    ----------
    timing : of ranks
    starts : whether it is known by now that these are none
    """

    def __init__(self, timing: Timing, starts: Callable[[], bool]):
        self._timing = timing
        self._starts = starts

    def clock(self, rank: int) -> Clock:
        return _Clock(self._timing.clock(rank), self._starts)


class _Clock:
    def __init__(self, clock, starts):
        self._clock = clock
        self._starts = starts
        self.told = clock.told
        self.start = clock.start
        self.stop = clock.stop

    @property
    def runs(self):
        return self._clock.runs and not self._starts()

    def end(self):
        if not self._starts():
            self._clock.end()

"""What a call of `torch.distributed` that goes on in the background gives the script."""

from collections.abc import Callable


class SimulatedWork:
    """Stands for `torch.distributed.Work`.

    Parameters
    ----------
    work : of the communicator
    tensors : what the call fills
    finish : called with what `work` gives, when it has been waited for
    source : of a receive, the rank it comes from; -1 of anything else
    """

    def __init__(self, work, tensors=(), finish: Callable | None = None, source: int = -1):
        self._work = work
        self._tensors = list(tensors)
        self._finish = finish
        self._source = source
        self._waited = False
        self._future = SimulatedFuture(self)

    def wait(self, timeout=None) -> bool:
        """Wait for it; `timeout` has no meaning, for what cannot come is found without one."""
        if not self._waited:
            result = self._work.wait()
            if self._finish is not None:
                self._finish(result)
            self._waited = True
            self._future.settle(self._tensors)
        return True

    def is_completed(self) -> bool:
        """Whether it is over; to ask in vain takes the rank a microsecond of simulated time."""
        if not self._waited and self._work.poll():
            self.wait()
        return self._waited

    def synchronize(self) -> None:
        """As `wait`."""
        self.wait()

    def is_success(self) -> bool:
        """As `is_completed`: a failure ends the simulation."""
        return self.is_completed()

    def exception(self) -> None:
        """Nothing: a failure ends the simulation."""
        return

    def result(self) -> list:
        """The tensors that it fills, when it has."""
        self.wait()
        return self._tensors

    def source_rank(self) -> int:
        """Of a receive, the rank that it comes from."""
        return self._source

    _source_rank = source_rank

    def get_future(self) -> "SimulatedFuture":
        """What gives the tensors that it fills."""
        return self._future


class SimulatedFuture:
    """Stands for `torch.futures.Future` of a work, or of what is to follow it.

    What is to follow is done as soon as the rank knows that the work is over: when it waits for
    either, or asks.
    """

    def __init__(self, work: SimulatedWork):
        self._work = work
        self._value = None
        self._known = False
        self._following: list[Callable[[], None]] = []

    def wait(self):
        """Wait for the work; returns the value."""
        self._work.wait()
        return self._value

    value = wait

    def done(self) -> bool:
        """Whether it is over."""
        return self._work.is_completed()

    def then(self, callback: Callable) -> "SimulatedFuture":
        """A future of what `callback` makes of this one."""
        following = SimulatedFuture(self._work)
        self.add_done_callback(lambda known: following.settle(callback(known)))
        return following

    def add_done_callback(self, callback: Callable) -> None:
        """Call `callback` with this one when it is over."""
        if self._known:
            callback(self)
        else:
            self._following.append(lambda: callback(self))

    def settle(self, value) -> None:
        """It is over, and this is what it gives."""
        self._value = value
        self._known = True
        for follow in self._following:
            follow()

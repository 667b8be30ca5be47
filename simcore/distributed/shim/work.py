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

    def wait(self, timeout=None) -> bool:
        """Wait for it; `timeout` has no meaning, for what cannot come is found without one."""
        if not self._waited:
            result = self._work.wait()
            if self._finish is not None:
                self._finish(result)
            self._waited = True
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
        """The same as a future."""
        return SimulatedFuture(self)


class SimulatedFuture:
    """Stands for `torch.futures.Future`: what is to follow is done when somebody waits."""

    def __init__(self, work: SimulatedWork, then: Callable | None = None):
        self._work = work
        self._then = then
        self._value = None
        self._known = False

    def wait(self):
        """Wait for the work, do what is to follow, and return what that gives."""
        if not self._known:
            tensors = self._work.result()
            self._value = tensors if self._then is None else self._then()
            self._known = True
        return self._value

    value = wait

    def done(self) -> bool:
        """Whether it is over."""
        return self._work.is_completed()

    def then(self, callback: Callable) -> "SimulatedFuture":
        """A future of what `callback` makes of this one."""
        return SimulatedFuture(self._work, lambda: callback(self))

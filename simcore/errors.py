"""Errors that say where, what, and what to do next."""


def one_line(text: str) -> str:
    """`text` with each character that a terminal would act on, or not show, written out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class PdscopeError(Exception):
    """Anything a caller may want to show its user as one line."""


class ScenarioError(PdscopeError, ValueError):
    """A scenario that cannot be run as it is written.

    Attributes
    ----------
    field : the scenario field to change; None where no single one is to blame
    """

    def __init__(self, message: str, *, field: str | None = None):
        super().__init__(message)
        self.field = field

    def __reduce__(self):
        # Exceptions cross process borders in sweeps; keyword arguments do not survive the default.
        return _rebuild, (type(self), self.args, self.__dict__)


class DoesNotFit(ScenarioError):
    """A pool's devices cannot hold their weights and KV cache.

    Attributes
    ----------
    pool : "prefill" or "decode"
    need, limit : memory of the fullest device, and what it may use [byte]
    remedies : nearest value that fits, by scenario field; a field that cannot help is absent
    """

    def __init__(self, message, *, pool, need, limit, remedies, field="pp"):
        super().__init__(message, field=field)
        self.pool = pool
        self.need = need
        self.limit = limit
        self.remedies = remedies


class SimulationError(PdscopeError, RuntimeError):
    """A simulation that was set up wrongly, or whose system misbehaves."""


class LimitReached(SimulationError):
    """A bounded run met its bound; the simulator keeps its state and can be read or resumed."""


def _rebuild(kind, args, state):
    error = kind.__new__(kind, *args)
    Exception.__init__(error, *args)
    error.__dict__.update(state)
    return error

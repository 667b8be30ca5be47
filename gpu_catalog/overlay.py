"""Items that somebody lays over the catalog for a while, seen by nobody else.

    with overlay(Overlay(entries)):
        gpu("My GPU")

They hold for the running thread, or asynchronous task, alone. Whoever keeps results by name keeps
them by `overlay_digest()`, too; whoever hands work to another process hands `current_overlay()` on.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from gpu_catalog.parse import Entry


class Overlay:
    """Items that come on top of the catalog's; equal where they say the same.

    Attributes
    ----------
    entries : the items, and whether each may take the place of one of the catalog
    engines : constants of serving engines as texts in TOML, for whoever computes with them: the
        catalog itself knows of none
    digest : of all they say, as hexadecimal text
    """

    def __init__(self, entries: Sequence[Entry], engines: Sequence[str] = ()):
        self.entries = tuple(entries)
        self.engines = tuple(engines)
        told = repr(([(entry.item, entry.replaces) for entry in self.entries], self.engines))
        self.digest = hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()

    def __eq__(self, other):
        return isinstance(other, Overlay) and self.digest == other.digest

    def __hash__(self):
        return hash(self.digest)


_current: ContextVar[Overlay | None] = ContextVar("catalog overlay", default=None)


@contextmanager
def overlay(added: Overlay | None) -> Iterator[None]:
    """Within the block the catalog has what is `added`, and nothing else; None for nothing."""
    token = _current.set(added)
    try:
        yield
    finally:
        _current.reset(token)


def current_overlay() -> Overlay | None:
    """What lies over the catalog here and now; None if nothing does."""
    return _current.get()


def overlay_digest() -> str:
    """The digest of what lies over the catalog here and now; "" if nothing does."""
    added = _current.get()
    return added.digest if added else ""

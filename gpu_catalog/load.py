"""The catalog by name and in order; its files are read at the first question."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from gpu_catalog.errors import CatalogError
from gpu_catalog.names import NameIndex
from gpu_catalog.overlay import Overlay, current_overlay
from gpu_catalog.parameters import parameters
from gpu_catalog.parse import Entry, parse_folder
from gpu_catalog.schema import GPU, LLM, Link
from gpu_catalog.user import remembered_model_file, user_entries

_HERE = Path(__file__).parent
# Of the catalogs with something laid over them, which hold little besides.
_MOST_OVERLAID = 64


@dataclass(frozen=True)
class _Kind:
    """A folder of the catalog: what its items are called, and what puts them in order."""

    cls: type
    title: str
    folder: str
    order: Callable[[Any], tuple]


_GPU = _Kind(GPU, "GPU", "gpus", lambda g: (g.flops, g.name))
_LLM = _Kind(LLM, "model", "llms", lambda m: (parameters(m), m.name))
_LINK = _Kind(Link, "link", "links", lambda k: (k.bandwidth, k.name))


def gpus() -> tuple[GPU, ...]:
    """Every GPU, by peak dense BF16 FLOP/s rising, then by name."""
    return _all(_GPU).items


def llms() -> tuple[LLM, ...]:
    """Every model, by parameters rising, then by name."""
    return _all(_LLM).items


def links() -> tuple[Link, ...]:
    """Every link, by effective bandwidth rising, then by name."""
    return _all(_LINK).items


def gpu(name: str) -> GPU:
    """The GPU of that name or alias; CatalogError with the closest one if there is none."""
    return _find(_GPU, name)


def shipped_gpu(name: str) -> GPU | None:
    """The GPU of that name as it ships, whatever a user has put in its place; None if none does."""
    return _shipped(_GPU).named(name)


def shipped_links() -> tuple[Link, ...]:
    """Every link as it ships, whatever a user has put in its place."""
    return _shipped(_LINK).items


def llm(name: str) -> LLM:
    """The model of that name or alias; CatalogError with the closest one if there is none."""
    return _find(_LLM, name)


def link(name: str) -> Link:
    """The link of that name or alias; CatalogError with the closest one if there is none."""
    return _find(_LINK, name)


def gpu_name(name: str) -> str | None:
    """The name of the GPU that `name` is a name or an alias of; None if it is of none."""
    return _name(_GPU, name)


def llm_name(name: str) -> str | None:
    """The name of the model that `name` is a name or an alias of; None if it is of none."""
    return _name(_LLM, name)


def nearest_gpu(text: str) -> str | None:
    """The name of the GPU of which a name or alias is spelt most like `text`; None if of none."""
    return _all(_GPU).closest(text)


def nearest_llm(text: str) -> str | None:
    """The name of the model of which a name or alias is spelt most like `text`; None if of none."""
    return _all(_LLM).closest(text)


def reload() -> None:
    """Read all files anew at the next question."""
    for cached in (_shipped, _own, _overlaid, user_entries):
        cached.cache_clear()


def add_model_file(path: str | Path) -> str:
    """Let this process and those it starts know the model of a config.json; returns its name.

    Raises CatalogError where the file holds none, or one whose name is taken.
    """
    with remembered_model_file(Path(path).resolve()) as name:
        reload()
        llms()
    return name


def _find(kind, name):
    items = _all(kind)
    item = items.get(name)
    if item is not None:
        return item
    near = items.closest(name)
    hint = f"closest: {near!r}; " if near else ""
    raise CatalogError(
        f"unknown {kind.title} {name!r}; {hint}`pdscope list {kind.folder}` shows all "
        f"{len(items.items)}"
    )


def _name(kind, name):
    # What ships is known without the user's files, so that a mistake in those is told by whoever
    # asks for the catalog, not by whoever imports it.
    item = _shipped(kind).get(name) or _all(kind).get(name)
    return item.name if item else None


@cache
def _shipped(kind) -> NameIndex:
    return _index(kind, parse_folder(kind.cls, _HERE / kind.folder))


def _all(kind) -> NameIndex:
    added = current_overlay()
    return _own(kind) if added is None else _overlaid(kind, added)


@cache
def _own(kind) -> NameIndex:
    return _with(kind, _shipped(kind), user_entries(), "that ships")


@lru_cache(maxsize=3 * _MOST_OVERLAID)
def _overlaid(kind, added: Overlay) -> NameIndex:
    return _with(kind, _own(kind), added.entries, "of the catalog")


def _with(kind, under, entries, of_what) -> NameIndex:
    """`under` with those of the entries that are of the kind."""
    own = [entry for entry in entries if isinstance(entry.item, kind.cls)]
    if not own:
        return under
    replaced = {e.item.name for e in own if e.replaces}
    kept = [e for e in under.entries if e.item.name not in replaced]
    for entry in own:
        if entry.replaces and under.named(entry.item.name) is None:
            near = get_close_matches(entry.item.name, [i.name for i in under.items], n=1)
            hint = f"closest: {near[0]!r}; " if near else ""
            raise CatalogError(
                f"{entry.where}: replaces = true, but no {kind.title} {of_what} is called "
                f"{entry.item.name!r}; {hint}correct the name or leave `replaces` out"
            )
    return _index(kind, [*kept, *own])


def _index(kind, entries: list[Entry]) -> NameIndex:
    return NameIndex(entries, kind.order)

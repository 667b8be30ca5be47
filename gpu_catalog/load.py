"""The catalog by name and in order; its files are read at the first question."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from gpu_catalog.errors import CatalogError
from gpu_catalog.names import NameIndex
from gpu_catalog.parameters import parameters
from gpu_catalog.parse import Entry, parse_folder
from gpu_catalog.schema import GPU, LLM, Link
from gpu_catalog.user import remembered_model_file, user_entries

_HERE = Path(__file__).parent


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


def reload() -> None:
    """Read all files anew at the next question."""
    for cached in (_shipped, _all, user_entries):
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


@cache
def _all(kind) -> NameIndex:
    shipped = _shipped(kind)
    own = [entry for entry in user_entries() if isinstance(entry.item, kind.cls)]
    if not own:
        return shipped
    replaced = {e.item.name for e in own if e.replaces}
    kept = [e for e in shipped.entries if e.item.name not in replaced]
    for entry in own:
        if entry.replaces and shipped.named(entry.item.name) is None:
            near = get_close_matches(entry.item.name, [i.name for i in shipped.items], n=1)
            hint = f"closest: {near[0]!r}; " if near else ""
            raise CatalogError(
                f"{entry.where}: replaces = true, but no {kind.title} that ships is called "
                f"{entry.item.name!r}; {hint}correct the name or leave `replaces` out"
            )
    return _index(kind, [*kept, *own])


def _index(kind, entries: list[Entry]) -> NameIndex:
    return NameIndex(entries, kind.order)

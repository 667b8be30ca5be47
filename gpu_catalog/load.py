"""The catalog by name and in order; its files are read at the first question."""

from difflib import get_close_matches
from functools import cache
from pathlib import Path

from gpu_catalog.parse import CatalogError, parse_folder
from gpu_catalog.schema import GPU, LLM, Link

_HERE = Path(__file__).parent


@cache
def gpus() -> tuple[GPU, ...]:
    """Every GPU, by peak dense BF16 FLOP/s rising, then by name."""
    return tuple(sorted(parse_folder(GPU, _HERE / "gpus"), key=lambda g: (g.flops, g.name)))


@cache
def llms() -> tuple[LLM, ...]:
    """Every model, by published parameters rising, then by name."""
    models = parse_folder(LLM, _HERE / "llms")
    return tuple(sorted(models, key=lambda m: (m.published_parameters, m.name)))


@cache
def links() -> tuple[Link, ...]:
    """Every link, by effective bandwidth rising, then by name."""
    return tuple(sorted(parse_folder(Link, _HERE / "links"), key=lambda k: (k.bandwidth, k.name)))


def gpu(name: str) -> GPU:
    """The GPU of that name; CatalogError with the closest one if there is none."""
    return _find("GPU", gpus(), name)


def llm(name: str) -> LLM:
    """The model of that name; CatalogError with the closest one if there is none."""
    return _find("model", llms(), name)


def link(name: str) -> Link:
    """The link of that name; CatalogError with the closest one if there is none."""
    return _find("link", links(), name)


def _find(kind, items, name):
    for item in items:
        if item.name == name:
            return item
    names = {item.name.casefold(): item.name for item in items}
    near = get_close_matches(str(name).casefold(), names, n=1)
    hint = f"closest: {names[near[0]]!r}; " if near else ""
    known = ", ".join(repr(item.name) for item in items)
    raise CatalogError(f"unknown {kind} {name!r}; {hint}one of {known}")

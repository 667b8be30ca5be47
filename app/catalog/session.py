"""The items that a browser session adds to the catalog, as its requests carry them.

They live in the browser: each request brings them along as a JSON list of {"kind", "text"}, with
the texts in TOML, and the server keeps no more than what it made of the last few such lists.
"""

import json
import re
from functools import lru_cache

from gpu_catalog import (
    GPU,
    LLM,
    CatalogError,
    Link,
    Overlay,
    current_overlay,
    gpus,
    links,
    llms,
    overlay,
    toml_text,
)
from gpu_catalog.parse import Entry, parse_text
from simcore.costs.own_constants import own_name, release_in
from simcore.costs.releases import ReleaseConstants
from simcore.costs.serving_engines import engine_names
from simcore.errors import PdscopeError

KINDS = {"gpu": GPU, "llm": LLM, "link": Link}
# Constants of a serving engine, which are no item of the catalog but travel with it.
ENGINE = "engine"
MOST_ITEMS = 32
MOST_BYTES = 64 * 1024
# An item's text, which a form holds and a request carries.
MOST_CHARACTERS = 16 * 1024
MOST_KEPT = 64
LONGEST_NAME, LONGEST_ALIAS, MOST_ALIASES = 60, 100, 32
# Names stand in addresses, where commas and colons part pins, and in figures, which read tags.
NAME = re.compile(r"\w[\w .+()/&-]*")


@lru_cache(maxsize=MOST_KEPT)
def overlay_of(carried: bytes) -> Overlay:
    """What lies over the catalog for a request that carries `carried`.

    Raises CatalogError where that is no list of items, or they are too many, or one of them is
    wrong or in the way of another.
    """
    try:
        told = json.loads(carried)
    except (ValueError, RecursionError):
        raise CatalogError("the items of a session are a JSON list") from None
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise CatalogError("the items of a session are a list of objects with `kind` and `text`")
    engines = [each.get("text") for each in told if each.get("kind") == ENGINE]
    for text in engines:
        release_of(text)
    return overlay_with(
        [entry_of(e.get("kind"), e.get("text")) for e in told if e.get("kind") != ENGINE],
        engines,
    )


def overlay_with(entries: list[Entry], engines: list[str] | None = None) -> Overlay:
    """An overlay that the catalog and the serving engines accept.

    Raises CatalogError where they do not.
    """
    added = Overlay(entries, engines or [])
    if len(added.entries) + len(added.engines) > MOST_ITEMS:
        raise CatalogError(
            f"a session has {MOST_ITEMS} items at most; remove one, or put your files into a "
            "folder that PDSCOPE_CATALOG names"
        )
    with overlay(added):
        gpus(), llms(), links()
        try:
            engine_names()
        except PdscopeError as error:
            raise CatalogError(str(error)) from error
    return added


def release_of(text, where: str | None = None) -> ReleaseConstants:
    """Constants of an engine in TOML, checked; raises CatalogError, opened by `where`."""
    where = where or "own engine"
    text = _bounded(text, where)
    try:
        release = release_in(text, where)
    except PdscopeError as error:
        raise CatalogError(str(error)) from error
    _check_name(release.engine, "engine", where)
    return release


def entry_of(kind, text, where: str | None = None) -> Entry:
    """The item of a TOML text, checked; raises CatalogError, opened by `where` or by its kind."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise CatalogError(f"the kind of an item is one of {', '.join(KINDS)}")
    text = _bounded(text, where or kind)
    return checked(parse_text(KINDS[kind], text, where or f"own {kind}"))


def _bounded(text, where):
    if not isinstance(text, str):
        raise CatalogError("an item is a text in TOML")
    if len(text) > MOST_CHARACTERS:
        raise CatalogError(
            f"{where}: an item has {MOST_CHARACTERS:,} characters at most; shorten it"
        )
    return text


def _check_name(name, key, where):
    if not (NAME.fullmatch(name) and len(name) <= LONGEST_NAME):
        raise CatalogError(
            f"{where}: {key} = {name[:LONGEST_NAME]!r}; use {LONGEST_NAME} characters or less: "
            "letters, digits, spaces and any of . _ + - ( ) / &"
        )


def checked(entry: Entry) -> Entry:
    """The entry, whose name may stand on every page; raises CatalogError where it may not."""
    item, where = entry.item, entry.where
    # Those of the catalog may have anything in them: they may be replaced under their own name.
    if not entry.replaces:
        _check_name(item.name, "name", where)
    if len(item.aliases) > MOST_ALIASES or any(len(a) > LONGEST_ALIAS for a in item.aliases):
        raise CatalogError(
            f"{where}: aliases has more than {MOST_ALIASES} names, or one of more than "
            f"{LONGEST_ALIAS} characters; leave some out"
        )
    return entry


def own_names(kind: str) -> frozenset[str]:
    """Names of the items of a kind that the session has added."""
    added = current_overlay()
    if added is None:
        return frozenset()
    if kind == ENGINE:
        return frozenset(own_name(release_of(text)) for text in added.engines)
    return frozenset(e.item.name for e in added.entries if isinstance(e.item, KINDS[kind]))


def carried_as(entry: Entry) -> dict:
    """An item as the browser keeps it: `kind`, `name` and its `text`."""
    kind = next(name for name, cls in KINDS.items() if isinstance(entry.item, cls))
    text = toml_text(entry.item, replaces=entry.replaces)
    return {"kind": kind, "name": entry.item.name, "text": text}

"""One item at a time: shown, copied, checked before a session adds it, saved."""

import io
import re
import tomllib
import zipfile
from dataclasses import replace
from datetime import date

import gpu_catalog
from app.catalog.details import details_of, engine_details_of
from app.catalog.session import (
    ENGINE,
    LONGEST_NAME,
    carried_as,
    checked,
    entry_of,
    overlay_with,
    own_names,
    release_of,
)
from gpu_catalog import GPU, LLM, CatalogError, Link, current_overlay, toml_text
from gpu_catalog.config_fields import fields_of
from gpu_catalog.huggingface import model_of
from gpu_catalog.parse import Entry
from simcore.costs.constants import toml_text as constants_text
from simcore.costs.own_constants import own_name
from simcore.costs.serving_engines import serving_engine
from simcore.errors import PdscopeError, one_line

FIND = {"gpu": gpu_catalog.gpu, "llm": gpu_catalog.llm, "link": gpu_catalog.link}
# As in a folder that PDSCOPE_CATALOG names; constants are for `--constants`.
FOLDERS = {"gpu": "gpus", "llm": "llms", "link": "links", ENGINE: "constants"}
# Keys that items of one kind alone have.
TELLING = {
    "gpu": {"memory_MiB", "dense_TFLOPS", "vendor"},
    "llm": {"layers", "hidden", "attention", "vocabulary"},
    "link": {"latency_us", "peak_GBps"},
    ENGINE: {"provenance", "step_s", "host_s"},
}
LONGEST_FILE_NAME = 80
COPIED = " (copy)"


def item_for(asked) -> dict:
    """An item's details as HTML, its `text` in TOML and one of a `copy`, or an `error`.

    `asked` is {"kind", "name"}; it never raises for what may be posted.
    """
    try:
        kind, name = _kind(asked), asked.get("name")
        if not isinstance(name, str):
            raise CatalogError("`name` is the name of an item")
        if kind == ENGINE:
            return _engine_for(name)
        item = FIND[kind](name)
    except (CatalogError, PdscopeError) as error:
        return {"error": f"{error}."}
    mine = next((entry for entry in _own() if entry.item == item), None)
    return {
        "html": details_of(item, own=mine is not None),
        "text": toml_text(item, replaces=mine is not None and mine.replaces),
        "copy": toml_text(copy_of(item)),
        "file": file_name(item.name),
    }


def _engine_for(name):
    engine = serving_engine(name)
    mine = engine.name in own_names(ENGINE)
    copied = replace(engine.release, engine=_copied(engine.release.engine), calibrated=False)
    return {
        "html": engine_details_of(engine, own=mine),
        "text": constants_text(engine.release),
        "copy": constants_text(copied),
        "file": file_name(engine.name),
    }


def _copied(name):
    return f"{name[: LONGEST_NAME - len(COPIED)]}{COPIED}"


def copy_of(item: GPU | LLM | Link) -> GPU | LLM | Link:
    """An item to start from: under a name of its own, with what is of the original alone left out.

    That is its aliases, what others have measured on it, and what the specification's program has.
    """
    gone = {"measured": None} if isinstance(item, GPU) else {}
    return replace(
        item,
        name=_copied(item.name),
        aliases=(),
        reference=None,
        source=f"Copy of {item.name}; {item.source}",
        **gone,
    )


def check(asked) -> dict:
    """The `item` that a text describes, as a session keeps it, or the `error` that it makes.

    `asked` is {"kind", "text", "file", "instead"}: one of FOLDERS or "any", the text, the name of
    the file it is from or null, and the name of the session's own item that it takes the place of
    or null. A file that ends in .json is a model's config.json. It never raises for what may be
    posted.
    """
    try:
        if not isinstance(asked, dict):
            raise CatalogError("a request is a mapping with `kind`, `text`, `file` and `instead`")
        kind, text, file, instead = (asked.get(k) for k in ("kind", "text", "file", "instead"))
        if not isinstance(text, str):
            raise CatalogError("`text` is what describes the item")
        where = _where(file)
        if where.lower().endswith(".json"):
            return {"item": _added(_from_config(text, where), instead)}
        kind = _guessed(text, where) if kind == "any" else kind
        if kind == ENGINE:
            return {"item": _added_engine(text, where, instead)}
        # As it was written, comments included.
        return {"item": _added(entry_of(kind, text, where), instead) | {"text": text}}
    except CatalogError as error:
        return {"error": f"{error}."}


def _added(entry, instead):
    """The item as a session keeps it, if what there is already leaves room for it."""
    kind = type(entry.item)
    kept = [e for e in _own() if not (isinstance(e.item, kind) and e.item.name == instead)]
    overlay_with([*kept, entry], _own_engines())
    return carried_as(entry)


def _added_engine(text, where, instead):
    release = release_of(text, where)
    kept = [each for each in _own_engines() if own_name(release_of(each)) != instead]
    overlay_with(_own(), [*kept, text])
    return {"kind": ENGINE, "name": own_name(release), "text": text}


def archive() -> bytes:
    """The session's own items as a ZIP file, in the folders in which `pdscope` finds them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for entry in _own():
            item = carried_as(entry)
            path = f"{FOLDERS[item['kind']]}/{file_name(item['name'])}"
            # Of no particular time, so that the same items give the same file.
            file.writestr(zipfile.ZipInfo(path), item["text"])
        for text in _own_engines():
            path = f"{FOLDERS[ENGINE]}/{file_name(release_of(text).engine)}"
            file.writestr(zipfile.ZipInfo(path), text)
    return content.getvalue()


def file_name(name: str) -> str:
    """Of an item's file: in lower case, with dashes."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return f"{plain or 'item'}.toml"


def _own():
    added = current_overlay()
    return added.entries if added else ()


def _own_engines():
    added = current_overlay()
    return added.engines if added else ()


def _kind(asked):
    kind = asked.get("kind") if isinstance(asked, dict) else None
    if not isinstance(kind, str) or kind not in FOLDERS:
        raise CatalogError(f"`kind` is one of {', '.join(FOLDERS)}")
    return kind


def _where(file):
    """What messages call the text."""
    if not isinstance(file, str) or not file.strip():
        return "this item"
    return one_line(file.strip()[:LONGEST_FILE_NAME])


def _guessed(text, where):
    """The kind whose keys a text has; one that is no TOML is for its reader to refuse."""
    try:
        keys = set(tomllib.loads(text[: 64 * 1024]))
    except (ValueError, RecursionError):
        return "gpu"
    found = {kind: len(keys & telling) for kind, telling in TELLING.items()}
    best = max(found, key=found.get)
    if not found[best]:
        raise CatalogError(
            f"{where}: has none of the keys of a GPU (memory_MiB), a model (layers), a link "
            "(latency_us) or constants (provenance); start from a template"
        )
    return best


def _from_config(text, where):
    config = fields_of(text, where)
    stem = where[: -len(".json")]
    path = config.table.get("_name_or_path")
    named = path.rstrip("/").rpartition("/")[2] if isinstance(path, str) else ""
    if stem.lower() == "config":
        stem = named or f"Own {config.table.get('model_type') or 'model'}"
    name = " ".join(re.sub(r"[^\w .+()/&-]", " ", stem).split())[:LONGEST_NAME].strip()
    model = model_of(config, name=name or "Own model", checked=date.today())
    return checked(Entry(model, where))

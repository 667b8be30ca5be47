"""From TOML files to the schema's items: which key is which field, units, and what is refused."""

import tomllib
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import TypeVar, get_args, get_type_hints

from gpu_catalog.checks import impossible
from gpu_catalog.errors import CatalogError
from gpu_catalog.schema import (
    GPU,
    LLM,
    Ceilings,
    Fabric,
    GroupedQueryAttention,
    LatentAttention,
    Link,
    ReferenceGPU,
    ReferenceLink,
)

Item = TypeVar("Item", GPU, LLM, Link)

# The key, and what one of its unit is in byte, byte/s, FLOP/s or s, where the key is not simply the
# field's name. A dot enters a table.
_KEYS = {
    GPU: {
        "memory": ("memory_MiB", 2**20),
        "bandwidth": ("bandwidth_GBps", 10**9),
        "flops": ("dense_TFLOPS.bf16", 10**12),
        "flops_fp8": ("dense_TFLOPS.fp8", 10**12),
        "flops_int8": ("dense_TFLOPS.int8", 10**12),
        "flops_fp4": ("dense_TFLOPS.fp4", 10**12),
        "power": ("power_W", 1),
    },
    Fabric: {"bandwidth": ("GBps", 10**9)},
    Ceilings: {
        "flops": ("bf16_TFLOPS", 10**12),
        "flops_fp8": ("fp8_TFLOPS", 10**12),
        "flops_fp4": ("fp4_TFLOPS", 10**12),
        "bandwidth": ("gemv_GBps", 10**9),
        "all_reduce": ("all_reduce_8_GBps", 10**9),
        "peer": ("peer_GBps", 10**9),
    },
    ReferenceGPU: {
        "memory": ("memory_GiB", 2**30),
        "bandwidth": ("bandwidth_GBps", 10**9),
        "flops": ("TFLOPS", 10**12),
    },
    Link: {
        "peak": ("peak_GBps", 10**9),
        "bandwidth_range": ("bandwidth_GBps", 10**9),
        "latency_range": ("latency_us", Decimal("1e-6")),
        "startup_range": ("startup_us", Decimal("1e-6")),
        "all_reduce_range": ("all_reduce_8_GBps", 10**9),
    },
    ReferenceLink: {
        "bandwidth": ("bandwidth_GBps", 10**9),
        "latency": ("latency_us", Decimal("1e-6")),
    },
}

_ATTENTION = {"grouped-query": GroupedQueryAttention, "latent": LatentAttention}

# Of any number: what is beyond is a slip, and would overflow on its way to bytes or seconds.
_LEAST, _MOST = Decimal("1e-12"), Decimal("1e20")

_MAY_BE_ZERO = {"local", "shared", "dense_layers"}


@dataclass(frozen=True)
class Entry:
    """An item, the file it comes from, and whether it may take the place of a shipped one."""

    item: GPU | LLM | Link
    where: str
    replaces: bool = False


def parse_folder(cls: type[Item], folder: Path, called: str | None = None) -> list[Entry]:
    """One entry per TOML file of `folder`, in the order of the file names.

    Raises CatalogError, naming the file and the key, for an entry it cannot read; the folder is
    `called` so there, and by its last name where that is None.
    """
    files = sorted(folder.glob("*.toml"))
    names = [f"{called or folder.name}/{path.name}" for path in files]
    return [
        parse_text(cls, text_of(path, where), where)
        for path, where in zip(files, names, strict=True)
    ]


def parse_text(cls: type[Item], text: str, where: str) -> Entry:
    """The `cls` in a TOML text, which errors call `where`."""
    try:
        # Decimal, so that 989.4 TFLOPS becomes the float nearest to 989.4e12.
        table = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{where}: this is not TOML: {error}; correct it there") from error
    replaces = table.pop("replaces", False)
    if type(replaces) is not bool:
        raise CatalogError(f"{where}: replaces = {_shown(replaces)}; use true or false")
    item = _build(cls, table, f"{where}: ")
    wrong = impossible(item)
    if wrong:
        raise CatalogError(f"{where}: {wrong}")
    return Entry(item, where, replaces)


def text_of(path: Path, where: str) -> str:
    """The text of a file of the catalog; raises CatalogError where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{where}: cannot be read: {error}; correct or remove it") from error


def _build(cls, table, where):
    """A `cls` from a TOML table; `where` opens every message, as "gpus/nvidia-l40.toml: "."""
    keys = {f.name: _KEYS.get(cls, {}).get(f.name, (f.name, 1)) for f in fields(cls)}
    table = _flat(table, {key.partition(".")[0] for key, _ in keys.values() if "." in key})
    _refuse_unknown(table, [key for key, _ in keys.values()], where)
    hints = get_type_hints(cls)
    values = {}
    for field in fields(cls):
        key, unit = keys[field.name]
        hint = hints[field.name]
        if key in table:
            # The specification gives its links as ranges and computes with the midpoints.
            hint = "midpoint" if cls is ReferenceLink else hint
            values[field.name] = _value(field.name, hint, unit, table[key], where + key)
        elif NoneType in get_args(hint):
            values[field.name] = None
        elif field.default is MISSING:
            raise CatalogError(f"{where}{key} is missing; add it (see gpu_catalog/README.md)")
    return cls(**values)


def _flat(table, heads):
    """`table` with the tables named in `heads` entered: {"a": {"b": 1}} becomes {"a.b": 1}."""
    flat = {}
    for key, value in table.items():
        if key in heads and isinstance(value, dict):
            flat.update({f"{key}.{inner}": deep for inner, deep in value.items()})
        else:
            flat[key] = value
    return flat


def _refuse_unknown(table, known, where):
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"closest: {near[0]!r}; " if near else ""
            raise CatalogError(f"{where}unknown key {key!r}; {hint}one of {', '.join(known)}")


def _value(name, hint, unit, raw, where):
    """The field `name`, of type `hint`, from what the file has at `where`."""
    if NoneType in get_args(hint):
        hint = next(kind for kind in get_args(hint) if kind is not NoneType)
    if name == "attention":
        hint, raw = _attention(raw, where)
    if is_dataclass(hint):
        return _build(hint, _table(raw, where), f"{where}.")
    if hint == "midpoint":
        return float(sum(_pair(raw, where)) / 2 * unit)
    if hint == tuple[float, float]:
        return tuple(float(end * unit) for end in _pair(raw, where))
    if hint is float:
        return float(_number(raw, where) * unit)
    if hint == tuple[str, ...]:
        return _texts(raw, where)
    return _plain(hint, name, raw, where)


def _attention(raw, where):
    """The class that `kind` names, and the rest of the table."""
    rest = dict(_table(raw, where))
    kind = rest.pop("kind", None)
    if not isinstance(kind, str) or kind not in _ATTENTION:
        raise CatalogError(f"{where}.kind = {_shown(kind)}; use one of {', '.join(_ATTENTION)}")
    return _ATTENTION[kind], rest


def _table(raw, where):
    if not isinstance(raw, dict):
        raise CatalogError(f"{where} = {_shown(raw)}; use a table")
    return raw


def _pair(raw, where):
    """`raw` as two Decimals [low, high], of which the low one may be 0."""
    if not isinstance(raw, list) or len(raw) != 2:
        raise CatalogError(f"{where} = {_shown(raw)}; use a range [low, high]")
    low, high = _number(raw[0], where, zero=True), _number(raw[1], where)
    if low > high:
        raise CatalogError(f"{where} = [{low}, {high}]; put the lower end first")
    return low, high


def _texts(raw, where):
    if not isinstance(raw, list):
        raise CatalogError(f'{where} = {_shown(raw)}; use a list of texts, as ["one", "other"]')
    return tuple(_plain(str, where, text, where) for text in raw)


def _number(raw, where, *, zero=False):
    """`raw` as a positive Decimal; with `zero`, 0 passes too."""
    # type() rather than isinstance(), which would let true pass for 1.
    number = type(raw) in (int, Decimal) and not Decimal(raw).is_nan()
    if not number or not (_LEAST <= raw <= _MOST or (raw == 0 and zero)):
        bound = "from 0 up" if zero else "above 0"
        if number and raw > _MOST:
            bound = f"below {_MOST:g}"
        raise CatalogError(f"{where} = {_shown(raw)}; use a number {bound}, without quotes")
    return Decimal(raw)


def _plain(kind, name, raw, where):
    """A count, a text, a date or a truth value, as it stands in the file."""
    least = 0 if name in _MAY_BE_ZERO else 1
    good = type(raw) is kind
    if good and kind is int:
        good = raw >= least
    if good and kind is str:
        good = raw.strip() or name == "notes"
    if not good:
        wanted = {
            int: f"a whole number from {least} up, without quotes",
            str: "a text in quotes",
            date: "a date without quotes, as 2026-11-21",
            bool: "true or false",
        }
        raise CatalogError(f"{where} = {_shown(raw)}; use {wanted[kind]}")
    return raw


def _shown(raw):
    """`raw` as it stands in the file, not as a Decimal, and not at any length."""
    text = str(raw) if isinstance(raw, Decimal) else repr(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."

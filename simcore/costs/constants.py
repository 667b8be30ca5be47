"""The calibrated constants: frozen values, read from TOML and written to it."""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import gpu_catalog
from simcore.costs.operators.attention import (
    DecodeAttentionConstants,
    PrefillAttentionConstants,
)
from simcore.costs.operators.collectives import DirectConstants, Protocols
from simcore.costs.operators.gemm import GemmConstants
from simcore.costs.operators.moe import MoeConstants
from simcore.costs.operators.small import SmallConstants
from simcore.costs.provenance import Provenance
from simcore.errors import PdscopeError

FOLDER = Path(gpu_catalog.__file__).parent / "calibration"


@dataclass(frozen=True, kw_only=True)
class GpuConstants:
    """The kernels of one GPU.

    Attributes
    ----------
    gpu : its name in the catalog, or what class of GPUs these are the defaults of
    calibrated : whether they were fitted to measurements on this GPU
    multiprocessors : units that each run a tile of work at a time
    cache : last-level cache [byte]
    gemm, moe : by format of the products, "bf16" always among them
    """

    gpu: str
    calibrated: bool
    multiprocessors: int
    cache: float
    gemm: Mapping[str, GemmConstants]
    moe: Mapping[str, MoeConstants]
    prefill: PrefillAttentionConstants
    decode: DecodeAttentionConstants
    small: SmallConstants
    provenance: Provenance

    def without_launches(self) -> "GpuConstants":
        """The same kernels, were there no fixed time of any of them."""
        return replace(
            self,
            gemm={n: replace(c, launch_s=0.0, per_k_s=0.0) for n, c in self.gemm.items()},
            moe={n: replace(c, launch_s=0.0) for n, c in self.moe.items()},
            prefill=replace(self.prefill, launch_s=0.0),
            decode=replace(self.decode, launch_s=0.0, join_s=0.0, gather_s=0.0),
            small=replace(self.small, launch_s=0.0),
        )


@dataclass(frozen=True, kw_only=True)
class FabricConstants:
    """The collectives over one kind of link.

    Attributes
    ----------
    fabric : its name
    gpus : whose link it is, by their names in the catalog; empty for links between machines
    links : which links of the catalog it is, or how tables of measurements call it
    switched : whether all its GPUs reach each other at full bandwidth
    bandwidth : peak of a GPU's link in one direction [byte/s]
    most_ranks : up to how many ranks it joins; 0 for no limit
    beyond : the fabric that more ranks need; empty where there is none
    rings : around a ring, by library: "nccl", or "torch" for its older releases under PyTorch
    peer : from each to each
    direct : of serving engines' own all-reduce, by library; empty where they have none
    """

    fabric: str
    gpus: tuple[str, ...]
    links: tuple[str, ...]
    switched: bool
    calibrated: bool
    bandwidth: float
    most_ranks: int
    beyond: str
    rings: Mapping[str, Protocols]
    peer: Protocols
    direct: Mapping[str, DirectConstants]
    provenance: Provenance


def to_table(value) -> dict:
    """A plain table of a frozen value, for TOML."""
    if is_dataclass(value):
        return {field.name: to_table(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_table(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [to_table(inner) for inner in value]
    return value


def from_table(cls, table, where: str):
    """A frozen `cls` from a table.

    Raises PdscopeError, opened by `where`, for keys that are missing, unknown or of a wrong type.
    """
    if not isinstance(table, dict):
        raise PdscopeError(f"{where}: use a table of {', '.join(f.name for f in fields(cls))}")
    hints = get_type_hints(cls)
    names = {field.name for field in fields(cls)}
    optional = {field.name for field in fields(cls) if field.default is not MISSING}
    for key in table:
        if key not in names:
            raise PdscopeError(f"{where}.{key}: unknown key; use {', '.join(sorted(names))}")
    values = {}
    for name in names:
        if name not in table and name in optional:
            continue
        if name not in table:
            raise PdscopeError(f"{where}.{name} is missing; write the constants anew")
        values[name] = _read(hints[name], table[name], f"{where}.{name}")
    return cls(**values)


def _read(hint, raw, where):
    if is_dataclass(hint):
        return from_table(hint, raw, where)
    if get_origin(hint) is Mapping:
        inner = get_args(hint)[1]
        if not isinstance(raw, dict):
            raise PdscopeError(f"{where} = {raw!r}; use a table")
        return {key: _read(inner, value, f"{where}.{key}") for key, value in raw.items()}
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        many = inner[-1] is Ellipsis
        if not isinstance(raw, list) or not (many or len(raw) == len(inner)):
            raise PdscopeError(
                f"{where} = {raw!r}; use a list" + ("" if many else f" of {len(inner)}")
            )
        return tuple(_read(inner[0], each, where) for each in raw)
    if hint is float and type(raw) in (int, float) and 0 <= raw < float("inf"):
        return float(raw)
    if type(raw) is hint and hint in (int, str, bool):
        return raw
    wanted = {float: "a number from 0 up", int: "a whole number", str: "a text"}
    raise PdscopeError(f"{where} = {raw!r}; use {wanted.get(hint, 'true or false')}")


def read_file(cls, path):
    """The constants in one file; PdscopeError names the file and what is wrong in it."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PdscopeError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise PdscopeError(f"{path}: this is not TOML: {error}; correct it there") from None
    return from_table(cls, table, path.name)


@cache
def shipped(cls, kind: str) -> dict:
    """The shipped constants of a kind ("gpus", "fabrics", "steps", "transfers"), by file name."""
    paths = sorted((FOLDER / kind).glob("*.toml"))
    return {path.stem: read_file(cls, path) for path in paths}


def toml_text(value, *, head: str = "") -> str:
    """`value` as TOML, opened by the comment `head`."""
    lines = [f"# {line}" for line in head.splitlines()]
    _write(to_table(value), "", lines)
    return "\n".join(lines) + "\n"


def _write(table, prefix, lines):
    for key, value in table.items():
        if not isinstance(value, dict):
            lines.append(f"{key} = {_literal(value)}")
    for key, value in table.items():
        if isinstance(value, dict):
            name = f"{prefix}{_key(key)}"
            lines.extend(["", f"[{name}]"])
            _write(value, f"{name}.", lines)


def _key(key):
    return key if key.replace("_", "").replace("-", "").isalnum() else f'"{key}"'


def _literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if "." in f"{value:.6g}" or "e" in f"{value:.6g}" else f"{value:.1f}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(each) for each in value)}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)

"""The serving engines that a scenario may name, and what their releases charge for.

Beside those that ship there are those of the files that PDSCOPE_ENGINES lists.
"""

import os
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from gpu_catalog import Overlay, current_overlay
from gpu_catalog.names import NameIndex
from simcore.costs.constants import FOLDER, from_table, read_file, shipped
from simcore.costs.own_constants import own_name, release_in
from simcore.costs.provenance import Provenance
from simcore.costs.releases import ReleaseConstants
from simcore.errors import PdscopeError

ENGINES_FILE = FOLDER / "engines.toml"
# What messages call constants that lie over the catalog.
OWN = "own constants"
MOST_OVERLAID = 64
ENGINES_VARIABLE = "PDSCOPE_ENGINES"

KERNELS_ALONE = ReleaseConstants(
    engine="kernels alone",
    versions=(),
    calibrated=True,
    launches=1.0,
    products_bf16=1.0,
    products_fp8=1.0,
    products_fp4=1.0,
    attention=1.0,
    experts=1.0,
    collectives=1.0,
    small=1.0,
    prefill=1.0,
    step_s=0.0,
    expert_layer_s=0.0,
    norm_layer_s=0.0,
    latent_layer_s=0.0,
    sequence_s=0.0,
    launch_layer_s=0.0,
    eager_layer_s=0.0,
    request_s=0.0,
    tokens_per_step=1.0,
    budget=0,
    provenance=Provenance(measurements="", rows=0, fitted="", error={}),
)
"""No engine: every kernel as it was measured by itself, and nothing around it."""


@dataclass(frozen=True, kw_only=True)
class ServingEngine:
    """A release that users name.

    Attributes
    ----------
    aliases : other names
    release : its constants
    """

    name: str
    aliases: tuple[str, ...]
    release: ReleaseConstants


@dataclass(frozen=True)
class _Entry:
    """What `NameIndex` indexes.

    Attributes
    ----------
    where : what to blame for a name that is taken
    """

    item: ServingEngine
    where: str


def engine_names() -> tuple[str, ...]:
    """Names of all engines, in the order in which they are offered; kernels alone last."""
    return tuple(engine.name for engine in _known().items)


def engine_name(text: str) -> str | None:
    """The name of the engine that `text` is a spelling or an alias of; None if there is none."""
    engine = _known().get(text)
    return engine and engine.name


def nearest_engine(text: str) -> str | None:
    """The name of the engine that is spelt most like `text`; None if none is."""
    return _known().closest(text)


def serving_engine(name: str) -> ServingEngine:
    """The engine of that name; raises PdscopeError where there is none."""
    engine = _known().get(name)
    if engine is None:
        raise PdscopeError(f"unknown engine {name!r}; use one of {', '.join(engine_names())}")
    return engine


def add_constants_file(path) -> str:
    """Let scenarios of this process, and of those that it starts, name the constants in a file.

    Returns the engine's name, which is made from the file's. Raises PdscopeError, naming file, key
    and remedy, where it holds no constants of a serving engine.
    """
    path = Path(path).resolve()
    known = user_constants_files()
    others = [each for each in known if each != path]
    name = _own_name(path)
    if name in map(_own_name, others):
        raise PdscopeError(f"{path}: another file of constants has that name; rename one of them")
    _read_own(path)
    os.environ[ENGINES_VARIABLE] = os.pathsep.join(map(str, [*others, path]))
    _shipped.cache_clear()
    _overlaid.cache_clear()
    return name


def user_constants_files() -> tuple[Path, ...]:
    """The files that PDSCOPE_ENGINES lists."""
    named = os.environ.get(ENGINES_VARIABLE, "")
    return tuple(Path(each) for each in named.split(os.pathsep) if each)


def _own_name(path):
    return f"own {path.stem}"


def _read_own(path) -> ReleaseConstants:
    try:
        return read_file(ReleaseConstants, path)
    except PdscopeError as error:
        raise PdscopeError(
            f"{error}. A scenario's engine takes what `pdscope calibrate` has fitted to TTFT and "
            "TPOT at concurrency"
        ) from None


def _known() -> NameIndex:
    added = current_overlay()
    return _overlaid(added) if added is not None and added.engines else _shipped()


@lru_cache(maxsize=MOST_OVERLAID)
def _overlaid(added: Overlay) -> NameIndex:
    *listed, alone = _shipped().entries
    for text in added.engines:
        release = release_in(text, OWN)
        engine = ServingEngine(name=own_name(release), aliases=(), release=release)
        if NameIndex([*listed, alone]).get(engine.name) is not None:
            raise PdscopeError(
                f"{OWN}: engine = {release.engine!r} is there already; give it another name"
            )
        listed.append(_Entry(engine, OWN))
    return NameIndex([*listed, alone])


@cache
def _shipped() -> NameIndex:
    releases = shipped(ReleaseConstants, "releases")
    where = ENGINES_FILE.name
    table = tomllib.loads(ENGINES_FILE.read_text(encoding="utf-8"))
    entries = []
    for raw in table["engine"]:
        listed = from_table(_Listed, {"aliases": [], **raw}, where)
        if listed.constants not in releases:
            raise PdscopeError(
                f"{where}: {listed.name}: constants = {listed.constants!r} is no file of releases/;"
                f" use one of {', '.join(releases)}"
            )
        engine = ServingEngine(
            name=listed.name,
            aliases=_spellings(listed, releases[listed.constants]),
            release=releases[listed.constants],
        )
        entries.append(_Entry(engine, where))
    for path in user_constants_files():
        name, release = _own_name(path), _read_own(path)
        entries.append(_Entry(ServingEngine(name=name, aliases=(), release=release), str(path)))
    alone = ServingEngine(name=KERNELS_ALONE.engine, aliases=("none",), release=KERNELS_ALONE)
    entries.append(_Entry(alone, where))
    return NameIndex(entries)


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """An entry of the file of engines."""

    name: str
    aliases: tuple[str, ...]
    constants: str


def _spellings(listed, release):
    """With each version that the constants stand for, as tables of measurements write it."""
    versions = (f"{release.engine} {version}" for version in release.versions if version)
    return (*listed.aliases, listed.constants, *versions)

"""Topologies of one's own: files in the catalog's folder `topologies`, and others that are named.

Files beside the folder are listed in PDSCOPE_TOPOLOGIES, which child processes inherit.
"""

import os
from functools import lru_cache
from pathlib import Path

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.reading import text_of
from simcore.topologies.base import TOPOLOGIES
from simcore.topologies.custom import CustomTopology
from simcore.topologies.drawing import MOST_BYTES, drawing_in

MOST_SETS = 8


def load_topology(path: str | Path) -> str:
    """Let scenarios of this process, and of those it starts, name the topology in a TOML file.

    Returns the topology's name. Raises ScenarioError, naming
    file, place and remedy, where it holds none, or one whose name another has.
    """
    path = Path(path).resolve()
    name = _read(path).drawing.name
    variable = gpu_catalog.TOPOLOGIES_VARIABLE
    before = os.environ.get(variable, "")
    known = [each for each in before.split(os.pathsep) if each]
    os.environ[variable] = os.pathsep.join(dict.fromkeys([*known, str(path)]))
    try:
        own_topologies()
    except ScenarioError:
        os.environ[variable] = before
        raise
    return name


@TOPOLOGIES.also
def own_topologies() -> dict[str, CustomTopology]:
    """By name, what builds the user's topologies, in the order of their files.

    A file that has changed is read anew. Raises ScenarioError for the first one that holds none.
    """
    return _named(tuple((path, _stamp(path)) for path in gpu_catalog.user_topology_files()))


def topology_digest(name: str) -> str:
    """Of what the file of a topology says; "" for one that ships.

    Whoever keeps results by name keeps them by this, too: a file may change, and another may take
    its name.
    """
    return "" if name in TOPOLOGIES.registered else TOPOLOGIES[name].drawing.digest


def _stamp(path):
    try:
        status = path.stat()
    except OSError:
        return None  # whoever reads it says so
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=MOST_SETS)
def _named(files):
    found: dict[str, CustomTopology] = {}
    for path, _ in files:
        topology = _read(path)
        name = topology.drawing.name
        if name in found or name in TOPOLOGIES.registered:
            raise ScenarioError(
                f"{path}: a topology is called {name!r} already; give it another name",
                field="topology",
            )
        found[name] = topology
    return found


def _read(path):
    try:
        text = text_of(path, MOST_BYTES)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}", field="topology") from None
    return CustomTopology(drawing_in(text, str(path)))

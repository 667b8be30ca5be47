"""The user's own folder of the catalog: GPUs, models and links beside those that ship."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from gpu_catalog.errors import CatalogError
from gpu_catalog.huggingface import model_file
from gpu_catalog.parse import Entry, parse_folder
from gpu_catalog.schema import GPU, LLM, Link

FOLDER_VARIABLE = "PDSCOPE_CATALOG"
MODELS_VARIABLE = "PDSCOPE_MODELS"
TOPOLOGIES_VARIABLE = "PDSCOPE_TOPOLOGIES"
TOPOLOGIES_FOLDER = "topologies"
FOLDERS = {"gpus": GPU, "llms": LLM, "links": Link}


def user_folder() -> Path | None:
    """The folder that PDSCOPE_CATALOG names, else ~/.config/pdscope/catalog if there is one.

    Raises CatalogError where PDSCOPE_CATALOG names no folder.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        usual = Path.home() / ".config" / "pdscope" / "catalog"
        return usual if usual.is_dir() else None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise CatalogError(
            f"{FOLDER_VARIABLE} = {named!r} is no folder; create it, or unset the variable"
        )
    return folder


def user_files() -> tuple[Path, ...]:
    """Every file that adds to the catalog, in order."""
    folder = user_folder()
    files = list(_model_files())
    if folder is not None:
        for name in FOLDERS:
            files += sorted((folder / name).glob("*.toml"))
        files += _configs(folder)
    files += user_topology_files()
    return tuple(files)


def user_topology_files() -> tuple[Path, ...]:
    """The files of topologies in the folder, and those that PDSCOPE_TOPOLOGIES lists.

    What they say is not for the catalog to know.
    """
    folder = user_folder()
    files = sorted((folder / TOPOLOGIES_FOLDER).glob("*.toml")) if folder is not None else []
    named = os.environ.get(TOPOLOGIES_VARIABLE, "").split(os.pathsep)
    return tuple(dict.fromkeys([*files, *(Path(each) for each in named if each)]))


@cache
def user_entries() -> tuple[Entry, ...]:
    """All that the user's folder and PDSCOPE_MODELS hold, or nothing.

    Raises CatalogError, naming file, key and remedy, for the first file that cannot be read.
    """
    entries = [model_file(path) for path in _model_files()]
    folder = user_folder()
    if folder is None:
        return tuple(entries)
    for path in sorted(folder.glob("*.toml")):
        raise CatalogError(
            f"{path}: lies beside the folders {', '.join((*FOLDERS, TOPOLOGIES_FOLDER))}; move it "
            "into one of them"
        )
    for name, cls in FOLDERS.items():
        entries += parse_folder(cls, folder / name, called=str(folder / name))
    entries += [model_file(path) for path in _configs(folder)]
    return tuple(entries)


@contextmanager
def remembered_model_file(path: Path) -> Iterator[str]:
    """Its model's name; the file is in PDSCOPE_MODELS, unless the block raises.

    Child processes inherit the variable. Raises CatalogError where the file holds no model.
    """
    name = model_file(path).item.name
    before = os.environ.get(MODELS_VARIABLE, "")
    known = [str(each) for each in _model_files()]
    if str(path) not in known:
        os.environ[MODELS_VARIABLE] = os.pathsep.join([*known, str(path)])
    try:
        yield name
    except CatalogError:
        os.environ[MODELS_VARIABLE] = before
        user_entries.cache_clear()
        raise


def _model_files():
    named = os.environ.get(MODELS_VARIABLE, "")
    return [Path(each) for each in named.split(os.pathsep) if each]


def _configs(folder):
    """Configuration files of models: in the folder, in its llms/, or in folders of their own."""
    patterns = ("*.json", "*/config.json", "llms/*.json", "llms/*/config.json")
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    return list(dict.fromkeys(found))

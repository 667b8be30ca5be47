"""The user's own folder of the catalog: GPUs, models and links beside those that ship."""

import os
from functools import cache
from pathlib import Path

from gpu_catalog.errors import CatalogError
from gpu_catalog.huggingface import model_file
from gpu_catalog.parse import Entry, parse_folder
from gpu_catalog.schema import GPU, LLM, Link

FOLDER_VARIABLE = "PDSCOPE_CATALOG"
MODELS_VARIABLE = "PDSCOPE_MODELS"
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
    return tuple(files)


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
            f"{path.name}: lies in {folder} itself; move it into {', '.join(FOLDERS)} there"
        )
    for name, cls in FOLDERS.items():
        entries += parse_folder(cls, folder / name)
    entries += [model_file(path) for path in _configs(folder)]
    return tuple(entries)


def add_model_file(path: str | Path) -> str:
    """Let this process and those it starts know the model of a config.json; returns its name.

    Raises CatalogError where it is none.
    """
    path = Path(path).resolve()
    name = model_file(path).item.name
    known = [str(each) for each in _model_files()]
    if str(path) not in known:
        os.environ[MODELS_VARIABLE] = os.pathsep.join([*known, str(path)])
    return name


def _model_files():
    named = os.environ.get(MODELS_VARIABLE, "")
    return [Path(each) for each in named.split(os.pathsep) if each]


def _configs(folder):
    """Configuration files of models: in the folder, in its llms/, and one folder deeper."""
    patterns = ("*.json", "llms/*.json", "llms/*/*.json")
    return [path for pattern in patterns for path in sorted(folder.glob(pattern))]

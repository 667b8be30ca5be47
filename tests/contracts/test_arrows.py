"""The direction of the arrows: app -> simcore -> gpu_catalog, and the rooms inside simcore."""

import re
import sys

import pytest

from tests.contracts.imports import violations

SHARED = ("simcore.errors", "simcore.parameters", "simcore.registry", "simcore.units")
NUMBERS = ("numpy", "pandas")

# Whatever is not named here is refused: torch, for one, and in simcore Plotly, Dash and Flask.
ROOMS = {
    "gpu_catalog": (),
    "simcore.errors": (),
    "simcore.units": (),
    "simcore.reading": ("simcore.errors",),
    "simcore.registry": ("simcore.errors",),
    "simcore.parameters": ("simcore.errors", "simcore.units"),
    "simcore.engine": ("simcore.errors", "simcore.units", "gpu_catalog", *NUMBERS),
    "simcore.costs": (*SHARED, "simcore.engine", "gpu_catalog", *NUMBERS),
    "simcore.topologies": (
        *(*SHARED, "simcore.reading", "simcore.engine", "gpu_catalog"),
        *NUMBERS,
    ),
    "simcore.collectives": (*SHARED, "simcore.engine", *NUMBERS),
    "simcore.pipelines": (
        *SHARED,
        *("simcore.engine", "simcore.costs", "simcore.topologies", "gpu_catalog"),
        "simcore.collectives",
        *NUMBERS,
    ),
    "simcore.serving": (
        *(*SHARED, "simcore.engine", "simcore.costs", "simcore.topologies"),
        *("simcore.pipelines", "simcore.collectives", "simcore.reading", "gpu_catalog"),
        *NUMBERS,
    ),
    # The file of a cluster is read as that of a batch is.
    "simcore.serving.scenario": (
        *(*SHARED, "simcore", "simcore.serving", "simcore.costs", "simcore.topologies"),
        *("gpu_catalog", "yaml"),
    ),
    "simcore.serving.results": (
        *(*SHARED, "simcore", "simcore.serving", "simcore.serving.scenario", "simcore.executors"),
        *("gpu_catalog", "pyarrow", *NUMBERS),
    ),
    # What a scenario is made of, field by field.
    "simcore.fields": (
        *SHARED,
        *("simcore.collectives", "simcore.costs", "simcore.topologies", "gpu_catalog"),
    ),
    # scenario, run, sweep and metrics: on top of those.
    "simcore": (
        *SHARED,
        *("simcore.engine", "simcore.costs", "simcore.topologies", "simcore.pipelines"),
        *("simcore.executors", "simcore.commands", "simcore.fields", "simcore.reading"),
        *("gpu_catalog", "yaml"),
        *NUMBERS,
    ),
    # What alone may reach for the disk, for other machines, and for formats of files.
    "simcore.cell_cache": (
        *("simcore", "simcore.errors", "simcore.topologies", "gpu_catalog", "diskcache"),
    ),
    "simcore.executors": ("simcore", "simcore.errors", "distributed"),
    "simcore.exports": (
        *("simcore", "simcore.engine", "simcore.errors", "simcore.units", "pyarrow"),
        *NUMBERS,
    ),
    # On top of run: it runs what it compares with.
    "simcore.explain": (
        *SHARED,
        *("simcore", "simcore.costs", "simcore.topologies", "simcore.pipelines", "gpu_catalog"),
        *("simcore.engine", *NUMBERS),
    ),
    # From measurements to constants and back; the one room that fits.
    "simcore.calibration": (*SHARED, "simcore.costs", "gpu_catalog", "scipy", *NUMBERS),
    # Distributed algorithms. Torch is behind one file, which only what cannot do without may open;
    # the core reaches for it when somebody hands it a tensor or asks for real processes.
    "simcore.distributed": (
        *(*SHARED, "simcore.reading", "simcore.engine", "simcore.costs", "simcore.topologies"),
        *("simcore.distributed.trace", "simcore.distributed.with_torch"),
        *("simcore.distributed.deployed", "gpu_catalog", *NUMBERS),
    ),
    "simcore.distributed.with_torch": ("simcore.distributed", "torch", "numpy"),
    "simcore.distributed.trace": (
        *("simcore.distributed", "simcore.engine", "simcore.errors", "simcore.units"),
        *("simcore.exports", "pyarrow", *NUMBERS),
    ),
    "simcore.distributed.deployed": (
        *("simcore.distributed", "simcore.distributed.with_torch", "simcore.distributed.trace"),
        *("simcore.errors", *NUMBERS),
    ),
    "simcore.distributed.shim": (
        *("simcore.distributed", "simcore.distributed.with_torch", "simcore.distributed.trace"),
        *("simcore.errors", *NUMBERS),
    ),
    "simcore.distributed.algorithms": (
        *(*SHARED, "simcore.costs", "simcore.distributed", "simcore.distributed.with_torch"),
        *("simcore.distributed.models", "gpu_catalog", *NUMBERS),
    ),
    "simcore.distributed.models": (
        *(*SHARED, "simcore.costs", "simcore.distributed", "simcore.distributed.with_torch"),
        *("gpu_catalog", *NUMBERS),
    ),
    # From times of real messages to constants of the network; it fits, too.
    "simcore.distributed.measuring": (
        *(*SHARED, "simcore.costs", "simcore.distributed", "simcore.distributed.trace"),
        *("simcore.distributed.deployed", "simcore.reading", "scipy", *NUMBERS),
    ),
    "simcore.commands": (
        *("simcore", "simcore.cell_cache", "simcore.executors", "simcore.explain"),
        *("simcore.calibration", "simcore.costs", "simcore.topologies"),
        *("simcore.exports", "simcore.reading", *SHARED, "gpu_catalog", *NUMBERS),
        *("simcore.serving", "simcore.serving.scenario", "simcore.serving.results"),
        *("simcore.distributed", "simcore.distributed.algorithms"),
        *("simcore.distributed.measuring", "simcore.distributed.trace"),
        "simcore.distributed.shim",
    ),
    # Pure functions from tables to figures: nothing of ours but one another.
    "app.figures": ("plotly", *NUMBERS),
    "app": (
        *("app.figures", "assets", "gpu_catalog", *NUMBERS),
        *("dash", "dash_mantine_components", "flask", "gunicorn", "plotly", "werkzeug"),
    ),
    "assets": (),
}
# Pages are for everybody, torch is not.
ONLY_WITH_TORCH = (
    *("simcore.distributed.with_torch", "simcore.distributed.deployed"),
    "simcore.distributed.shim",
)
# The standard library is open to all, and to app every room of simcore that needs no torch.
MAY_IMPORT = {room: (*allowed, *sys.stdlib_module_names) for room, allowed in ROOMS.items()}
MAY_IMPORT["app"] += tuple(
    room for room in ROOMS if room.startswith("simcore") and room not in ONLY_WITH_TORCH
)


def test_every_import_follows_the_arrows(repository):
    assert violations(repository, MAY_IMPORT) == []


def test_every_folder_of_simcore_is_a_room(repository):
    """A new folder gets a row in the table, lest it may import everything."""
    folders = {f"simcore.{path.parent.name}" for path in repository.glob("simcore/*/__init__.py")}
    assert folders <= set(ROOMS)
    assert {"simcore.engine", "simcore.costs", "simcore.topologies", "simcore.pipelines"} <= folders


ALLOWED_TREE = {
    "gpu_catalog/__init__.py": "import tomllib",
    "simcore/__init__.py": "from simcore.run import run",
    "simcore/errors.py": "",
    "simcore/units.py": "",
    "simcore/run.py": "import yaml\nfrom simcore.pipelines import plan",
    "simcore/engine/__init__.py": "from .work import Job",
    "simcore/engine/work.py": "import numpy.linalg\nimport gpu_catalog\nfrom ..errors import E",
    "simcore/costs/__init__.py": "from simcore import units",
    "simcore/pipelines/plan.py": "from simcore.costs import x\nfrom simcore.engine import Job",
    "app/__init__.py": "",
    "app/shell.py": "import dash\nfrom app.figures import gantt\nfrom simcore.engine import Job",
    "app/figures/gantt.py": "import numpy as np\nfrom app.figures.palette import COLOURS",
}


def write(root, tree):
    for name, source in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)


def test_the_checker_accepts_what_is_allowed(tmp_path):
    write(tmp_path, ALLOWED_TREE)
    assert violations(tmp_path, MAY_IMPORT) == []


@pytest.mark.parametrize(
    ("file", "source", "culprit"),
    [
        ("gpu_catalog/load.py", "from simcore.errors import E", "simcore.errors"),
        ("gpu_catalog/load.py", "import app", "app"),
        ("simcore/run.py", "import app.shell", "app.shell"),
        ("simcore/run.py", "import plotly.graph_objects as go", "plotly.graph_objects"),
        ("simcore/run.py", "from dash import dcc", "dash"),
        ("simcore/run.py", "import flask", "flask"),
        ("simcore/run.py", "def f():\n    import torch", "torch"),
        ("simcore/run.py", "import importlib\nimportlib.import_module('torch')", "torch"),
        ("simcore/errors.py", "from simcore.engine.work import Job", "simcore.engine.work"),
        ("simcore/engine/work.py", "from simcore.costs import x", "simcore.costs"),
        ("simcore/engine/work.py", "from simcore import costs", "simcore.costs"),
        ("simcore/engine/work.py", "from simcore import run", "simcore.run"),
        ("simcore/engine/work.py", "from .. import run", "simcore.run"),
        ("simcore/engine/__init__.py", "from ..pipelines.plan import p", "simcore.pipelines.plan"),
        ("simcore/costs/__init__.py", "from simcore.pipelines.plan import p", "simcore.pipelines"),
        ("simcore/costs/__init__.py", "from simcore import Scenario", "simcore"),
        ("simcore/topologies/a.py", "from simcore.costs import x", "simcore.costs"),
        ("simcore/pipelines/plan.py", "from simcore.run import run", "simcore.run"),
        ("simcore/distributed/network.py", "import torch", "torch"),
        ("simcore/distributed/deployed/a.py", "import torch.distributed as d", "torch.distributed"),
        ("simcore/distributed/models/a.py", "from torch import nn", "torch"),
        (
            "simcore/distributed/shim/a.py",
            "import importlib as i\ni.import_module('torch')",
            "torch",
        ),
        ("simcore/distributed/trace/a.py", "from ..with_torch import torch", "simcore.distributed"),
        ("simcore/engine/work.py", "from simcore.distributed import star", "simcore.distributed"),
        ("app/figures/gantt.py", "from simcore import run", "simcore.run"),
        ("app/figures/gantt.py", "from app.shell import create_app", "app.shell"),
        ("app/figures/gantt.py", "import dash", "dash"),
        ("app/shell.py", "import torch", "torch"),
        ("app/shell.py", "import simcore.distributed.with_torch", "simcore.distributed.with_torch"),
    ],
)
def test_the_checker_refuses_what_turns_an_arrow_round(tmp_path, file, source, culprit):
    write(tmp_path, ALLOWED_TREE | {file: source})
    [line] = violations(tmp_path, MAY_IMPORT)
    assert line.startswith(f"{file}:") and f"must not import {culprit}" in line


# Addresses a page may hold: names of XML vocabularies, which nothing ever fetches, and itself.
HARMLESS = ("www.w3.org/", "127.0.0.1", "localhost", "{")
ADDRESS = re.compile(r"""https?://(?P<scheme>[^\s"'`)>]*)|["'(=]//(?P<bare>[\w-]+\.[^\s"'`)>]*)""")


def foreign_addresses(text: str) -> list[str]:
    found = (match["scheme"] or match["bare"] or "" for match in ADDRESS.finditer(text))
    return [address for address in found if not address.startswith(HARMLESS)]


def test_no_page_refers_to_another_host(repository):
    files = [path for room in ("app", "assets") for path in (repository / room).rglob("*")]
    texts = [path for path in files if path.suffix in {".py", ".js", ".css", ".svg", ".html"}]
    assert texts
    found = {path: foreign_addresses(path.read_text(encoding="utf-8")) for path in texts}
    assert {path: addresses for path, addresses in found.items() if addresses} == {}


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/x.js">',
        '<script src="//cdn.example.org/x.js">',
        "@import url(//fonts.example.org/css);",
        "fetch('http://example.org')",
    ],
)
def test_an_address_of_another_host_is_seen(text):
    assert len(foreign_addresses(text)) == 1


def test_names_of_vocabularies_and_oneself_are_no_foreign_addresses():
    text = 'xmlns="http://www.w3.org/2000/svg" f"http://{host}:{port}" http://127.0.0.1:8050 // a.b'
    assert foreign_addresses(text) == []

"""Topologies of one's own by name: in the catalog's folder, or in a file that is named."""

import os
import shutil

import pytest

import gpu_catalog
from simcore import Scenario, ScenarioError
from simcore.cell_cache import CellCache
from simcore.sweep import Cell, run_cell
from simcore.topologies import TOPOLOGIES, load_topology
from tests.topologies.fleets import decode, fleet, prefill


@pytest.fixture(autouse=True)
def nothing_of_ones_own(monkeypatch, tmp_path):
    monkeypatch.setenv("PDSCOPE_CATALOG", str(tmp_path))
    monkeypatch.setenv(gpu_catalog.TOPOLOGIES_VARIABLE, "")
    gpu_catalog.reload()
    yield
    monkeypatch.undo()
    gpu_catalog.reload()


@pytest.fixture
def example(repository):
    return repository / "examples" / "topologies" / "two-servers.toml"


def test_a_file_in_the_catalogs_folder_is_known_by_its_name(tmp_path, example):
    assert "Two servers" not in TOPOLOGIES.names()
    with pytest.raises(ScenarioError, match="unknown topology 'Two servers'"):
        TOPOLOGIES["Two servers"]
    (tmp_path / "topologies").mkdir()
    path = shutil.copy(example, tmp_path / "topologies" / "mine.toml")
    assert TOPOLOGIES.names()[-1] == "Two servers"
    fabric = TOPOLOGIES["Two servers"](fleet(stages=1, ranks=2, nics=1))
    assert fabric.path(prefill(0), decode(1))
    assert Scenario(topology="Two servers").topology == "Two servers"
    # Results that were kept belong to what the file said then.
    assert path in gpu_catalog.user_files()


def test_a_named_file_is_known_to_this_process_and_those_it_starts(example):
    assert load_topology(example) == "Two servers"
    assert os.environ[gpu_catalog.TOPOLOGIES_VARIABLE] == str(example)
    assert load_topology(str(example)) == "Two servers"
    assert os.environ[gpu_catalog.TOPOLOGIES_VARIABLE] == str(example)
    assert "Two servers" in TOPOLOGIES.names()


def test_a_file_that_changes_is_another_topology(tmp_path, example):
    path = tmp_path / "elsewhere" / "mine.toml"
    path.parent.mkdir()
    path.write_text(example.read_text())
    load_topology(path)
    before = TOPOLOGIES["Two servers"]
    assert TOPOLOGIES["Two servers"] == before and hash(TOPOLOGIES["Two servers"]) == hash(before)
    path.write_text(example.read_text().replace("bandwidth_GBps = 23", "bandwidth_GBps = 12"))
    os.utime(path, ns=(1, 1))
    after = TOPOLOGIES["Two servers"]
    assert after != before
    made = [
        t(fleet(stages=1, ranks=2, nics=1)).path(prefill(0), decode(0)) for t in (before, after)
    ]
    assert [min(c.bandwidth_bps for c in path) for path in made] == [23e9, 12e9]


@pytest.mark.parametrize("name", ["reference", "Two servers"])
def test_a_name_is_taken_once(tmp_path, example, name):
    load_topology(example)
    other = tmp_path / "elsewhere" / "other.toml"
    other.parent.mkdir()
    other.write_text(example.read_text().replace('"Two servers"', f'"{name}"'))
    with pytest.raises(ScenarioError, match=f"other.toml: a topology is called '{name}' already"):
        load_topology(other)
    assert "Two servers" in TOPOLOGIES.names()


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ScenarioError, match=f"{path.name}: cannot be read") as refusal:
            load_topology(path)
        assert refusal.value.field == "topology"
    wrong = tmp_path / "wrong.toml"
    wrong.write_bytes(b"\xff")
    with pytest.raises(ScenarioError, match="not a UTF-8 text"):
        load_topology(wrong)
    assert os.environ[gpu_catalog.TOPOLOGIES_VARIABLE] == ""


def test_a_wrong_file_of_the_folder_is_told_by_whoever_asks(tmp_path):
    (tmp_path / "topologies").mkdir()
    (tmp_path / "topologies" / "bad.toml").write_text("name = 3")
    with pytest.raises(ScenarioError, match=r"bad\.toml: name = 3; use a text"):
        Scenario(topology="mine")
    # What ships is known without it.
    assert Scenario(topology="hgx-rail").topology == "hgx-rail"


def test_a_file_that_changes_finds_no_row_that_was_kept_for_what_it_said(tmp_path, example):
    path = tmp_path / "elsewhere" / "mine.toml"
    path.parent.mkdir()
    path.write_text(example.read_text())
    cell = Cell(Scenario(topology=load_topology(path), llm="LLaMA-3.1-8B", pp=2), ())
    cache = CellCache(tmp_path / "rows")
    cache.put(cell, run_cell(cell))
    assert cache.get(cell) is not None
    path.write_text(example.read_text().replace("bandwidth_GBps = 23", "bandwidth_GBps = 1"))
    assert cache.get(cell) is None
    cache.close()

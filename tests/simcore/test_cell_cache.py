"""Rows on disk: bit for bit what was computed, bounded, shared, and never worth a failure."""

import json
import logging
import math
import pickle
import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pandas as pd
import pytest

from simcore import Scenario, sweep
from simcore import cell_cache as module
from simcore.cell_cache import CellCache, cached_cell, default_cache
from simcore.provenance import digest_of
from simcore.sweep import Cell, cells, run_cell

BASE = Scenario(prompt_tokens=1024, chunk_tokens=256)
AXES = {"chunk_tokens": (256, 700, 2048), "pp": (1, 7, 300)}
GRID = cells(BASE, AXES)
CELL = Cell(BASE, (("pp", 7),))


class Counted(CellCache):
    """Counts what was found."""

    found = 0

    def get(self, cell, **keywords):
        row = super().get(cell, **keywords)
        self.found += row is not None
        return row


@pytest.fixture
def computed(monkeypatch):
    """The cells that were computed, for want of a row in the cache."""
    seen = []

    def noted(cell, **keywords):
        seen.append(cell)
        return run_cell(cell, **keywords)

    monkeypatch.setattr(module, "run_cell", noted)
    return seen


def bits(row):
    """What the row holds, to the last bit and type."""
    return [(name, type(value), value.hex() if type(value) is float else value)
            for name, value in row.items()]  # fmt: skip


def test_a_row_from_the_cache_is_the_row_that_was_computed(tmp_path, computed):
    cache = CellCache(tmp_path)
    first = [cached_cell(cell, cache) for cell in GRID]
    assert computed == GRID
    computed.clear()
    again = [cached_cell(cell, CellCache(tmp_path)) for cell in GRID]
    assert [bits(row) for row in again] == [bits(row) for row in first]
    assert [bits(row) for row in first] == [bits(run_cell(cell)) for cell in GRID]
    # Of what is not kept each is refused before anything is simulated: PP 300 and M > T.
    assert all(row["outcome"] == "skipped" or row["pp"] == 300
               for row in map(run_cell, computed))  # fmt: skip
    assert {row["outcome"] for row in first} == {"done", "skipped", "infeasible"}


def test_no_cache_is_a_cache_too():
    assert bits(cached_cell(CELL, None)) == bits(run_cell(CELL))


def test_a_sweep_asks_before_it_computes(tmp_path):
    told = []
    cache = Counted(tmp_path)
    with ThreadPoolExecutor(2) as threads:
        plain = sweep(BASE, AXES, executor=threads)
        first = sweep(BASE, AXES, executor=threads, cache=cache)
        assert cache.found == 0
        again = sweep(BASE, AXES, executor=threads, cache=cache,
                      on_progress=lambda done, total: told.append((done, total)))  # fmt: skip
    pd.testing.assert_frame_equal(first, plain, check_exact=True)
    pd.testing.assert_frame_equal(again, plain, check_exact=True)
    assert cache.found == 4
    assert told == [(done, 9) for done in range(4, 10)]


def test_other_code_or_data_finds_nothing(tmp_path):
    cache = CellCache(tmp_path, digest="before")
    cache.put(CELL, run_cell(CELL))
    assert cache.get(CELL) is not None
    assert CellCache(tmp_path, digest="after").get(CELL) is None
    assert CellCache(tmp_path, digest="before").get(CELL) is not None


def test_the_digest_sees_every_change_of_code_and_data(tmp_path):
    (tmp_path / "code" / "room").mkdir(parents=True)
    source = tmp_path / "code" / "room" / "a.py"
    entry = tmp_path / "code" / "b.toml"
    source.write_text("x = 1")
    entry.write_text("y = 2")
    seen = {digest_of([tmp_path / "code"])}
    source.write_text("x = 2")
    seen.add(digest_of([tmp_path / "code"]))
    entry.write_text("y = 3")
    seen.add(digest_of([tmp_path / "code"]))
    entry.rename(entry.with_name("c.toml"))
    seen.add(digest_of([tmp_path / "code"]))
    (tmp_path / "code" / "d.py").touch()
    seen.add(digest_of([tmp_path / "code"]))
    assert len(seen) == 5
    (tmp_path / "code" / "notes.txt").touch()
    assert digest_of([tmp_path / "code"]) in seen


def test_a_bound_of_events_is_kept_though_more_was_computed_once(tmp_path):
    cache = CellCache(tmp_path)
    cache.put(CELL, run_cell(CELL))
    assert cache.get(CELL, max_events=10) is None
    row = cached_cell(CELL, cache, max_events=10)
    assert "more than 10" in row["reason"]
    assert cache.get(CELL)["outcome"] == "done"


def test_it_is_bounded(tmp_path):
    most = 200_000
    cache = CellCache(tmp_path, most_bytes=most)
    row = {**run_cell(CELL), "reason": "x" * 500, "outcome": "infeasible"}
    many = [Cell(BASE, (("prompt_tokens", tokens),)) for tokens in range(1024, 3024)]
    for cell in many:
        cache.put(cell, row)
    cache.close()
    # The journal of what is being written is not counted; it is empty once the file is closed.
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1.3 * most
    assert cache.get(many[0]) is None
    assert cache.get(many[-1]) is not None


def _fill(folder, seed):
    cache = CellCache(folder)
    grid = GRID if seed % 2 else GRID[::-1]
    return [bits(cached_cell(cell, cache)) for cell in grid for _ in range(20)]


def test_processes_and_threads_share_it(tmp_path, caplog):
    expected = [bits(run_cell(cell)) for cell in GRID for _ in range(20)]
    backwards = [bits(run_cell(cell)) for cell in GRID[::-1] for _ in range(20)]
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        found = list(processes.map(_fill, [tmp_path] * 4, range(4)))
    assert found == [backwards, expected, backwards, expected]
    cache = CellCache(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        for row in threads.map(lambda _: bits(cached_cell(CELL, cache)), range(40)):
            assert row == bits(run_cell(CELL))
    assert caplog.records == []


def _broken(folder):
    (folder / "cache.db").write_bytes(b"this is no database" * 1000)
    return folder


def _file_instead(folder):
    path = folder / "file"
    path.write_text("not a folder")
    return path / "cache"


def _foreign_database(folder):
    with sqlite3.connect(folder / "cache.db") as database:
        database.execute("CREATE TABLE Settings (key TEXT NOT NULL UNIQUE, value)")
        database.execute("INSERT INTO Settings VALUES ('disk_nonsense', 1)")
    return folder


@pytest.mark.parametrize("spoil", [_broken, _file_instead, _foreign_database])
def test_what_cannot_be_used_is_warned_of_once_and_done_without(tmp_path, caplog, spoil):
    cache = CellCache(spoil(tmp_path))
    with caplog.at_level(logging.WARNING):
        rows = [cached_cell(cell, cache) for cell in (CELL, CELL, *GRID)]
    assert [bits(row) for row in rows] == [bits(run_cell(cell)) for cell in (CELL, CELL, *GRID)]
    [record] = caplog.records
    assert "cannot be used" in record.getMessage()
    assert len(record.getMessage().splitlines()) == 1


def test_a_file_that_breaks_while_it_is_in_use_is_done_without(tmp_path, caplog):
    cache = CellCache(tmp_path)
    cached_cell(CELL, cache)
    cache.close()
    _broken(tmp_path)
    assert bits(cached_cell(CELL, cache)) == bits(run_cell(CELL))
    assert bits(cached_cell(CELL, cache)) == bits(run_cell(CELL))
    assert len(caplog.records) == 1


class Planted:
    """Unpickled, it would say so."""

    unpickled = False

    def __reduce__(self):
        return setattr, (Planted, "unpickled", True)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "{}",
        "[",
        "[" * 5000,
        7,
        b"\xff",
        '["done", [1.0, 2.0], ""]',
        '["done", [1.0, 2.0, NaN], ""]',
        '["done", ["1", "2", "3"], ""]',
        '["infeasible", null, 5]',
        '["done", null, ""]',
    ],
)
def test_a_value_that_was_tampered_with_is_computed_anew(tmp_path, value):
    cache = CellCache(tmp_path)
    cache.put(CELL, run_cell(CELL))
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("UPDATE Cache SET value = ?", (value,))
    assert bits(cached_cell(CELL, cache)) == bits(run_cell(CELL))
    assert cache.get(CELL) is not None


def test_a_pickle_that_was_planted_is_not_unpickled_and_no_other_file_is_touched(tmp_path):
    folder, other = tmp_path / "cache", tmp_path / "mine.txt"
    other.write_text("mine")
    cache = CellCache(folder, most_bytes=1)
    cache.put(CELL, run_cell(CELL))
    data = pickle.dumps(Planted())
    with sqlite3.connect(folder / "cache.db") as database:
        database.execute("UPDATE Cache SET value = ?, mode = 4, filename = '../mine.txt'", (data,))
    assert bits(cached_cell(CELL, cache)) == bits(run_cell(CELL))
    for pp in range(1, 8):
        cached_cell(Cell(BASE, (("pp", pp),)), cache)
    assert not Planted.unpickled
    assert other.read_text() == "mine"
    pickle.loads(data)
    assert Planted.unpickled  # it would have shown


def test_the_folder_is_chosen_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PDSCOPE_CACHE", str(tmp_path / "mine"))
    assert default_cache().folder == tmp_path / "mine"
    monkeypatch.setenv("PDSCOPE_CACHE", "")
    assert default_cache() is None
    monkeypatch.delenv("PDSCOPE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache().folder == tmp_path / "pdscope"
    for ignored in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        assert default_cache().folder == tmp_path / "home" / ".cache" / "pdscope"
    assert list(tmp_path.iterdir()) == []


def test_a_cell_takes_few_bytes(tmp_path):
    cache = CellCache(tmp_path)
    grid = cells(BASE, {"prompt_tokens": range(1024, 1224)})
    row = run_cell(CELL)
    for cell in grid:
        cache.put(cell, row)
    cache.close()
    [path] = tmp_path.iterdir()
    assert path.stat().st_size / len(grid) < 600


def test_what_is_kept_is_json(tmp_path):
    CellCache(tmp_path).put(CELL, run_cell(CELL))
    with sqlite3.connect(tmp_path / "cache.db") as database:
        [(value,)] = database.execute("SELECT value FROM Cache").fetchall()
    outcome, results, reason = json.loads(value)
    assert (outcome, reason) == ("done", "")
    assert all(math.isfinite(result) for result in results)

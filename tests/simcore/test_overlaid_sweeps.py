"""Sweeps over a catalog that somebody has added to: in other processes, and in the cache."""

from dataclasses import replace

import gpu_catalog
from gpu_catalog import Overlay, overlay
from gpu_catalog.parse import Entry
from simcore import Scenario, run, sweep
from simcore.cell_cache import CellCache, cached_cell
from simcore.executors.local import processes
from simcore.sweep import cells, run_cell

H100 = gpu_catalog.gpu("NVIDIA H100")


def faster(factor):
    mine = replace(H100, name="My GPU", aliases=(), bandwidth=factor * H100.bandwidth)
    return Overlay([Entry(mine, "mine.toml")])


def base():
    return Scenario(prefill_gpu="My GPU", prompt_tokens=1024)


def test_a_cell_is_run_by_what_lay_over_the_catalog_when_it_was_made():
    with overlay(faster(1.0)):
        plain = cells(base(), {"pp": (8,)})
    with overlay(faster(0.5)):
        slow = cells(base(), {"pp": (8,)})
        assert run_cell(plain[0])["ttds_s"] < run_cell(slow[0])["ttds_s"]
    assert run_cell(plain[0])["ttds_s"] == run(Scenario(prompt_tokens=1024)).metrics.ttds_s


def test_other_processes_give_the_same_table():
    axes = {"pp": (6, 8)}
    with overlay(faster(0.5)):
        here = sweep(base(), axes)
        with processes(1) as elsewhere:
            assert sweep(base(), axes, executor=elsewhere).equals(here)
    assert (here.outcome == "done").all()


def test_the_cache_knows_whose_item_it_was(tmp_path):
    cache, rows = CellCache(tmp_path), []
    for factor in (1.0, 0.5, 1.0):
        with overlay(faster(factor)):
            [cell] = cells(base(), {"pp": (8,)})
        rows.append(cached_cell(cell, cache))
        assert cache.get(cell) == rows[-1]
    assert rows[0] == rows[2] != rows[1]


def test_a_link_that_is_replaced_counts_in_the_next_run_and_not_after_it():
    scenario = Scenario(prompt_tokens=1024)
    before = run(scenario).metrics.ttds_s
    lane = replace(gpu_catalog.link("PCIe Gen5 x16"), bandwidth_range=(1e9, 1e9))
    with overlay(Overlay([Entry(lane, "slow.toml", replaces=True)])):
        assert run(scenario).metrics.ttds_s > 2 * before
    assert run(scenario).metrics.ttds_s == before

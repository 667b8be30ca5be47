"""A sweep is a table: a row a cell, in order, the same whoever runs it."""

import math
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pandas as pd
import pytest

import gpu_catalog
from simcore import SWEEPS, Scenario, ScenarioError, run, sweep
from simcore.sweep import MOST_CELLS, RESULTS, Cell, cells, run_cell, table

BASE = Scenario(prompt_tokens=1024, chunk_tokens=256)
AXES = {"chunk_tokens": (256, 700, 2048), "prompt_tokens": (512, 1500)}


class Inline(Executor):
    """Runs everything at once, in the caller's thread."""

    def __init__(self):
        self.submitted = 0

    def submit(self, function, /, *arguments, **keywords):
        self.submitted += 1
        future = Future()
        try:
            future.set_result(function(*arguments, **keywords))
        except Exception as error:
            future.set_exception(error)
        return future


class Idle(Executor):
    """Never runs anything but the first."""

    def __init__(self):
        self.futures = []

    def submit(self, function, /, *arguments, **keywords):
        future = Future()
        if not self.futures:
            future.set_result(function(*arguments, **keywords))
        self.futures.append(future)
        return future


def test_a_cell_s_results_are_those_of_its_run():
    found = sweep(BASE, AXES, executor=Inline())
    columns = ["chunk_tokens", "prompt_tokens", *RESULTS, "outcome", "reason"]
    assert list(found.columns) == columns
    points = [(m, t) for m in AXES["chunk_tokens"] for t in AXES["prompt_tokens"]]
    assert list(zip(found.chunk_tokens, found.prompt_tokens, strict=True)) == points
    for row in found.itertuples():
        if row.chunk_tokens > row.prompt_tokens:
            assert row.outcome == "skipped"
            assert row.reason.startswith("skipped: chunk longer than the prompt (M = ")
            assert all(math.isnan(getattr(row, name)) for name in RESULTS)
        else:
            scenario = BASE.replace(chunk_tokens=row.chunk_tokens, prompt_tokens=row.prompt_tokens)
            metrics = run(scenario).metrics
            for name in RESULTS:
                assert getattr(row, name) == getattr(metrics, name)
            assert (row.outcome, row.reason) == ("done", "")


def test_every_executor_gives_the_same_table():
    expected = sweep(BASE, AXES, executor=Inline())
    with ThreadPoolExecutor(2) as threads:
        pd.testing.assert_frame_equal(
            sweep(BASE, AXES, executor=threads), expected, check_exact=True
        )
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        found = sweep(BASE, AXES, executor=processes)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    # Its own processes, and it does not matter how many there are.
    pd.testing.assert_frame_equal(sweep(BASE, AXES), expected, check_exact=True)


def test_a_lent_executor_is_not_shut_down():
    with ThreadPoolExecutor(1) as threads:
        sweep(BASE, {"pp": (8,)}, executor=threads)
        assert threads.submit(int, "7").result() == 7


def test_progress_is_told_cell_by_cell():
    told = []
    sweep(BASE, AXES, executor=Inline(), on_progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 6) for n in range(1, 7)]


def test_an_error_cancels_what_has_not_begun():
    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    idle = Idle()
    with pytest.raises(Stop):
        sweep(BASE, AXES, executor=idle, on_progress=stop)
    assert len(idle.futures) == 6
    assert all(future.cancelled() for future in idle.futures[1:])


def test_a_sweep_has_a_largest_number_of_cells():
    side = math.isqrt(MOST_CELLS)
    assert len(cells(BASE, {"pp": range(1, side + 1), "batch_size": range(1, side + 1)})) == side**2
    inline = Inline()
    with pytest.raises(ScenarioError, match="20,001 cells, more than 20,000"):
        sweep(BASE, {"prompt_tokens": range(1, MOST_CELLS + 2)}, executor=inline)
    assert inline.submitted == 0


def test_axes_that_make_no_sense_are_refused_before_anything_runs():
    inline = Inline()
    with pytest.raises(ScenarioError, match="unknown axis 'speed'"):
        sweep(BASE, {"speed": (1,)}, executor=inline)
    with pytest.raises(ScenarioError, match="pp has no values") as caught:
        sweep(BASE, {"pp": ()}, executor=inline)
    assert caught.value.field == "pp"
    assert inline.submitted == 0


def test_an_infeasible_cell_says_why():
    found = sweep(BASE, {"pp": (1, 8, 300)}, executor=Inline())
    assert "does not fit" in found.reason[0]
    assert found.reason[1] == ""
    assert "pp = 300 is out of range" in found.reason[2]
    assert found.ttds_s.isna().tolist() == [True, False, True]
    assert found.outcome.tolist() == ["infeasible", "done", "infeasible"]


def test_a_cell_that_takes_too_long_is_infeasible():
    row = run_cell(Cell(BASE, (("pp", 8),)), max_events=10)
    assert row["outcome"] == "infeasible"
    assert "more than 10" in row["reason"]


def test_axes_of_names_are_swept_too():
    found = sweep(BASE, {"prefill_gpu": ("NVIDIA H100", "NVIDIA H200")}, executor=Inline())
    assert list(found.prefill_gpu) == ["NVIDIA H100", "NVIDIA H200"]


def test_rows_in_slices_make_the_same_table():
    """As the page asks for them: cells, some at a time."""
    grid = cells(BASE, AXES)
    rows = [run_cell(cell) for cell in grid[:4]] + [run_cell(cell) for cell in grid[4:]]
    pd.testing.assert_frame_equal(table(rows), sweep(BASE, AXES, executor=Inline()))


def test_the_named_sweeps_are_those_of_the_specification():
    mt, ppt = SWEEPS["mt"], SWEEPS["ppt"]
    assert (mt.x, mt.y) == ("chunk_tokens", "prompt_tokens")
    assert mt.axes["chunk_tokens"] == tuple(range(64, 2049, 128))
    assert mt.axes["prompt_tokens"] == ppt.axes["prompt_tokens"] == tuple(range(1024, 8193, 1024))
    assert (ppt.x, ppt.y, ppt.base.chunk_tokens) == ("pp", "prompt_tokens", 320)
    assert ppt.axes["pp"] == tuple(range(1, 9))
    assert (mt.filename, ppt.filename) == ("M_T_TTDS_sweep_3d", "PP_T_TTDS_sweep_3d")
    assert len(cells(mt.base, mt.axes)) == 16 * 8
    assert len(cells(ppt.base, ppt.axes)) == 64


def test_the_sweep_of_gpus_has_every_pair_of_those_compared_first_in_the_order_of_the_options():
    plan = SWEEPS["gpus"]
    names = gpu_catalog.COMPARED_GPUS
    assert names == tuple(gpu.name for gpu in gpu_catalog.gpus() if gpu.name in names)
    assert len(names) == 12
    assert (plan.x, plan.y) == ("decode_gpu", "prefill_gpu")
    assert plan.axes == {"decode_gpu": names, "prefill_gpu": names}
    pairs = [dict(cell.values) for cell in cells(plan.base, plan.axes)]
    assert len(pairs) == len(names) ** 2 == len({tuple(pair.items()) for pair in pairs})


def test_a_plan_says_which_of_its_axes_are_names():
    for plan in SWEEPS.values():
        for name in (plan.x, plan.y):
            assert plan.is_choice(name) == all(type(value) is str for value in plan.axes[name])
            assert plan.is_choice(name) == (plan.name == "gpus" or name.endswith("_gpu"))

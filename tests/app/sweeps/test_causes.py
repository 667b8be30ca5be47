"""Why cells cannot be run: told as facts, with what would let them."""

import pytest

from app.sweeps.causes import why
from simcore import Scenario, run
from simcore.sweep import cells, run_cell


def told(base, **axes):
    grid = cells(base, axes)
    return why(grid, [run_cell(cell) for cell in grid])


def test_where_all_fit_nothing_is_wrong():
    assert told(Scenario(), chunk_tokens=(256, 512)) == {"pools": [None, None], "lack": None}


def test_each_cell_names_the_pools_that_do_not_fit():
    base = Scenario(prompt_tokens=1024)
    assert told(base, pp=(1, 8), decode_pp=(1, 8))["pools"] == [
        ["prefill", "decode"], ["prefill"], ["decode"], None,
    ]  # fmt: skip


def test_skipped_cells_are_not_infeasible():
    assert told(Scenario(pp=1), chunk_tokens=(1024,), prompt_tokens=(512,))["pools"] == [None]


def test_what_else_is_wrong_is_no_lack_of_memory():
    found = told(Scenario(), pp=(81,), decode_pp=(8,))
    assert found == {"pools": [[]], "lack": None}


@pytest.mark.parametrize(
    ("base", "labels"),
    [
        (Scenario(pp=1), ["PP = 2", "TP = 2"]),
        (Scenario(pp=1, decode_pp=1), ["PP and decode PP = 2", "TP = 2"]),
        (Scenario(decode_pp=1), ["decode PP = 2", "TP = 2"]),
        (Scenario(batch_size=400), ["PP = 20", "TP = 4", "N = 170", "T = 2\u202f767"]),
    ],
)
def test_each_remedy_alone_is_enough_for_the_cell_that_lacks_most(base, labels):
    lack = told(base, chunk_tokens=(256,))["lack"]
    assert [remedy["label"] for remedy in lack["remedies"]] == labels
    assert lack["share"] > 1
    for remedy in lack["remedies"]:
        assert run(base.replace(**remedy["values"], output_tokens=1)).metrics.ttds_s > 0


def test_the_cell_that_lacks_most_decides():
    alone = told(Scenario(pp=2, batch_size=200), prompt_tokens=(8192,))["lack"]
    among = told(Scenario(pp=2, batch_size=200), prompt_tokens=(4096, 8192, 1024))["lack"]
    assert among == alone

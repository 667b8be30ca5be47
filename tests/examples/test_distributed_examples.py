"""The examples of distributed programs compute what they say they compute."""

import sys
from pathlib import Path

import numpy as np
import pytest

from simcore.distributed import ProgramFile, simulate

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "distributed"


class Alone:
    """One rank of several, as far as the inputs of that rank ask."""

    def __init__(self, rank, size):
        self.rank, self.size = rank, size


@pytest.fixture
def recurrence(monkeypatch):
    """The module of the examples."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import recurrence

    yield recurrence
    del sys.modules["recurrence"]


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("name", ["serial_scan", "parallel_scan"])
def test_a_scan_on_ranks_is_a_scan(name, ranks, recurrence):
    parts = [recurrence.my_part(Alone(rank, ranks)) for rank in range(ranks)]
    state, expected = np.zeros(recurrence.WIDTH), []
    for decay, x in parts:
        for place in range(len(x)):
            state = decay[place] * state + x[place]
        expected.append(state.sum())
    run = simulate(ProgramFile(str(FOLDER / f"{name}.py")), ranks)
    assert run.values == pytest.approx(expected, rel=1e-9)


def test_the_parallel_scan_pays_from_three_ranks_on():
    """Scan, fading and a quarter for the correction: 2.25 / ranks of the time of one rank."""
    serial, *parallel = (
        simulate(ProgramFile(str(FOLDER / f"{name}.py")), ranks).seconds
        for name, ranks in [("serial_scan", 4), ("parallel_scan", 2), ("parallel_scan", 4)]
    )
    assert parallel[0] > serial > 1.5 * parallel[1]

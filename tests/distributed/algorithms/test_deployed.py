"""The same programs on real processes give the same bits."""

from pathlib import Path

import pytest

from simcore.distributed import ProgramFile, simulate
from simcore.distributed.algorithms import ALGORITHMS

pytest.importorskip("torch", reason="real processes need torch")
from simcore.distributed import deploy

PROGRAM = ProgramFile(str(Path(__file__).with_name("all_of_them.py")))


@pytest.mark.parametrize("ranks", [2, 3])
def test_deployed_algorithms_give_the_bits_that_were_simulated(ranks, torch_on_one_thread):
    simulated = simulate(PROGRAM, ranks).values
    deployed = deploy(PROGRAM, ranks, threads=1).values
    for name in ALGORITHMS.names():
        given = [values[name] for values in simulated]
        assert any(value for value in given), name
        assert [values[name] for values in deployed] == given, name

"""The example scripts, which know nothing of a simulation, run in one."""

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")

from simcore.distributed.shim import simulate_script

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "distributed"


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_data_parallel_training_learns_the_same_on_any_number_of_ranks(capsys, ranks):
    """240 samples are shared out evenly, so that the average gradient is that of all of them."""
    simulate_script(EXAMPLES / "data_parallel.py", ranks)
    out = capsys.readouterr().out
    losses = [float(loss) for loss in re.findall(r"loss (\S+)", out)]
    assert losses == pytest.approx([0.4204, 0.2206, 0.1749, 0.1422], abs=2e-4)
    assert out.splitlines()[-1] == "weights of all ranks are the same"


def test_pipeline_stages_that_the_script_starts_itself(capsys):
    run = simulate_script(EXAMPLES / "pipeline_stages.py")
    assert capsys.readouterr().out == "3 stages give what one gives, bit for bit\n"
    assert run.ranks == 3
    assert len(run.trace.messages) == 2 * 4

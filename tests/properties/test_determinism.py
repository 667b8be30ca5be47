"""The same scenario gives the same bytes: twice in a process, and in processes that hash apart."""

import hashlib
import os
import subprocess
import sys

import pytest

from simcore import Scenario, run

SCENARIOS = {
    "physical": Scenario(
        llm="GPT-OSS-20B",
        pp=5,
        decode_pp=7,
        prompt_tokens=1111,
        chunk_tokens=96,
        batch_size=3,
        output_tokens=3,
        prefill_nics=2,
        cost_model="physical",
    ),
    "calibrated": Scenario(llm="DeepSeek-V3", pp=16, decode_gpu="NVIDIA H200", output_tokens=2),
    "reference": Scenario(pp=16, batch_size=8, chunk_tokens=96, cost_model="reference"),
}

PROGRAM = """
from simcore import run
from tests.properties.test_determinism import SCENARIOS, digest
print(*(digest(run(scenario)) for scenario in SCENARIOS.values()))
"""


def digest(result):
    m = result.metrics
    tables = [result.trace, m.device_busy, m.channel_use]
    figures = [m.ttds_s, m.tpot_s, m.ttft_s, m.bubble, m.handoff_hidden_s, m.handoff_exposed_s]
    text = "".join(table.to_csv() for table in tables) + repr([figures, m.events, result.memory])
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", SCENARIOS)
def test_two_runs_in_one_process_are_equal_byte_for_byte(name):
    first, second = run(SCENARIOS[name]), run(SCENARIOS[name].replace())
    assert first.trace.to_csv() == second.trace.to_csv()
    assert digest(first) == digest(second)


def test_processes_with_other_hash_seeds_are_equal_byte_for_byte(repository):
    expected = [digest(run(scenario)) for scenario in SCENARIOS.values()]
    for seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(repository)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == expected


def test_what_ran_before_in_the_process_does_not_show():
    alone = digest(run(SCENARIOS["reference"]))
    for change in ({"batch_size": 2}, {"prefill_nics": 3}, {"pp": 9}):
        run(SCENARIOS["reference"].replace(**change))
    assert digest(run(SCENARIOS["reference"])) == alone

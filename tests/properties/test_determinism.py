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
    ),
    "reference": Scenario(pp=16, batch_size=8, chunk_tokens=96, cost_model="reference"),
}

PROGRAM = """
import sys
from simcore import Scenario, run
from tests.properties.test_determinism import digest
print(digest(run(Scenario.from_text(sys.stdin.read()))))
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


@pytest.mark.parametrize("name", SCENARIOS)
def test_processes_with_other_hash_seeds_are_equal_byte_for_byte(name, repository):
    digests = set()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            input=SCENARIOS[name].to_json(),
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(repository)},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert digests == {digest(run(SCENARIOS[name]))}


def test_what_ran_before_in_the_process_does_not_show():
    alone = digest(run(SCENARIOS["reference"]))
    for change in ({"batch_size": 2}, {"prefill_nics": 3}, {"pp": 9}):
        run(SCENARIOS["reference"].replace(**change))
    assert digest(run(SCENARIOS["reference"])) == alone

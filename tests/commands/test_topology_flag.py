"""`--topology`: one that ships, or a file of one's own."""

import json

import pytest

import gpu_catalog
from simcore import Scenario, run
from simcore.__main__ import main
from simcore.topologies import load_topology

SMALL = ["--llm", "LLaMA-3.1-8B", "--pp", "2", "--prompt-tokens", "1000", "--json"]


@pytest.fixture(autouse=True)
def nothing_of_ones_own(monkeypatch):
    monkeypatch.setenv(gpu_catalog.TOPOLOGIES_VARIABLE, "")


@pytest.fixture
def mine(repository, tmp_path):
    shipped = repository / "examples" / "topologies" / "two-servers.toml"
    path = tmp_path / "mine.toml"
    path.write_text(shipped.read_text())
    return path


def test_a_scenario_runs_on_a_file_of_ones_own(capsys, mine):
    assert main(["run", *SMALL, "--topology", str(mine)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenario"]["topology"] == "Two servers"
    assert {row["channel"] for row in found["channel_use"]} >= {"old memory bus"}


def test_a_file_that_has_changed_is_run_as_it_is_now(mine):
    scenario = Scenario(llm="LLaMA-3.1-8B", pp=2, topology=load_topology(mine))
    before = run(scenario).metrics.handoff_exposed_s
    mine.write_text(mine.read_text().replace("bandwidth_GBps = 23", "bandwidth_GBps = 0.5"))
    assert run(scenario).metrics.handoff_exposed_s > 2 * before


def test_a_wrong_file_is_told_in_one_line(capsys, mine):
    mine.write_text('name = "x"')
    assert main(["run", *SMALL, "--topology", str(mine)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert "mine.toml: there are no machines; add [[machines]]" in err


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--topology", "hgx-rial"], "did you mean 'hgx-rail'?"),
        (["--topology", "nvl72"], "neither NVIDIA H100 nor NVIDIA RTX PRO 6000 comes in NVLink"),
        (["--failures", "NIC 0"], "failures: no NIC, switch or wire is called 'NIC 0'"),
        (["--topology", "hgx-rail", "--prefill-nics", "9"], "have 8 NICs, one for each GPU"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(capsys, flags, told):
    assert main(["run", *SMALL, *flags]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert told in err

"""`pdscope cluster`: files and flags in, text, JSON and folders out."""

import json

import pandas as pd
import pytest
import yaml

from simcore.__main__ import main
from simcore.serving.scenario import ClusterScenario
from tests.serving.results.rows import QUICK

LATENCIES = ("ttft_s", "tpot_s", "itl_s", "e2e_s")
SMALL = {**QUICK, "workload": {**QUICK["workload"], "requests": 40}}


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(SMALL))
    return path


def ran(capsys, *arguments, status=0):
    assert main(["cluster", *map(str, arguments)]) == status
    out, err = capsys.readouterr()
    assert bool(err) == bool(status)
    return out if not status else err


def test_json_holds_the_ledger_latencies_and_rates(capsys, scenario):
    found = json.loads(ran(capsys, scenario, "--json"))
    ledger = found["ledger"]
    assert ledger["arrived"] == 40
    assert ledger["arrived"] == sum(
        ledger[fate] for fate in ("completed", "refused", "failed", "in_flight")
    )
    for name in LATENCIES:
        values = found[name]
        assert list(values) == ["mean", "p50", "p90", "p95", "p99"]
        assert 0 < values["p50"] <= values["p90"] <= values["p95"] <= values["p99"]
    assert found["throughput"] >= found["goodput"] > 0
    assert 0 < found["attainment"] <= 1
    assert found["wall_s"] > 0 and found["partial"] == ""
    assert ClusterScenario.from_dict(found["scenario"]) == ClusterScenario.load(scenario)


def test_text_says_it_for_people(capsys, scenario):
    out = ran(capsys, scenario, "--requests", 20)
    assert out.startswith("20 arrived = 20 completed + 0 refused + 0 failed + 0 in flight")
    assert "TTFT" in out and "per million output tokens" in out and "Of a mean TTFT of" in out


def test_a_folder_holds_summary_requests_and_timelines(capsys, scenario, tmp_path):
    out = tmp_path / "out"
    ran(capsys, scenario, "--out", out)
    found = json.loads((out / "summary.json").read_text())
    rows = pd.read_parquet(out / "requests.parquet")
    assert len(rows) == found["ledger"]["arrived"] == 40
    assert rows.ttft_s.mean() == pytest.approx(found["ttft_s"]["mean"])
    for name in ("replicas", "pools", "cluster", "links"):
        assert "time_s" in pd.read_parquet(out / f"{name}.parquet")
    assert ClusterScenario.load(out / "scenario.yaml") == ClusterScenario.load(scenario)


def test_seeds_have_confidence_intervals(capsys, scenario):
    found = json.loads(ran(capsys, scenario, "--seeds", 3, "--jobs", 1, "--json"))
    assert found["seeds"] == 3 and found["ledger"]["arrived"] == 120
    assert found["confidence"]["e2e_s"]["p99"] > 0
    assert "± " in ran(capsys, scenario, "--seeds", 2, "--jobs", 1)


def test_a_comparison_runs_the_same_gpus_aggregated(capsys, tmp_path):
    path = tmp_path / "two.json"
    pools = [{"name": "p", "role": "prefill"}, {"name": "d", "role": "decode"}]
    path.write_text(json.dumps({**SMALL, "pools": pools}))
    found = json.loads(ran(capsys, path, "--compare", "--json"))
    more = found["ttft_s"]["mean"] - found["aggregated"]["ttft_s"]["mean"]
    assert sum(found["difference_s"].values()) == pytest.approx(more)
    assert found["compared"] in ran(capsys, path, "--compare")


def test_rates_are_a_table(capsys, scenario, tmp_path):
    ran(capsys, scenario, "--rates", "0.5,2", "--jobs", 1, "--out", tmp_path)
    table = pd.read_csv(tmp_path / "rates.csv")
    assert table.factor.tolist() == [0.5, 2.0]
    [row] = json.loads(ran(capsys, scenario, "--rates", "1", "--jobs", 1, "--json"))
    assert row["outcome"] == "done" and row["ttft_p99_s"] > 0


def test_a_trace_takes_the_place_of_the_workload(capsys, scenario, tmp_path):
    trace = tmp_path / "azure.csv"
    trace.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n"
    )
    found = json.loads(ran(capsys, scenario, "--trace", trace, "--json"))
    assert found["ledger"]["prompt_tokens"]["arrived"] == 374 + 396
    [client] = found["scenario"]["workload"]["clients"]
    assert client["ttft_s"] == 0.3


def test_a_trace_that_goes_wrong_is_told_and_what_came_before_is_printed(
    capsys, scenario, tmp_path
):
    trace = tmp_path / "bad.csv"
    trace.write_text("arrival_s,prompt_tokens,output_tokens\n1,100,9\n3,100,9\n2,100,9\n")
    assert main(["cluster", str(scenario), "--trace", str(trace), "--json"]) == 2
    out, err = capsys.readouterr()
    assert "bad.csv, line 4: it arrives at 2 s, before the row above" in err
    found = json.loads(out)
    assert found["ledger"]["completed"] == 1 and "line 4" in found["partial"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--requests", 0), "use a whole number from 1"),
        (("--seeds", 0), "use a whole number from 1"),
        (("--trace", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--rates", "fast"), "write numbers with commas"),
        (("--rates", "0"), "use a number from"),
        (("--jobs", 2), "--jobs has no effect on one run"),
        (("--compare", "--seeds", 2), "exclude each other"),
        (("--compare",), "aggregated already"),
        (("--out", "/dev/null/x"), "cannot be written"),
    ],
)
def test_bad_input_is_one_line_with_a_remedy(capsys, scenario, arguments, says):
    err = ran(capsys, scenario, *arguments, status=2)
    assert says in err and err.count("\n") == 1 and err.startswith("pdscope cluster: ")


def test_a_scenario_that_is_wrong_names_file_and_place(capsys, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("pools:\n- {name: a, tp: 3}\n")
    err = ran(capsys, path, status=2)
    assert "pools[0] (a)" in err and "does not divide" in err
    path.write_text("pools: [{nmae: a}]")
    assert "wrong.yaml: pools[0].nmae is unknown; did you mean 'name'" in ran(
        capsys, path, status=2
    )

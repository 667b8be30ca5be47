"""The examples of serving show what they say they show."""

import runpy
from pathlib import Path

import pytest

from simcore.serving.cluster import Verdict
from simcore.serving.results import simulate
from simcore.serving.scenario import ClusterScenario

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "serving"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CONVERSATIONS = DATA / "trace_mooncake_conversation.csv"
CODE = DATA / "trace_azure_code_2023.csv"


def scenario(name: str) -> ClusterScenario:
    return ClusterScenario.load(FOLDER / f"{name}.yaml")


def script(name: str) -> dict:
    return runpy.run_path(str(FOLDER / f"{name}.py"))


def test_memory_runs_short_and_no_request_is_lost():
    result = simulate(scenario("memory-pressure"))
    assert result.ledger == {
        "arrived": 400, "completed": 400, "refused": 0, "failed": 0, "in_flight": 0
    }  # fmt: skip
    assert result.figures.preemptions > 0
    assert result.columns["room_s"].max() > 1.0


def test_an_autoscaler_that_forgets_what_it_ordered_oscillates_and_is_cured():
    told = script("autoscaling")
    sick = scenario("autoscaler")
    well = told["cured"](sick)
    before, after = (simulate(each.asking(requests=3000)) for each in (sick, well))
    assert len(before.served.replicas) > 2 * len(after.served.replicas)
    assert told["turns"](before) > told["turns"](after)
    assert before.pools[0].gpu_s > after.pools[0].gpu_s


def test_made_up_code_requests_are_served_in_time():
    result = simulate(scenario("azure-code").asking(requests=300))
    assert result.ledger["completed"] == 300
    assert result.verdict is Verdict.STABLE


@pytest.mark.skipif(not CODE.exists(), reason="the trace is not here")
def test_the_code_trace_runs_on_four_replicas():
    result = simulate(scenario("azure-code").asking(trace=CODE.name, requests=500), folder=DATA)
    assert result.ledger["completed"] == 500 and not result.partial
    assert result.pools[0].replicas == 4


@pytest.mark.skipif(not CONVERSATIONS.exists(), reason="the trace is not here")
def test_old_signals_hurt_who_looks_at_kv_caches_alone():
    """Half the requests of the example, which show it as well."""
    ttft_s = {
        (router, delay_s): result.figures.ttft_s.mean
        for router, delay_s, result in script("stale_routing")["runs"](
            scenario("mooncake").asking(requests=400), DATA
        )
    }
    alone, and_own = (
        [ttft_s[router, delay_s] for delay_s in (0.01, 0.03, 0.1)]
        for router in ("KV cache alone", "and in flight")
    )
    assert alone[0] < alone[1] < alone[2]
    assert alone[2] > 1.3 * alone[0]
    assert max(and_own) < 1.1 * min(and_own)
    assert max(and_own) < alone[2]

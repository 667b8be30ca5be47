"""What is said of runs: sums that must agree, prices by hand, files, seeds and rates."""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.serving.cluster import Verdict
from simcore.serving.replica import Role
from simcore.serving.results import (
    TERMS,
    PoolUse,
    as_json,
    as_text,
    at_rates,
    compared_sentence,
    differences,
    faster,
    jain,
    over_seeds,
    sentence_of,
    simulate,
    terms_of,
)
from simcore.serving.results.money import prices
from simcore.serving.scenario import aggregated
from tests.serving.results.rows import QUICK, apart, quick


@pytest.fixture(scope="module")
def moved():
    return simulate(apart())


@pytest.fixture(scope="module")
def together():
    return simulate(aggregated(apart()))


def test_the_terms_of_each_request_add_up_to_its_time_to_first_token(moved, together):
    for result in (moved, together):
        columns = result.columns
        total = sum(columns[name] for name in TERMS)
        assert total == pytest.approx(columns["ttft_s"], abs=1e-9)
        assert min(columns[name].min() for name in TERMS) > -1e-9
        means = terms_of(result)
        mean = result.figures.ttft_s.mean
        assert sum(term.mean_s for term in means) == pytest.approx(mean, abs=1e-9)
        tail = sum(term.mean_s for term in terms_of(result, above=90))
        assert tail == pytest.approx(columns["ttft_s"][columns["ttft_s"] >= np.percentile(
            columns["ttft_s"], 90)].mean())  # fmt: skip


def test_nobody_waits_for_layers_of_an_answer_of_one_token():
    """They may be on their way when the answer, which needs no decode, is over."""
    pools = [
        {"name": "p", "role": "prefill", "settings": {"layer_groups": 8}},
        {"name": "d", "role": "decode"},
    ]
    output = {"law": "uniform", "low": 1, "high": 2}
    workload = {**QUICK["workload"], "requests": 40, "prompt": 3000, "output": output}
    rows = simulate(quick(pools=pools, workload=workload, kv_transfer="layer-wise")).requests
    one = rows.output_tokens == 1
    assert 0 < one.sum() < 40 and (rows.sent_bytes[one] > 0).any()
    assert (rows[one][["room_s", "transfer_s", "contention_s"]] == 0).all(axis=None)
    assert (rows.ttft_s[one] == rows.e2e_s[one]).all()
    assert rows[[*TERMS]].sum(axis=1).to_numpy() == pytest.approx(rows.ttft_s, abs=1e-9)
    assert rows[[*TERMS]].min(axis=None) > -1e-9


def test_times_follow_from_one_another(moved):
    rows = moved.requests
    more = rows.output_tokens > 1
    decode = rows.tpot_s[more] * (rows.output_tokens[more] - 1)
    assert (rows.ttft_s[more] + decode).to_numpy() == pytest.approx(rows.e2e_s[more].to_numpy())
    assert rows.number.tolist() == list(range(150))
    assert rows.tpot_s[~more].isna().all()
    # Between the tokens of a request there is, on average, its time per output token.
    assert rows.itl_mean_s[more].to_numpy() == pytest.approx(rows.tpot_s[more].to_numpy())


def test_a_moved_request_has_its_first_token_when_its_kv_cache_has_arrived(moved, together):
    rows = moved.requests[lambda each: each.output_tokens > 1]
    assert rows.apart.all() and (rows.sent_tokens == rows.prompt_tokens).all()
    assert (rows.transfer_s >= rows.latency_s + rows.serialisation_s - 1e-12).all()
    assert (together.requests.transfer_s == 0).all()


def test_contention_is_told_by_the_link_that_was_short():
    """Four replicas prefill for one that decodes, whose cables they share."""
    pools = [
        {"name": "p", "role": "prefill", "replicas": 4},
        {"name": "d", "role": "decode"},
    ]
    result = simulate(faster(quick(pools=pools), 8))
    rows, found = result.requests, as_json(result)
    assert rows.contention_s.sum() > 0
    assert sum(result.lost_on.values()) == pytest.approx(rows.contention_s.sum())
    worst = rows.groupby("bottleneck").contention_s.sum().idxmax()
    assert found["contention"][0]["link"] == worst != ""


def test_what_makes_the_difference_adds_up_to_it(moved, together):
    found = differences(moved, together)
    more = moved.figures.ttft_s.mean - together.figures.ttft_s.mean
    assert sum(each.more_s for each in found) == pytest.approx(more, abs=1e-12)
    assert ("longer" if more > 0 else "shorter") in compared_sentence(found)
    assert sentence_of(terms_of(moved)).startswith("Of a mean TTFT of ")


def test_nothing_vanishes(moved):
    ledger = moved.ledger
    assert ledger["arrived"] == 150 == sum(ledger.values()) - ledger["arrived"]
    found = as_json(moved)
    assert found["ledger"]["kv_bytes"]["sent"] == moved.requests.sent_bytes.sum()


def test_rates_and_shares_by_hand(moved):
    columns, found = moved.columns, moved.figures
    span = columns["ended_s"].max() - columns["arrival_s"].min()
    assert found.throughput == pytest.approx(150 / span)
    assert found.output_tokens_per_s == pytest.approx(columns["output_tokens"].sum() / span)
    met = (columns["ttft_s"] <= 0.3) & ~(columns["tpot_s"] > 0.02)
    assert met.sum() > 0 and found.attainment == met.mean()
    assert found.goodput == pytest.approx(met.sum() / span)
    speeds = columns["output_tokens"] / columns["e2e_s"]
    assert found.fairness == pytest.approx(speeds.sum() ** 2 / (150 * (speeds**2).sum()))


def test_fairness_is_one_for_equals_and_one_over_n_for_a_monopoly():
    assert jain(np.ones(7)) == pytest.approx(1.0)
    assert jain(np.array([0.0, 5.0, 0.0, 0.0])) == pytest.approx(1 / 4)
    assert math.isnan(jain(np.zeros(3)))


def test_prices_by_hand():
    gpu = gpu_catalog.gpu("NVIDIA H100")
    use = {"gpu": gpu, "gpus": 4, "prefill_s": 0.0, "replicas": 1, "request_s": 0.0}
    counts = dict.fromkeys(("prefilled_tokens", "decoded_tokens", "steps", "preemptions"), 0)
    pools = [
        PoolUse(name="p", role=Role.PREFILL, held_s=1800.0, busy_s=600.0, **use, **counts),
        PoolUse(name="d", role=Role.DECODE, held_s=3600.0, busy_s=3000.0, **use, **counts),
    ]
    found = prices(pools, input_tokens=2_000_000, output_tokens=500_000)
    hour = sum(gpu.rent.usd) / 2
    assert found.usd == pytest.approx(4 * 1.5 * hour)
    assert found.usd_per_million_input == pytest.approx(4 * 0.5 * hour / 2)
    assert found.usd_per_million_output == pytest.approx(4 * 1.0 * hour / 0.5)
    assert found.joule_per_token == pytest.approx(gpu.power * 4 * 3600 / 500_000)
    assert found.tokens_per_s_per_gpu == pytest.approx(500_000 / (4 * 5400))
    free = [dataclasses.replace(pools[0], gpu=dataclasses.replace(gpu, rent=None, power=None))]
    assert prices(free, input_tokens=1, output_tokens=1).usd is None


def test_input_and_output_share_what_a_pool_of_both_costs_by_time(together):
    found, [pool, _] = together.prices, together.pools
    assert 0 < pool.input_share < 1
    tokens = together.columns
    paid = (
        found.usd_per_million_input * tokens["prompt_tokens"].sum()
        + found.usd_per_million_output * tokens["output_tokens"].sum()
    )
    assert paid / 1e6 == pytest.approx(found.usd)


def test_rows_in_a_file_are_those_in_memory(moved, tmp_path):
    path = tmp_path / "requests.parquet"
    spilled = simulate(apart(), file=path)
    rows = pd.read_parquet(path).sort_values("number", ignore_index=True)
    pd.testing.assert_frame_equal(rows, moved.requests, check_categorical=False, check_dtype=False)
    assert spilled.figures == moved.figures
    assert "itl_p50_s" not in spilled.columns


def test_classes_are_told_apart():
    law = {"arrivals": {"law": "poisson", "rate_per_s": 2}, "prompt": 300, "output": 20}
    clients = [{"name": "fast", "ttft_s": 0.5, **law}, {"name": "late", "ttft_s": 1e-6, **law}]
    result = simulate(quick(workload={"requests": 60, "clients": clients}))
    assert result.classes["fast"].attainment == 1.0 and result.classes["late"].attainment == 0.0
    assert sum(each.requests for each in result.classes.values()) == 60
    assert result.figures.attainment == result.classes["fast"].requests / 60


def test_one_request_has_no_time_per_token_and_json_has_no_nan():
    one = {"requests": 1, "arrivals": {"law": "constant"}, "prompt": 100, "output": 1}
    found = as_json(simulate(quick(workload=one)))
    assert found["tpot_s"]["mean"] is None and found["itl_s"]["p99"] is None
    assert found["ttft_s"]["p50"] > 0
    assert "TTFT" in as_text(found)


@pytest.mark.parametrize(("factor", "verdict"), [(1, Verdict.STABLE), (40, Verdict.OVERLOADED)])
def test_a_cluster_that_is_asked_too_much_is_overloaded(factor, verdict):
    assert simulate(faster(quick(), factor)).verdict is verdict


def test_what_the_engine_takes_for_a_request_is_no_waiting():
    """One request at a time, short prompts: all is work, most of it the engine's."""
    alone = {"arrivals": {"law": "closed-loop", "concurrency": 1}, "prompt": 10, "output": 5}
    result = simulate(quick(workload={"requests": 40, **alone}))
    terms = {term.name: term.mean_s for term in terms_of(result)}
    assert terms["engine_s"] > terms["prefill_s"] and terms["queue_s"] == pytest.approx(0, abs=1e-9)
    assert result.verdict is Verdict.STABLE


def test_a_full_house_that_does_not_grow_is_backlogged():
    """Thirty-two users, of whom one at a time is let in."""
    pools = [{"name": "all", "settings": {"max_num_seqs": 1}}]
    loop = {"arrivals": {"law": "closed-loop", "concurrency": 32}, "prompt": 500, "output": 20}
    result = simulate(quick(pools=pools, workload={"requests": 300, **loop}))
    assert result.verdict is Verdict.BACKLOGGED


def test_a_run_that_is_stopped_says_so_and_keeps_what_there_is():
    result = simulate(faster(quick(bounds={"most_in_flight": 20}), 100))
    assert "overloaded" in result.partial and result.verdict is Verdict.OVERLOADED
    assert result.ledger["in_flight"] > 0
    assert result.ledger["arrived"] == sum(result.ledger.values()) - result.ledger["arrived"]
    assert result.figures.requests == result.ledger["arrived"]


def test_a_trace_that_goes_wrong_leaves_what_came_before(tmp_path):
    (tmp_path / "t.csv").write_text(
        "arrival_s,prompt_tokens,output_tokens\n0,100,5\n1,100,5\n3,-1,5\n"
    )
    result = simulate(quick().asking(trace="t.csv"), folder=tmp_path)
    assert "t.csv, line 4: prompt_tokens = -1 is negative" in result.partial
    assert result.ledger["completed"] >= 1
    with pytest.raises(ScenarioError, match="cannot be read here"):
        simulate(quick().asking(trace="t.csv"))


def test_progress_is_told_and_may_end_a_run():
    told = []
    simulate(quick(), on_progress=told.append)
    assert told == [64, 128]

    def enough(ended):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(quick(), on_progress=enough)


def test_seeds_give_means_and_bands():
    scenario = quick().asking(requests=60)
    found = over_seeds(scenario, 3)
    each = [run["ttft_s"]["mean"] for run in found.runs]
    plain = found.plain()
    assert len(set(each)) == 3 and plain["seeds"] == 3
    assert plain["ttft_s"]["mean"] == pytest.approx(np.mean(each))
    half = 4.302653 * np.std(each, ddof=1) / math.sqrt(3)
    assert plain["confidence"]["ttft_s"]["mean"] == pytest.approx(half, rel=1e-6)
    assert plain["ledger"]["arrived"] == 180
    assert "± " in as_text(plain)
    with ThreadPoolExecutor(2) as executor:
        again = over_seeds(scenario, 3, executor=executor).plain()
    assert {k: v for k, v in again.items() if k not in ("wall_s", "cpu_s")} == {
        k: v for k, v in plain.items() if k not in ("wall_s", "cpu_s")
    }
    with pytest.raises(ScenarioError, match="from 1 to"):
        over_seeds(scenario, 0)


def test_another_policy_is_asked_the_same():
    one, two = (
        simulate(quick(pools=[{"name": "all", "replicas": 2}], policies={"routing": policy}))
        for policy in ("round-robin", "random")
    )
    same = ["arrival_s", "prompt_tokens", "output_tokens"]
    pd.testing.assert_frame_equal(one.requests[same], two.requests[same])
    assert one.requests.prefill_replica.tolist() != two.requests.prefill_replica.tolist()


def test_rates_are_swept_by_any_executor():
    scenario = quick().asking(requests=50)
    with ThreadPoolExecutor(2) as executor:
        told = []
        table = at_rates(
            scenario, [0.5, 4], seeds=2, executor=executor, on_progress=lambda *n: told.append(n)
        )
    assert table.factor.tolist() == [0.5, 0.5, 4, 4] and table.seed.tolist() == [0, 1, 0, 1]
    assert told[-1] == (4, 4)
    # The same requests, eight times as fast.
    assert table.rate_per_s[2] == pytest.approx(8 * table.rate_per_s[0])
    assert table.ttft_mean_s[2] > table.ttft_mean_s[0]


def test_what_has_no_rate_cannot_be_asked_faster():
    closed = {"arrivals": {"law": "closed-loop"}, "prompt": 10, "output": 10, "requests": 9}
    with pytest.raises(ScenarioError, match="no rate to change"):
        faster(quick(workload=closed), 2)
    with pytest.raises(ScenarioError, match="use a number from"):
        faster(quick(), float("nan"))

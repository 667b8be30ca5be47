"""What a hover says is what was computed: values put in give the bar's duration, to the digit."""

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simcore import Scenario, ScenarioError, run
from simcore.costs.serving_engines import serving_engine
from simcore.explain import METRICS, bound_of, explain_metric, explain_row
from simcore.explain.formulas import FORMULAS, formula_of
from simcore.explain.rows import title_of
from simcore.pipelines import Handoff, PrefillPass
from tests.properties.test_random_scenarios import scenarios

ROOFLINES = {
    "physical": Scenario(prompt_tokens=1000, chunk_tokens=300, pp=4, decode_pp=5,
                         cost_model="physical"),
    "windows, experts": Scenario(llm="GPT-OSS-20B", prompt_tokens=900, chunk_tokens=400, pp=3,
                                 output_tokens=2, batch_size=3, cost_model="physical"),
    "latent": Scenario(llm="DeepSeek-V3", prompt_tokens=900, chunk_tokens=400, pp=16,
                       prefill_gpu="AMD Instinct MI300X", decode_gpu="AMD Instinct MI300X",
                       cost_model="physical"),
    "reference": Scenario(cost_model="reference", prompt_tokens=1000, chunk_tokens=300, pp=4),
}  # fmt: skip
BY_KERNELS = {
    "calibrated": Scenario(prompt_tokens=1000, chunk_tokens=300, pp=4, decode_pp=5),
    "calibrated, engine decides": Scenario(llm="LLaMA-3.1-8B", prompt_tokens=1000, chunk_tokens=300,
                                           pp=4, engine="SGLang 0.5.8", batch_size=2),
    "calibrated, experts, latent": Scenario(llm="DeepSeek-V3", prompt_tokens=900, chunk_tokens=400,
                                            pp=16, prefill_gpu="NVIDIA H200", output_tokens=2,
                                            decode_gpu="NVIDIA H200", engine="TensorRT-LLM 1.2"),
    "calibrated, no engine": Scenario(llm="GPT-OSS-20B", prompt_tokens=900, chunk_tokens=400, pp=1,
                                      engine="kernels alone"),
}  # fmt: skip
SCENARIOS = ROOFLINES | BY_KERNELS
RESULTS = {name: run(scenario) for name, scenario in SCENARIOS.items()}
SCALE = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
         "P": 1e15}  # fmt: skip
NUMBER = r"([\d.]+) ([nµmkMGTP]?)(?:s|B/s|B|FLOP/s|FLOP)(?![\w/])"


def binary_in(text):
    """The sizes in a text, in bytes."""
    found = re.findall(r"([\d.]+) ([KMG])iB", text)
    return [float(number) * 1024 ** ("KMG".index(prefix) + 1) for number, prefix in found]


def numbers_in(text):
    """The quantities in a text, in SI units."""
    return [float(number) * SCALE[prefix] for number, prefix in re.findall(NUMBER, text)]


@pytest.mark.parametrize("name", RESULTS)
def test_every_row_is_explained_by_values_that_give_its_duration(name):
    result = RESULTS[name]
    table = result.table
    for row in range(len(table)):
        found = explain_row(result, row)
        took = table.end_s[row] - table.start_s[row]
        assert found.value == pytest.approx(took, rel=1e-9, abs=1e-15 + 1e-12 * table.end_s[row])
        assert found.unit == "s"
        for part in (found, *found.details):
            assert part.formula and part.source
            # What is printed last is the value, to three digits.
            assert numbers_in(part.values)[-1] == pytest.approx(part.value, rel=5.1e-3)


@pytest.mark.parametrize("name", RESULTS)
def test_the_size_of_a_transfer_is_put_together_from_its_factors(name):
    result = RESULTS[name]
    for row in np.flatnonzero(result.table.bytes > 0):
        [size] = explain_row(result, int(row)).details
        assert size.value == pytest.approx(result.table.bytes[row], rel=1e-12)
        assert size.unit == "B"


@pytest.mark.parametrize("name", BY_KERNELS)
def test_a_pass_is_the_sum_of_its_kinds_of_kernels(name):
    result = RESULTS[name]
    for row in np.flatnonzero(result.table.bytes == 0):
        found = explain_row(result, int(row))
        *parts, took = numbers_in(found.values)
        assert len(parts) > 1
        assert math.fsum(parts) == pytest.approx(took, rel=0.02)
        flops, bytes_, *engine = found.details
        assert sum(numbers_in(flops.values)[:2]) == pytest.approx(flops.value, rel=0.02)
        assert sum(numbers_in(bytes_.values)[:2]) == pytest.approx(bytes_.value, rel=0.02)
        assert bool(engine) == (" engine" in found.values)
        told = re.search(r"([\d.]+) ([nµm]?)s engine", found.values)
        if told:
            [added] = engine
            assert added.value == pytest.approx(float(told[1]) * SCALE[told[2]], rel=5.1e-3)


def test_an_engine_that_takes_longer_than_the_kernels_bounds_the_pass():
    """On the host, each layer of SGLang 0.5.8 takes milliseconds to launch without a graph."""
    result = RESULTS["calibrated, engine decides"]
    found = explain_row(result, 0)
    release = serving_engine("SGLang 0.5.8").release
    assert found.values.endswith("engine-bound")
    # 32 layers on 4 stages.
    assert found.value == pytest.approx(8 * release.eager_layer_s, rel=1e-3)
    many_chunks = run(result.scenario.replace(prompt_tokens=4000, pp=2))
    assert "SGLang 0.5.8 takes" in bound_of(many_chunks, try_remedy=False).cause


def test_without_an_engine_no_pass_has_a_part_of_one():
    result = RESULTS["calibrated, no engine"]
    for row in np.flatnonzero(result.table.bytes == 0):
        assert " engine" not in explain_row(result, int(row)).values


@pytest.mark.parametrize("name", ROOFLINES)
def test_the_roofline_of_a_pass_can_be_reckoned_from_the_text(name):
    result = RESULTS[name]
    for row in np.flatnonzero(result.table.bytes == 0):
        found = explain_row(result, int(row))
        flop, peak, traffic, wide, computing, moving, took = numbers_in(found.values)
        efficiency = 0.8 if name == "reference" else 1.0
        assert computing == pytest.approx(flop / peak, rel=0.02)
        assert moving == pytest.approx(traffic / (efficiency * wide), rel=0.02)
        assert took == max(computing, moving)
        bound = "compute-bound" if computing >= moving else "memory-bound"
        assert found.values.endswith(bound) or computing == moving
        flops, bytes_ = found.details
        assert sum(numbers_in(flops.values)[:2]) == pytest.approx(flops.value, rel=0.02)
        assert sum(numbers_in(bytes_.values)[:2]) == pytest.approx(bytes_.value, rel=0.02)


def test_symbols_of_a_formula_are_told_with_what_they_are_here():
    """T 1000 in chunks of 300: the last has 100 tokens. 80 layers in 4 stages."""
    result = RESULTS["physical"]
    layer = 2 * 8192 * 64 * 128 + 2 * 8192 * 8 * 128 + 3 * 8192 * 28672
    row = next(
        i for i in range(len(result.table))
        if result.graph.tag(result.task_of_row[i]) == PrefillPass(2, 3)
    )  # fmt: skip
    flop, bytes_ = explain_row(result, row).details
    assert flop.where.startswith("s = 100, new tokens; o = 900, tokens before them; A = ")
    assert f"A = {20 * layer / 1e9:.1f} G, weights on one GPU that a token meets in" in flop.where
    assert "p: operations for each pair" in flop.where
    assert "b = 4\u202f096 B, KV cache of one token in one layer" in bytes_.where
    assert "head" not in flop.where
    assert f"where {flop.where}" in explain_row(result, row).lines


def test_waiting_is_what_is_longer_than_alone():
    result = RESULTS["physical"]
    table, routes = result.table, result.graph.routes
    waited = 0
    for row in np.flatnonzero(table.bytes > 0):
        latency, size, wide, waiting, took = numbers_in(
            re.sub(r"\(.*?\)", "", explain_row(result, int(row)).values)
        )
        route = result.graph.route[result.task_of_row[row]]
        assert latency == pytest.approx(routes.latency[route], rel=5.1e-3)
        assert wide == pytest.approx(routes.alone[route], rel=5.1e-3)
        assert took == pytest.approx(latency + size / wide + waiting, rel=0.02)
        waited += waiting > 0
    assert 0 < waited < np.count_nonzero(table.bytes > 0)


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_explained_by_what_the_run_gave(name, metric):
    result = RESULTS[name]
    found = explain_metric(result, metric)
    pool, _, part = metric.partition("_")
    if pool in ("prefill", "decode"):
        memory = next(memory for memory in result.memory if memory.pool == pool)
        expected = getattr(memory, part)
    else:
        expected = getattr(result.metrics, "bubble" if metric == "bubble" else f"{metric}_s")
    assert found.value == pytest.approx(expected, rel=1e-12)
    if found.unit == "B":
        # Of a sum beside its limit, the sum.
        said = binary_in(found.values.split(" ≤ ")[0])
        assert said[-1] == pytest.approx(expected, rel=5.1e-3)
    elif found.unit:
        assert numbers_in(found.values)[-1] == pytest.approx(expected, rel=5.1e-3)
    else:
        said = float(found.values.rpartition("= ")[2].removesuffix(" %"))
        assert said == pytest.approx(100 * expected, rel=5.1e-3)


@pytest.mark.parametrize("name", RESULTS)
def test_the_parts_of_ttds_and_ttft_add_up_in_the_text(name):
    result = RESULTS[name]
    for metric in ("ttds", "ttft"):
        *parts, total = numbers_in(explain_metric(result, metric).values)
        assert math.fsum(parts) == pytest.approx(total, rel=0.02)


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("pool", ["prefill", "decode"])
def test_memory_is_told_with_its_limit_and_where_that_comes_from(name, pool):
    result = RESULTS[name]
    memory = next(memory for memory in result.memory if memory.pool == pool)
    weights, kv, need, capacity, limit = binary_in(explain_metric(result, f"{pool}_need").values)
    assert weights + kv == pytest.approx(need, rel=0.01)
    assert limit == pytest.approx(result.scenario.vram_limit_ratio * capacity, rel=0.01)
    assert (capacity, limit) == pytest.approx((memory.capacity, memory.limit), rel=5.1e-3)


@pytest.mark.parametrize("cost_model", ["physical", "reference"])
def test_keys_are_told_apart_and_both_models_have_those_of_bars_and_memory(cost_model):
    keys = [formula.key for formula in (*FORMULAS[""], *FORMULAS[cost_model])]
    assert len(set(keys)) == len(keys)
    assert {formula.key for formula in FORMULAS["reference"]} <= set(keys)
    with pytest.raises(KeyError, match="no formula 'nothing'"):
        formula_of("nothing", cost_model)


def test_what_is_not_there_is_refused():
    result = RESULTS["physical"]
    with pytest.raises(KeyError, match="no metric 'speed'; use one of ttds"):
        explain_metric(result, "speed")
    for row in (-1, len(result.table)):
        with pytest.raises(IndexError, match=f"row {row}: the trace has rows 0 to"):
            explain_row(result, row)
    with pytest.raises(TypeError):
        explain_row(result, 1.5)


def test_the_cache_of_a_token_is_explained_by_the_architecture():
    """Published: 8 heads of 128; 8 of 64; a vector of 512 + 64. In BF16."""
    for name, factors, size in (
        ("physical", "2 · 8 · 128 · 2 B = 4.10 kB", 2 * 8 * 128 * 2),
        ("windows, experts", "2 · 8 · 64 · 2 B = 2.05 kB", 2 * 8 * 64 * 2),
        ("latent", "(512 + 64) · 2 B = 1.15 kB", (512 + 64) * 2),
    ):
        [detail] = explain_metric(RESULTS[name], "decode_kv").details
        assert (detail.values, detail.value) == (factors, size)
        handoff = np.flatnonzero(RESULTS[name].table.kind == "handoff")[0]
        assert factors in explain_row(RESULTS[name], int(handoff)).lines


def test_titles_say_what_and_where():
    assert title_of(PrefillPass(3, 17)) == "Prefill, stage 3, chunk 17"
    assert title_of(Handoff(3, 4, 17)) == "KV handoff, stage 3 to decode stage 4, chunk 17"
    lines = explain_row(RESULTS["physical"], 0).lines
    assert lines[0] == title_of(PrefillPass(0, 0))
    assert lines[-1].startswith("Source: ")


@given(scenarios(), st.integers(0, 10**9))
@settings(max_examples=60)
def test_whatever_the_scenario_its_rows_and_metrics_are_explained(scenario, pick):
    try:
        result = run(scenario, max_events=4000)
    except ScenarioError:
        assume(False)
    row = pick % len(result.table)
    took = result.table.end_s[row] - result.table.start_s[row]
    found = explain_row(result, row)
    assert found.value == pytest.approx(took, rel=1e-9, abs=1e-12 * result.table.end_s[row])
    for name in METRICS:
        assert math.isfinite(explain_metric(result, name).value)

"""Explanations of runs whose stages have several GPUs, and of handoffs in other ways."""

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gpu_catalog
from simcore import Scenario, ScenarioError, run
from simcore.costs.plan import HandoffIn
from simcore.explain import METRICS, explain_metric, explain_row
from simcore.pipelines import DecodePass, PrefillPass
from tests.costs.parallel import parallel_scenarios
from tests.explain.test_explanations import SCALE, numbers_in

H200 = {"prefill_gpu": "NVIDIA H200", "decode_gpu": "NVIDIA H200", "topology": "hgx-rail",
        "prefill_nics": 8, "prompt_tokens": 900, "chunk_tokens": 400}  # fmt: skip
SCENARIOS = {
    "TP": Scenario(**H200, tp=8, decode_tp=2, pp=2, decode_pp=3, batch_size=3, output_tokens=2),
    "experts": Scenario(**H200, llm="DeepSeek-V3", tp=2, dp=4, ep=8, pp=2, batch_size=10,
                        decode_tp=1, decode_dp=8, decode_microbatches=2, routing="power law"),
    "windows": Scenario(**H200, llm="GPT-OSS-20B", tp=4, decode_tp=16, pp=1, batch_size=2,
                        handoff="per layer group", handoff_layers=5, cost_model="physical"),
    "at the end": Scenario(**H200, tp=2, decode_tp=4, pp=3, handoff="at the end"),
    "striped": Scenario(**H200, tp=8, pp=2, nic_mapping="striped", cost_model="physical"),
    "flows": Scenario(**H200, tp=2, pp=4, collectives="flows", llm="LLaMA-3.1-8B"),
}  # fmt: skip
RESULTS = {name: run(scenario) for name, scenario in SCENARIOS.items()}
FACTOR = r"([\d.\u202f]+) ?(?:([kMG]?)B)?"


def product_in(text):
    """Of factors with · and / between them, what comes of them."""
    product = 1.0
    for sign, number, prefix in re.findall(rf"(^|·|/) ?{FACTOR}", text):
        factor = float(number.replace("\u202f", "")) * SCALE[prefix]
        product = product / factor if sign == "/" else product * factor
    return product


@pytest.mark.parametrize("name", RESULTS)
def test_every_row_is_explained(name):
    result = RESULTS[name]
    table = result.table
    for row in range(0, len(table), 1 + len(table) // 400):
        found = explain_row(result, row)
        took = table.end_s[row] - table.start_s[row]
        assert found.value == pytest.approx(took, rel=1e-9, abs=1e-15 + 1e-12 * table.end_s[row])
        for part in (found, *found.details):
            assert numbers_in(part.values)[-1] == pytest.approx(part.value, rel=5.1e-3)


@pytest.mark.parametrize("name", RESULTS)
def test_the_size_of_a_transfer_is_the_product_of_its_factors(name):
    result = RESULTS[name]
    told = 0
    for row in np.flatnonzero(np.isin(result.table.kind, ["handoff", "activations"])):
        row = int(row)
        tag = result.graph.tag(result.task_of_row[row])
        [size] = explain_row(result, row).details
        assert size.value * tag.shards == pytest.approx(result.table.bytes[row], rel=1e-12)
        factors = size.values.rpartition(" = ")[0]
        assert product_in(factors) == pytest.approx(size.value, rel=5.1e-3)
        told += 1
    assert told


@pytest.mark.parametrize("name", RESULTS)
def test_symbols_of_a_pass_give_its_operations(name):
    """FLOP = n · 2 · s · A + attention, but for the head in the last chunk's last stage."""
    result = RESULTS[name]
    llm = gpu_catalog.llm(result.scenario.llm)
    for row in range(len(result.table)):
        tag = result.graph.tag(result.task_of_row[row])
        if not isinstance(tag, PrefillPass | DecodePass):
            continue
        decode = isinstance(tag, DecodePass)
        pool = result.scenario.decode_pool if decode else result.scenario.prefill_pool
        flop = explain_row(result, row).details[0]
        known = dict(re.findall(r"(?<!\w)(\w+) = ([\d.\u202f]+ ?[GMTk]?),", flop.where))
        n, s = (int(known.get(symbol, "1").replace("\u202f", "")) for symbol in "ns")
        met = numbers_in(known["A"] + "FLOP")[0]
        products = n * 2 * s * met
        at_the_head = tag.stage == pool.pp - 1 and (decode or tag.chunk == 2)
        if at_the_head:
            products += n * 2 * llm.vocabulary * llm.hidden / pool.tp
        assert numbers_in(flop.values)[0] == pytest.approx(products, rel=0.02)


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("part", ["weights", "kv", "need"])
def test_memory_is_that_of_one_gpu(name, part):
    result = RESULTS[name]
    for memory in result.memory:
        found = explain_metric(result, f"{memory.pool}_{part}")
        assert found.value == pytest.approx(getattr(memory, part), rel=1e-12)


FEW_GPUS = parallel_scenarios(most_gpus=8, **{name: H200[name] for name in (
    "prefill_gpu", "decode_gpu", "topology", "prefill_nics")})  # fmt: skip


@given(FEW_GPUS, st.sampled_from(list(HandoffIn)), st.booleans(), st.integers(0, 10**9))
@settings(max_examples=25)
def test_whatever_the_degrees_rows_and_metrics_are_explained(scenario, handoff, engine, pick):
    scenario = scenario.replace(
        handoff=handoff.value, cost_model="calibrated" if engine else "physical"
    )
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

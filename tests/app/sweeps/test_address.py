"""A sweep in an address: what is written is read back, and what is wrong is said."""

import pytest

from app.sweeps.address import OWN_KEYS, default_span, query_of_sweep, read_sweep
from app.sweeps.terms import usual_metric
from simcore import SWEEPS, Scenario

MT, PPT, GPUS = SWEEPS["mt"], SWEEPS["ppt"], SWEEPS["gpus"]
PREFILL = SWEEPS["prefill-pptp"]
SPANS = {
    "chunk_tokens": {"from": 64, "to": 512, "step": 64},
    "prompt_tokens": {"from": 1000, "to": 4000, "step": 1000},
}
NAMES = {
    "decode_gpu": ["NVIDIA H200", "NVIDIA RTX PRO 6000"],
    "prefill_gpu": list(GPUS.axes["prefill_gpu"]),
}


def defaults(plan):
    return {field: default_span(plan, field) for field in (plan.x, plan.y)}


@pytest.mark.parametrize("plan", SWEEPS.values(), ids=SWEEPS)
def test_a_bare_address_is_the_plans_own_sweep(plan):
    link = read_sweep("", plan)
    assert (link.base, link.spans, link.metric) == (plan.base, defaults(plan), usual_metric(plan))
    assert link.notice is None
    assert query_of_sweep(plan, plan.base, defaults(plan)) == ""


@pytest.mark.parametrize(
    ("plan", "base", "spans"),
    [
        (MT, Scenario(batch_size=4), SPANS),
        (MT, Scenario(chunk_tokens=512, prompt_tokens=4096), defaults(MT)),
        (PPT, Scenario(), defaults(PPT)),
        (PPT, Scenario(chunk_tokens=64, decode_pp=3), defaults(PPT)),
        (PPT, PPT.base, defaults(PPT) | {"pp": {"from": 2, "to": 4, "step": 2}}),
        (GPUS, Scenario(vram_limit_ratio=0.8), NAMES),
        (PREFILL, Scenario(batch_size=4), {"pp": [1, 2, 3], "tp": [4]}),
    ],
)
def test_what_is_written_is_read_back(plan, base, spans):
    query = query_of_sweep(plan, base, spans)
    link = read_sweep(query, plan)
    assert (link.base, link.spans, link.notice) == (base, spans, None)


def test_an_address_is_short_and_readable():
    assert query_of_sweep(MT, Scenario(batch_size=4), SPANS) == (
        "v=3&n=4&ms=64:512:64&ts=1000:4000:1000"
    )
    assert query_of_sweep(GPUS, GPUS.base, NAMES) == "v=3&decodes=NVIDIA+H200,NVIDIA+RTX+PRO+6000"


def test_the_metric_alone_leaves_the_plans_scenario():
    link = read_sweep("metric=tpot", PPT)
    assert (link.base, link.metric, link.notice) == (PPT.base, "tpot", None)


def test_the_gantt_pages_address_carries_its_scenario_here_and_back():
    link = read_sweep("v=3&t=4096&m=512&dpp=4", PPT)
    assert link.base == Scenario(prompt_tokens=4096, chunk_tokens=512, decode_pp=4)
    assert link.notice is None


def test_another_sweeps_address_is_no_fault():
    query = query_of_sweep(GPUS, GPUS.base, NAMES) + "&metric=ttft"
    link = read_sweep(query, MT)
    assert (link.spans, link.metric, link.notice) == (defaults(MT), "ttft", None)


@pytest.mark.parametrize(
    ("query", "plan", "words"),
    [
        ("ms=64:512", MT, "ms is not from:to:step"),
        ("ms=64:512:x", MT, "ms is not from:to:step"),
        ("ms=64:-512:1", MT, "ms is not from:to:step"),
        ("ms=64:²:1", MT, "ms is not from:to:step"),
        ("ms=0:512:64", MT, "Prefill chunk M = 0 is out of range"),
        ("ms=512:64:64", MT, "let it go from 64 to 512"),
        ("ms=1:1000000:1", MT, "take larger steps"),
        ("ms=64:512:0", MT, "The step of Prefill chunk M"),
        (f"ms=64:{'9' * 3000}:1", MT, "out of range"),
        ("metric=speed", MT, "metric is one of ttds, tpot, ttft"),
        ("metric=rate", MT, "metric is one of ttds, tpot, ttft"),
        ("metric=speed", PREFILL, "metric is one of ttds, tpot, ttft, rate"),
        ("tps=1,2,x", PREFILL, "tps is not a list of whole numbers"),
        ("tps=", PREFILL, "tps is not a list of whole numbers"),
        ("tps=1:8:1", PREFILL, "tps is not a list of whole numbers"),
        ("tps=2,2", PREFILL, "Tensor parallel TP has 2 twice"),
        ("tps=0", PREFILL, "Tensor parallel TP = 0 is out of range"),
        ("tps=" + "1," * 3000 + "1", PREFILL, "longer"),
        ("decodes=", GPUS, "Decode GPU = '' is unknown"),
        ("decodes=NVIDIA+H10", GPUS, "did you mean 'NVIDIA H100'"),
        ("decodes=NVIDIA+H100,NVIDIA+H100", GPUS, "each name once"),
        ("decodes=" + "a," * 100, GPUS, "each name once"),
        ("n=0", MT, "out of range"),
        ("colour=red", MT, "“colour” is no setting"),
        ("v=99", MT, "newer"),
        ("x" * 5000, MT, "longer"),
        ("&".join(f"k{n}=1" for n in range(100)), MT, "parts"),
    ],
)
def test_what_is_wrong_is_ignored_and_said(query, plan, words):
    link = read_sweep(query, plan)
    assert words in link.notice
    assert (link.spans, link.metric) == (defaults(plan), usual_metric(plan))


def test_no_key_of_a_sweep_is_one_of_a_scenario():
    axes = {"ms", "ts", "pps", "prefills", "decodes", "tps", "dpps", "dtps"}
    assert axes | {"metric"} == set(OWN_KEYS)
    for key in OWN_KEYS:
        assert read_sweep(f"{key}=?", MT).base == Scenario()

"""Everything in runs of several GPUs a stage can be explained, and written to every format."""

import io
import json
import re

import pytest

from simcore import Scenario, run
from simcore.explain import METRICS, bound_of, explain_metric, explain_row, sensitivity
from simcore.explain.trials import SETTINGS
from simcore.exports import FORMATS, trace_bytes
from simcore.exports.utilisation import utilisation
from simcore.pipelines.critical_path import PathKind

H200 = {"prefill_gpu": "NVIDIA H200", "decode_gpu": "NVIDIA H200", "llm": "Mistral-Small-24B"}
CARDS = {"prefill_gpu": "NVIDIA RTX PRO 6000", "decode_gpu": "NVIDIA RTX PRO 6000",
         "llm": "Mistral-Small-24B", "topology": "pcie-host"}  # fmt: skip
SHORT = {"pp": 2, "prompt_tokens": 600, "chunk_tokens": 200, "batch_size": 4, "output_tokens": 2}
RUNS = {
    "aggregated": {**H200, **SHORT, "tp": 4, "topology": "hgx-rail"},
    "flows": {**CARDS, **SHORT, "tp": 2},
    "micro-batches and layer groups": {**H200, **SHORT, "tp": 2, "topology": "hgx-rail",
                                       "decode_microbatches": 2, "handoff": "per layer group"},
    "traffic of others": {**CARDS, **SHORT, "tp": 2, "decode_tp": 4,
                          "background": "node 0 GPU 0 lane out: 1 GB @ 0.01 s"},
    "failing": {**H200, **SHORT, "tp": 2, "topology": "hgx-rail", "prefill_nics": 2,
                "failures": "node 0 NIC 1 @ 0.02 s"},
    "at the end": {**H200, **SHORT, "tp": 2, "topology": "hgx-rail", "handoff": "at the end",
                   "handoff_by": "pull", "cost_model": "physical"},
}  # fmt: skip


@pytest.fixture(scope="module", params=RUNS)
def result(request):
    return run(Scenario(**RUNS[request.param]))


def test_every_row_is_explained_by_how_long_it_took(result):
    table = result.trace
    some = table.groupby(["kind", "stage", "part"], observed=True).head(2)
    for row in some.index:
        told = explain_row(result, row)
        took = table.end_s[row] - table.start_s[row]
        assert told.value == pytest.approx(took, rel=1e-6, abs=1e-12), told.lines
        assert told.title and told.values


def test_titles_tell_rows_apart(result):
    table = result.trace
    passes = table[table.kind.isin(["prefill", "decode"])]
    titles = [explain_row(result, row).title for row in passes.index[:200]]
    assert len(set(titles)) == len(titles)


def test_every_metric_is_explained(result):
    for name in METRICS:
        assert explain_metric(result, name).values


UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


def seconds_in(text):
    """Durations in a text, in order [s]."""
    return [float(n) * UNITS[unit] for n, unit in re.findall(r"([\d.]+) (s|ms|µs|ns)\b", text)]


def test_the_values_of_metrics_give_what_they_say(result):
    *parts, ttft = seconds_in(explain_metric(result, "ttft").values)
    assert sum(parts) == pytest.approx(ttft, rel=0.01)
    busy, span = seconds_in(explain_metric(result, "bubble").values)
    share = 1 - busy / (result.scenario.pp * span)
    assert share == pytest.approx(result.metrics.bubble, abs=0.01)
    total, mean = seconds_in(explain_metric(result, "tpot").values)
    told = int(re.search(r"/ (\d+) =", explain_metric(result, "tpot").values)[1])
    assert total / told == pytest.approx(mean, rel=0.01)
    assert mean == pytest.approx(result.metrics.tpot_s, rel=0.01)


def test_what_bounds_it_is_told(result):
    bound = bound_of(result, try_remedy=False)
    assert bound.text.endswith("of TTDS.")


def test_every_format_holds_it(result):
    for name in FORMATS:
        assert len(trace_bytes(result, name)) > 1000
    events = json.loads(trace_bytes(result, "perfetto"))["traceEvents"]
    names = {event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert {device.name for device in result.plan.prefill_devices} <= names
    table = result.trace
    arrows = sum(event["ph"] == "s" for event in events)
    assert arrows == (table.kind == "handoff").sum()
    tables = io.BytesIO(trace_bytes(result, "csv"))
    assert len(tables.read().splitlines()) == len(table) + 1


def test_channels_alike_are_as_busy(result):
    steps = utilisation(result.graph, result.start_s, result.end_s).steps
    use = result.metrics.channel_use.set_index("channel").bytes
    span = result.table.end_s[-1]
    for channel, (moments, shares) in steps.items():
        assert shares.max() <= 1
        carried = (shares[:-1] * (moments[1:] - moments[:-1])).sum() * channel.bandwidth_bps
        assert carried == pytest.approx(use[channel.name], rel=1e-5, abs=1e-6 * span)
    for channel, other in result.graph.stands_for.items():
        assert (channel in steps) == (other in steps)


BOUND_BY_COLLECTIVES = Scenario(
    **CARDS, pp=1, tp=8, prompt_tokens=4000, chunk_tokens=250, batch_size=4
)


def test_collectives_bound_a_run_of_many_gpus_on_pcie():
    result = run(BOUND_BY_COLLECTIVES)
    bound = bound_of(result)
    assert bound.kind is PathKind.COLLECTIVE
    assert bound.cause.startswith("The 8 GPUs of a prefill stage exchange data for ")
    assert {trial.field for trial in bound.trials} <= {f for f, _ in SETTINGS[bound.kind]}
    assert bound.remedy.ttds_s < result.metrics.ttds_s
    again = run(BOUND_BY_COLLECTIVES.replace(**{bound.remedy.field: bound.remedy.value}))
    assert again.metrics.ttds_s == bound.remedy.ttds_s


def test_links_are_those_of_the_machine():
    scenario = Scenario(**RUNS["aggregated"])
    links = [change.what for change in sensitivity(scenario) if change.link]
    assert links and "Ethernet 100G" not in links


def test_of_a_stage_of_several_gpus_it_is_told_what_each_does():
    result = run(Scenario(**RUNS["aggregated"], cost_model="physical"))
    bound = bound_of(result, try_remedy=False)
    assert bound.kind in (PathKind.PREFILL_MEMORY, PathKind.PREFILL_COMPUTE)
    assert bound.cause.startswith("Each GPU of a prefill stage ")

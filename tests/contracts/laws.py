"""The laws that every run obeys, whatever the scenario: each a function of its result."""

import math

import numpy as np
import pytest

import gpu_catalog
from simcore import predicted_events
from simcore.costs import transformer as tf
from simcore.costs.plan import split_evenly
from simcore.run import cost_model_of, topology_of

TRANSFERS = ("handoff", "activations", "decode activations")


class Rows:
    """The rows of one kind of a trace, found by their facts."""

    def __init__(self, table, kind, *facts):
        rows = table[table.kind == kind]
        keys = list(zip(*(rows[fact].tolist() for fact in facts), strict=True))
        self.start = dict(zip(keys, rows.start_s.tolist(), strict=True))
        self.end = dict(zip(keys, rows.end_s.tolist(), strict=True))
        assert len(self.start) == len(rows), f"{kind} rows that are told apart by nothing"

    def __iter__(self):
        return iter(self.start)


def assert_lawful(result):
    """Every law below."""
    for law in LAWS:
        law(result)


def everything_happens_once(result):
    """Every stage prefills every chunk and decodes every step, and passes each on once."""
    scenario, table = result.scenario, result.trace
    chunks, steps = scenario.workload.chunks, scenario.output_tokens
    stages, decode_stages = scenario.pp, scenario.decode_stages
    for kind, fact, places, times in (
        ("prefill", "chunk", stages, chunks),
        ("activations", "chunk", stages - 1, chunks),
        ("decode", "step", decode_stages, steps),
        ("decode activations", "step", decode_stages - 1, steps),
    ):
        expected = {(stage, time) for stage in range(places) for time in range(times)}
        assert set(Rows(table, kind, "stage", fact)) == expected, kind


def causes_come_first_and_nothing_dawdles(result):
    """A pass starts at the very instant at which the last thing it needs has ended."""
    scenario, table = result.scenario, result.trace
    semantics = cost_model_of(scenario).semantics
    chunks, steps = scenario.workload.chunks, scenario.output_tokens
    prefill = Rows(table, "prefill", "stage", "chunk")
    sent = Rows(table, "activations", "stage", "chunk")
    handoff = Rows(table, "handoff", "stage", "to_stage", "chunk")
    handed = {}
    for (stage, _, chunk), end in handoff.end.items():
        handed[stage, chunk] = max(end, handed.get((stage, chunk), 0.0))
    for stage, chunk in prefill:
        needs = [0.0]
        if stage:
            needs.append(sent.end[stage - 1, chunk])
            if semantics.stage_waits_for_handoff:
                needs.append(handed[stage - 1, chunk])
        if chunk and (stage == 0 or semantics.exclusive_devices):
            needs.append(prefill.end[stage, chunk - 1])
        assert prefill.start[stage, chunk] == max(needs), (stage, chunk)
    for stage, chunk in sent:
        assert sent.start[stage, chunk] == prefill.end[stage, chunk]
    for stage, receiver, chunk in handoff:
        assert handoff.start[stage, receiver, chunk] == prefill.end[stage, chunk]

    decode = Rows(table, "decode", "stage", "step")
    token = Rows(table, "decode activations", "stage", "step")
    last, last_decode = scenario.pp - 1, scenario.decode_stages - 1
    waited_for = [
        end for (stage, _), end in handed.items() if semantics.decode_waits_for_all or stage == last
    ]
    assert decode.start[0, 0] == max(waited_for)
    assert len({chunk for _, chunk in handed}) == chunks
    for step in range(1, steps):
        assert decode.start[0, step] == decode.end[last_decode, step - 1]
    for stage, step in token:
        assert token.start[stage, step] == decode.end[stage, step]
        assert decode.start[stage + 1, step] == token.end[stage, step]


def passes_take_what_they_cost(result):
    """End minus start is the cost model's duration."""
    costs, table = cost_model_of(result.scenario), result.trace
    for kind, fact, passes_of in (
        ("prefill", "chunk", costs.prefill_passes),
        ("decode", "step", costs.decode_passes),
    ):
        for stage, rows in table[table.kind == kind].groupby("stage"):
            seconds = passes_of(stage).seconds[rows[fact].to_numpy()]
            assert np.allclose(rows.end_s - rows.start_s, seconds, rtol=1e-9, atol=1e-12)


def no_transfer_beats_its_path(result):
    """A transfer takes at least its latencies and its bytes over the narrowest channel.

    What is crossed n times carries n times the bytes; of several shards that go as one, the path is
    that of one.
    """
    scenario, table = result.scenario, result.trace
    channels = {c.name: c for c in topology_of(scenario, cost_model_of(scenario)).channels}
    moved = table[table.kind.isin(TRANSFERS)]
    for path, rows in moved.groupby("path", observed=True):
        crossed = [name.partition(" ×") for name in path.split(" > ")]
        narrow = min(channels[name].bandwidth_bps / int(times or 1) for name, _, times in crossed)
        latency = sum(channels[name].latency_s for name, _, _ in crossed)
        least = latency + rows.bytes / rows.shards / narrow
        took = rows.end_s - rows.start_s
        assert (took >= least * (1 - 1e-9) - 1e-12 * rows.end_s).all(), path


def devices_run_one_job_at_a_time(result):
    """Where the model says so."""
    if not cost_model_of(result.scenario).semantics.exclusive_devices:
        return
    jobs = result.trace[result.trace.device != ""]
    for device, rows in jobs.groupby("device", observed=True):
        rows = rows.sort_values(["start_s", "end_s"])
        assert (rows.start_s.to_numpy()[1:] >= rows.end_s.to_numpy()[:-1]).all(), device


def all_tokens_are_processed_and_all_kv_cache_is_handed_over(result):
    """Bytes that stages send on and hand over are those of the prompts, layer by layer."""
    scenario, table = result.scenario, result.trace
    handoffs = table[table.kind == "handoff"]
    sent = handoffs.groupby("stage").bytes.sum()
    received = handoffs.groupby("to_stage").bytes.sum()
    passed_on = table[table.kind == "activations"].groupby("stage").bytes.sum()
    llm = gpu_catalog.llm(scenario.llm)
    n, chunks = scenario.batch_size, scenario.workload.chunks
    if scenario.cost_model != "reference":
        residual = llm.hidden * llm.activation_bytes_per_element
        tokens = scenario.prompt_tokens

        def held(pp):
            parts = [tf.slice_of(llm, layers) for layers in split_evenly(llm.layers, pp)]
            return [n * tf.kv_held(llm, part, tokens) for part in parts]

        assert sent.tolist() == pytest.approx(held(scenario.pp), rel=1e-12)
        assert received.tolist() == pytest.approx(held(scenario.decode_stages), rel=1e-12)
    else:
        # Whole chunks, integer division and all: at most a byte short for each.
        tokens = chunks * scenario.chunk_tokens
        residual = llm.reference.hidden * llm.reference.bytes_per_parameter
        width = llm.reference.latent or llm.reference.hidden / llm.reference.query_heads
        per_token = 2 * llm.reference.bytes_per_parameter * llm.reference.kv_heads * width
        whole = n * tokens * llm.reference.layers * per_token
        assert whole - scenario.pp * chunks - chunks <= sent.sum() <= whole
        assert sent.tolist() == received.tolist()
    assert passed_on.tolist() == pytest.approx(
        [n * tokens * residual] * (scenario.pp - 1), rel=1e-12
    )


def memory_is_never_exceeded(result):
    """What runs fits."""
    assert [pool.pool for pool in result.memory] == ["prefill", "decode"]
    for pool in result.memory:
        assert pool.fits
        assert pool.need <= pool.limit <= pool.capacity


def the_metrics_are_those_of_the_trace(result):
    """TTDS, TTFT and TPOT as design defines them, read off the table the plain way."""
    table, metrics = result.trace, result.metrics
    decode = table[table.kind == "decode"]
    steps = decode.groupby("step")
    durations = steps.end_s.max() - steps.start_s.min()
    assert metrics.ttds_s == decode.start_s.min()
    assert metrics.tpot_s == pytest.approx(durations.mean(), rel=1e-12)
    assert metrics.ttft_s == pytest.approx(metrics.ttds_s + durations[0], rel=1e-12)
    assert 0 <= metrics.bubble < 1
    handoffs = table[table.kind == "handoff"]
    together = metrics.handoff_hidden_s + metrics.handoff_exposed_s
    assert together <= (handoffs.end_s.max() - handoffs.start_s.min()) * (1 + 1e-12)
    assert (metrics.channel_use.utilisation <= 1 + 1e-9).all()
    if cost_model_of(result.scenario).semantics.exclusive_devices:
        assert (metrics.device_busy.share <= 1 + 1e-9).all()
    assert len(metrics.device_busy) == result.scenario.pp + result.scenario.decode_stages


def the_length_of_a_run_is_known_beforehand(result):
    """Exactly, but for pools of different PP, where layers may meet at fewer borders."""
    predicted, happened = predicted_events(result.scenario), result.metrics.events
    assert happened <= predicted
    if result.scenario.pp == result.scenario.decode_stages:
        assert happened == predicted


def the_critical_path_is_all_of_the_time_to_the_first_token(result):
    """Its segments tile it, each within its row; its parts by kind sum to it, to the last digit."""
    path, table, metrics = result.critical_path, result.table, result.metrics
    borders = [0.0, *(segment.end_s for segment in path.segments)]
    assert [segment.start_s for segment in path.segments] == borders[:-1]
    assert borders[-1] == metrics.ttft_s
    assert metrics.ttds_s in borders
    for segment in path.segments:
        assert table.start_s[segment.row] <= segment.start_s < segment.end_s
        assert segment.end_s <= table.end_s[segment.row]
    assert (table.start_s[path.rows[1:]] == table.end_s[path.rows[:-1]]).all()
    assert math.fsum(path.seconds("ttds").values()) == metrics.ttds_s
    assert math.fsum(path.seconds("ttft").values()) == metrics.ttft_s


LAWS = (
    everything_happens_once,
    causes_come_first_and_nothing_dawdles,
    passes_take_what_they_cost,
    no_transfer_beats_its_path,
    devices_run_one_job_at_a_time,
    all_tokens_are_processed_and_all_kv_cache_is_handed_over,
    memory_is_never_exceeded,
    the_metrics_are_those_of_the_trace,
    the_length_of_a_run_is_known_beforehand,
    the_critical_path_is_all_of_the_time_to_the_first_token,
)

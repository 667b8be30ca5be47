"""The file for Perfetto says what the trace says, in what Perfetto's reader accepts."""

import json
import math
import re
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from simcore import Scenario, run
from simcore.exports import trace_bytes
from simcore.run import cost_model_of, topology_of
from tests.exports.event_reader import read_events

SCENARIOS = {
    "default": Scenario(),
    "one stage each": Scenario(llm="GPT-OSS-20B", pp=1, prompt_tokens=300, chunk_tokens=128),
    "unlike pools, many tokens": Scenario(
        pp=5, decode_pp=3, prompt_tokens=2000, chunk_tokens=90, output_tokens=4, prefill_nics=2
    ),
    # Jobs overlap on a device, and one channel serves both directions.
    "reference": Scenario(cost_model="reference", prompt_tokens=2048),
    "a busy NIC": Scenario(batch_size=64, prompt_tokens=1024, chunk_tokens=64),
}


@pytest.fixture(scope="module", params=SCENARIOS.values(), ids=SCENARIOS)
def run_and_events(request):
    result = run(request.param)
    return result, read_events(trace_bytes(result, "perfetto"))


def named(events, process):
    [pid] = [pid for pid, name in events.processes.items() if name == process]
    return pid


def ns(seconds):
    return np.rint(np.asarray(seconds) * 1e9).astype(int)


def member(name):
    """A thread's device or channel: of several threads, each but the first has a number."""
    return name.rpartition(" (")[0] if name.endswith(")") else name


def test_every_thread_and_process_has_a_name_and_a_place_of_its_own(run_and_events):
    _, events = run_and_events
    assert set(events.process_of) == set(events.threads)
    assert set(events.process_of.values()) == set(events.processes)
    assert len(set(events.threads.values())) == len(events.threads)
    assert len(set(events.processes.values())) == len(events.processes)
    places = [("process", pid) for pid in events.processes]
    places += [("thread", tid) for tid in events.threads]
    assert set(events.order_of) == set(places)


def test_there_is_a_track_for_each_device_and_channel(run_and_events):
    result, events = run_and_events
    tracks = {member(name) for name in events.threads.values()} - {"TTFT", "critical path"}
    machine = topology_of(result.scenario, cost_model_of(result.scenario))
    devices = {
        device.name for device in (*result.plan.prefill_devices, *result.plan.decode_devices)
    }
    assert tracks == devices | {channel.name for channel in machine.channels}


def test_passes_are_drawn_on_their_device_and_transfers_on_each_channel_they_cross(run_and_events):
    result, events = run_and_events
    expected = Counter()
    for row in result.trace.itertuples():
        places = row.path.split(" > ") if row.path else [row.device]
        number = row.step if row.chunk < 0 else row.chunk
        for place in places:
            expected[place, f"{row.kind} {number}", *ns([row.start_s, row.end_s]).tolist()] += 1
    drawn = Counter(
        (member(events.threads[s.tid]), s.name, s.start, s.end)
        for s in events.slices
        if events.processes[s.pid] != "pdscope"
    )
    assert drawn == expected


def test_what_is_drawn_lasts_as_long_as_in_the_trace(run_and_events):
    result, events = run_and_events
    drawn = defaultdict(int)
    for s in events.slices:
        drawn[member(events.threads[s.tid])] += s.end - s.start
    busy = result.metrics.device_busy.set_index("device").busy_s
    for device, seconds in busy.items():
        jobs = (result.trace.device == device).sum()
        # Each end is rounded to a nanosecond.
        assert drawn[device] / 1e9 == pytest.approx(seconds, abs=jobs * 1e-9)


def test_times_are_whole_nanoseconds_so_that_neighbours_do_not_overlap(run_and_events):
    """As exact as doubles can say them: 1.001 us is no double."""
    result, _ = run_and_events
    told = json.loads(trace_bytes(result, "perfetto"), parse_float=str)["traceEvents"]
    texts = [e[key] for e in told for key in ("ts", "dur") if key in e]
    whole = [round(Fraction(text) * 1000) for text in texts]
    assert all(
        abs(Fraction(text) - Fraction(ns, 1000)) <= Fraction(math.ulp(ns / 1000))
        for text, ns in zip(texts, whole, strict=True)
    )
    brief = sum(re.fullmatch(r"\d+\.\d{3}", text) is not None for text in texts)
    assert brief > 0.97 * len(texts)
    ends = {}
    for event in told:
        # On a pool's GPU one pass follows the other.
        if event["ph"] == "X" and event["name"].startswith(("prefill ", "decode ")):
            start, length = (round(Fraction(event[key]) * 1000) for key in ("ts", "dur"))
            assert start >= ends.get(event["tid"], 0)
            ends[event["tid"]] = start + length


def test_events_carry_what_the_trace_knows_of_them(run_and_events):
    result, events = run_and_events
    facts = ("stage", "to_stage", "chunk", "step")
    expected = {
        (*(getattr(row, fact) for fact in facts), row.kind, row.bytes)
        for row in result.trace.itertuples()
    }
    drawn = {
        (
            *(s.args.get(fact, -1) for fact in facts),
            s.name.rpartition(" ")[0],
            s.args.get("bytes", 0.0),
        )
        for s in events.slices
        if events.processes[s.pid] != "pdscope"
    }
    assert drawn == expected


def test_an_arrow_leads_along_each_handoff(run_and_events):
    result, events = run_and_events
    handoffs = result.trace[result.trace.kind == "handoff"]
    assert len(events.flows) == len(handoffs)
    seen = set()
    for before, handoff, after in events.flows.values():
        assert before.name == f"prefill {handoff.args['chunk']}"
        assert before.args["stage"] == handoff.args["stage"]
        assert before.args["chunk"] == handoff.args["chunk"]
        assert events.processes[before.pid] == "prefill GPUs"
        assert handoff.name == f"handoff {handoff.args['chunk']}"
        assert after.name == "decode 0"
        assert after.args["stage"] == handoff.args["to_stage"]
        assert events.processes[after.pid] == "decode GPUs"
        assert before.end == handoff.start
        assert handoff.end <= after.start or result.scenario.cost_model == "reference"
        seen.add((handoff.args["stage"], handoff.args["to_stage"], handoff.args["chunk"]))
    assert seen == set(zip(handoffs.stage, handoffs.to_stage, handoffs.chunk, strict=True))


def test_counters_hold_the_share_of_bandwidth_and_end_at_nothing(run_and_events):
    result, events = run_and_events
    end = ns(result.end_s.max())
    use = result.metrics.channel_use.set_index("channel").utilisation
    drawn = {}
    for (_, name), steps in events.counters.items():
        channel, _, unit = name.partition(" % ")
        assert unit == "of bandwidth"
        moments, shares = map(np.array, zip(*steps, strict=True))
        assert np.all(np.diff(moments) >= 0)
        assert shares[-1] == 0
        assert 0 <= shares.min() <= shares.max() <= 100 * (1 + 1e-9)
        drawn[channel] = (np.diff(moments) * shares[:-1]).sum() / end / 100
    assert set(drawn) == set(use[use > 0].index)
    for channel, share in drawn.items():
        assert share == pytest.approx(use[channel], rel=1e-3)


def test_times_and_the_critical_path_stand_above_the_rest(run_and_events):
    result, events = run_and_events
    own = [s for s in events.slices if events.processes[s.pid] == "pdscope"]
    ttds, step = (s for s in own if events.threads[s.tid] == "TTFT")
    metrics = result.metrics
    assert (ttds.start, ttds.end, step.end) == (0, *ns([metrics.ttds_s, metrics.ttft_s]))
    assert step.start == ttds.end
    assert Scenario.from_dict(ttds.args) == result.scenario
    path = [s for s in own if events.threads[s.tid] == "critical path"]
    assert path[0].start == 0
    assert path[-1].end == step.end
    assert all(a.end == b.start for a, b in pairwise(path))
    assert named(events, "pdscope") == min(events.processes)


def test_the_file_says_what_it_is_of(run_and_events):
    result, events = run_and_events
    assert Scenario.from_dict(events.other["scenario"]) == result.scenario
    assert events.other["ttds_s"] == result.metrics.ttds_s
    assert events.other["program"] == "pdscope"
    assert events.other["units"]["ts, dur"] == "us"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda e: e.update(dur=e["dur"] * 1.5), "overlaps is dropped"),
        (lambda e: e.update(tid=5000), "flow event of nothing|threads"),
    ],
)
def test_the_reader_refuses_what_perfetto_would_drop(spoil, says):
    data = json.loads(trace_bytes(run(Scenario(prompt_tokens=1024)), "perfetto"))
    spoil(next(e for e in data["traceEvents"] if e["ph"] == "X" and e["name"] == "prefill 3"))
    with pytest.raises(AssertionError, match=says):
        read_events(json.dumps(data).encode())

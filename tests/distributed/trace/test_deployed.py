"""A trace has the same tables whether the program was simulated or ran on real processes."""

from itertools import pairwise
from pathlib import Path

import pytest

from simcore.distributed import ProgramFile, simulate
from simcore.distributed.trace.files import lab_trace_bytes
from tests.exports.event_reader import read_events

PROGRAM = ProgramFile(str(Path(__file__).with_name("overlapped.py")))
UNTIMED_SPAN = ["rank", "name", "region", "peer", "bytes", "tag"]
UNTIMED_MESSAGE = ["source", "target", "bytes", "tag", "operation"]


@pytest.fixture(scope="module")
def traces():
    pytest.importorskip("torch", reason="real processes talk through torch.distributed")
    from simcore.distributed import deploy

    return simulate(PROGRAM, 2).trace, deploy(PROGRAM, 2, threads=1).trace


def rows(table, columns):
    return sorted(map(tuple, table[columns].astype(object).to_numpy().tolist()))


def test_tables_have_the_same_columns_and_the_same_calls_and_messages(traces):
    simulated, deployed = traces
    for name in ("spans", "messages", "table", "per_rank", "per_operation"):
        left, right = getattr(simulated, name), getattr(deployed, name)
        assert list(left.columns) == list(right.columns), name
    calls = [t.spans[t.spans["kind"] == "communication"] for t in traces]
    assert rows(calls[0], UNTIMED_SPAN) == rows(calls[1], UNTIMED_SPAN)
    messages = [trace.messages for trace in traces]
    assert rows(messages[0], UNTIMED_MESSAGE) == rows(messages[1], UNTIMED_MESSAGE)
    assert (messages[1]["posted_s"] <= messages[1]["start_s"]).all()
    assert (messages[1]["start_s"] <= messages[1]["end_s"]).all()


def test_what_is_told_of_real_ranks_adds_up(traces):
    _, trace = traces
    table = trace.per_rank
    busy = table["compute_s"] + table["exposed_s"]
    assert (busy <= table["end_s"] + 1e-9).all() and (table["hidden_s"] <= table["compute_s"]).all()
    path = trace.critical_path()
    assert path.stretches[0].start_s == 0.0 and path.stretches[-1].end_s == trace.end_s
    assert all(a.end_s == b.start_s for a, b in pairwise(path.stretches))
    assert sum(path.seconds.values()) == pytest.approx(trace.end_s)


def test_real_ranks_can_be_looked_at_in_perfetto(traces):
    _, trace = traces
    events = read_events(lab_trace_bytes(trace, "perfetto"))
    assert {"rank 0", "rank 1", "critical path"} <= set(events.threads.values())
    assert 0 < len(events.flows) <= len(trace.messages)
    assert any(name.endswith("byte/s, mean over each message") for _, name in events.counters)

"""Files of programs' traces: tables as they are, and what Perfetto's reader accepts."""

import io
import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from simcore.distributed import Virtual, simulate
from simcore.distributed.trace import LabTrace, Recorder
from simcore.distributed.trace.files import LAB_FORMATS, lab_trace_bytes, write_lab_trace
from simcore.errors import PdscopeError
from tests.distributed.trace.recordings import calls, computes, two_ranks
from tests.exports.event_reader import read_events

TEXTS = dict.fromkeys(("kind", "name", "region"), str)


def program(comm):
    with comm.region("embedding"):
        comm.compute(1e-3 * (comm.rank + 1))
    work = comm.all_gather(Virtual(4_000_000), wait=False)
    with comm.region("attention"):
        comm.compute(2e-3)
    work.wait()
    comm.barrier()
    comm.all_reduce(Virtual(1_000_000))
    comm.sendrecv(Virtual(8), (comm.rank + 1) % comm.size, Virtual(8), (comm.rank - 1) % comm.size)


@pytest.fixture(scope="module")
def trace():
    return simulate(program, 4).trace


@pytest.fixture(scope="module")
def events(trace):
    return read_events(lab_trace_bytes(trace, "perfetto"))


def ns(seconds):
    return np.rint(np.asarray(seconds) * 1e9).astype(int)


def test_one_table_has_spans_and_messages_in_order_of_their_ends(trace):
    table = trace.table
    assert table.columns[:3].tolist() == ["start_s", "end_s", "kind"]
    assert table["end_s"].is_monotonic_increasing
    messages = table[table["kind"] == "message"]
    assert len(table) == len(trace.spans) + len(trace.messages)
    assert messages["bytes"].sum() == trace.messages["bytes"].sum()
    assert messages["peer"].tolist() == trace.messages["target"].tolist()
    assert (table["posted_s"] <= table["start_s"]).all()


def test_csv_and_parquet_are_that_table(trace):
    text = lab_trace_bytes(trace, "csv").decode()
    read = pd.read_csv(io.StringIO(text), keep_default_na=False)
    expected = trace.table.astype(TEXTS)
    pd.testing.assert_frame_equal(read.astype(TEXTS), expected, rtol=0, atol=0)
    columns = parquet.read_table(io.BytesIO(lab_trace_bytes(trace, "parquet")))
    pd.testing.assert_frame_equal(columns.to_pandas().astype(TEXTS), expected)
    told = json.loads(columns.schema.metadata[b"pdscope"])
    assert told["ranks"] == 4 and told["seconds"] == trace.end_s


def test_each_span_is_on_the_thread_of_its_rank(trace, events):
    found = sorted(
        (events.threads[s.tid], s.start, s.end)
        for s in events.slices
        if events.threads[s.tid] != "critical path"
    )
    spans = trace.spans
    names = [f"rank {rank}" for rank in spans["rank"]]
    expected = zip(names, ns(spans["start_s"]), ns(spans["end_s"]), strict=True)
    assert found == sorted(expected)
    assert {s.name for s in events.slices} > {"embedding", "attention", "wait", "all_reduce"}


def test_each_message_is_an_arrow_from_its_sender_to_its_receiver(trace, events):
    messages = trace.messages
    ends = [(events.threads[a.tid], events.threads[b.tid]) for a, b in events.flows.values()]
    expected = zip(messages["source"], messages["target"], strict=True)
    assert sorted(ends) == sorted((f"rank {a}", f"rank {b}") for a, b in expected)


def test_arrows_join_what_was_going_on_as_the_message_set_out_and_arrived():
    events = read_events(lab_trace_bytes(LabTrace.of(two_ranks(), ranks=2), "perfetto"))
    [[sends, receives]] = events.flows.values()
    assert (sends.name, receives.name) == ("send", "recv")


def test_a_message_at_an_end_of_which_nothing_is_known_has_no_arrow():
    recorder = Recorder()
    computes(recorder, 0, 0.0, 1.0)
    calls(recorder, 1, "recv", 0.0, 5.0)
    recorder.message(0, 1, 10, 0, "send", 2.0, 2.0, 4.0)
    recorder.message(0, 1, 0, 0, "send", 0.5, 0.5, 0.5)  # nor one that takes no time
    events = read_events(lab_trace_bytes(LabTrace.of(recorder, ranks=3), "perfetto"))
    assert events.flows == {} and "rank 2" in events.threads.values()


def test_spans_of_a_rank_that_overlap_are_drawn_on_several_threads():
    recorder = Recorder()
    computes(recorder, 0, 0.0, 2.0)
    calls(recorder, 0, "wait", 1.0, 3.0)
    events = read_events(lab_trace_bytes(LabTrace.of(recorder, ranks=1), "perfetto"))
    assert {"rank 0", "rank 0 (2)"} <= set(events.threads.values())


def test_counters_are_the_rates_of_the_nics(trace, events):
    [pid] = [pid for pid, name in events.processes.items() if name == "NICs"]
    for rank, steps in trace.rates.transmit.items():
        moments, values = zip(*events.counters[pid, f"rank {rank} transmits byte/s"], strict=True)
        assert moments == tuple(ns(steps[0])) and values == pytest.approx(steps[1], rel=1e-6)


def test_the_critical_path_has_a_thread_without_gaps(trace, events):
    path = [s for s in events.slices if events.threads[s.tid] == "critical path"]
    assert path[0].start == 0 and path[-1].end == ns(trace.end_s)
    assert all(a.end == b.start for a, b in pairwise(path))
    assert [s.name for s in path] == [s.kind.value for s in trace.critical_path().stretches]


@pytest.mark.parametrize("name", LAB_FORMATS)
def test_a_trace_of_nothing_can_be_written(name):
    assert lab_trace_bytes(LabTrace.of(Recorder(), ranks=2), name)


def test_the_ending_of_a_file_says_its_format(trace, tmp_path):
    for entry in LAB_FORMATS.values():
        path = tmp_path / f"run{entry.endings[0]}"
        write_lab_trace(trace, path)
        assert path.read_bytes() == lab_trace_bytes(trace, entry.name)
    with pytest.raises(PdscopeError, match=r"run\.png.*use one of \.csv"):
        write_lab_trace(trace, tmp_path / "run.png")

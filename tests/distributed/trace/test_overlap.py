"""Exposed communication is waited for; hidden is under way while its rank computes."""

import numpy as np
import pytest

from simcore.distributed.trace import LabTrace, Recorder
from tests.distributed.trace.recordings import calls, computes, idles, ring, two_ranks


def test_what_a_rank_waits_for_is_exposed():
    trace = LabTrace.of(two_ranks(), ranks=2)
    assert trace.exposed_s.tolist() == [3.0, 5.0]
    assert trace.hidden_s.tolist() == [0.0, 0.0]
    assert trace.per_rank["compute_s"].tolist() == [2.0, 1.0]
    assert trace.per_rank["sent_bytes"].tolist() == [100, 0]
    assert trace.per_rank["received_bytes"].tolist() == [0, 100]


def background() -> Recorder:
    """Rank 0 computes from 0 to 4 and from 5 to 9, and sends twice meanwhile."""
    recorder = Recorder()
    computes(recorder, 0, 0.0, 4.0)
    calls(recorder, 0, "wait", 4.0, 5.0)
    computes(recorder, 0, 5.0, 9.0)
    recorder.message(0, 1, 8, 0, "all_gather", 1.0, 1.0, 3.0)
    recorder.message(2, 0, 8, 0, "all_gather", 2.0, 2.0, 6.0)
    calls(recorder, 1, "recv", 0.0, 3.0)
    calls(recorder, 2, "send", 2.0, 6.0)
    return recorder


def test_time_is_hidden_once_however_many_messages_are_under_way():
    # Under way from 1 to 6, of which the rank waits from 4 to 5.
    assert LabTrace.of(background(), ranks=4).hidden_s.tolist() == [4.0, 0.0, 0.0, 0.0]


def test_what_arrives_while_a_rank_is_idle_is_neither_exposed_nor_hidden():
    recorder = Recorder()
    computes(recorder, 0, 0.0, 1.0)
    idles(recorder, 0, 1.0, 4.0)
    recorder.message(1, 0, 8, 0, "isend", 0.5, 0.5, 3.0)
    row = LabTrace.of(recorder, ranks=2).per_rank.iloc[0]
    assert (row["compute_s"], row["idle_s"], row["exposed_s"], row["hidden_s"]) == (1, 3, 0, 0.5)


def test_a_message_to_oneself_counts_once():
    recorder = Recorder()
    computes(recorder, 0, 0.0, 4.0)
    recorder.message(0, 0, 8, 0, "all_to_all", 1.0, 1.0, 3.0)
    assert LabTrace.of(recorder, ranks=1).hidden_s.tolist() == [2.0]


def test_computation_exposed_time_and_the_rest_add_up_to_the_run():
    for recorder, ranks in ((two_ranks(), 2), (background(), 3), (ring(5, late=2.5), 5)):
        table = LabTrace.of(recorder, ranks).per_rank
        busy = table["compute_s"] + table["exposed_s"]
        assert (busy <= table["end_s"] + 1e-12).all()
        assert (table["hidden_s"] <= table["compute_s"]).all()
    # Round a ring nobody does anything else.
    assert busy.to_numpy() == pytest.approx(table["end_s"].to_numpy())


def test_hidden_time_agrees_with_looking_at_many_moments():
    rng = np.random.default_rng(7)
    recorder = Recorder()
    edges = np.sort(rng.uniform(0.0, 10.0, 40))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        computes(recorder, 0, start, end)
    sent = np.sort(rng.uniform(0.0, 10.0, (25, 2)), axis=1)
    for start, end in sent:
        recorder.message(0, 1, 1, 0, "send", start, start, end)
    moments = np.linspace(0.0, 10.0, 200_001)
    busy = np.searchsorted(edges, moments) % 2 == 1
    under_way = np.any((sent[:, :1] <= moments) & (moments < sent[:, 1:]), axis=0)
    [hidden, _] = LabTrace.of(recorder, ranks=2).hidden_s
    assert hidden == pytest.approx(10.0 * np.mean(busy & under_way), abs=40 * 5e-5)


def test_calls_are_told_by_name():
    table = LabTrace.of(two_ranks(), ranks=2).per_operation
    assert table.to_dict("list") == {
        "operation": ["recv", "send"],
        "count": [1, 1],
        "bytes": [100, 100],
        "median_s": [5.0, 3.0],
        "total_s": [5.0, 3.0],
    }
    assert len(LabTrace.of(Recorder(), ranks=2).per_operation) == 0


def test_pieces_of_computation_can_be_replayed_in_their_order():
    table = LabTrace.of(background(), ranks=3).compute_table()
    assert table.to_dict("list") == {
        "rank": [0, 0],
        "piece": [0, 1],
        "region": ["", ""],
        "seconds": [4.0, 4.0],
    }

"""Recordings become tables that do not depend on the order in which things were noted."""

import random

import pytest

from simcore.distributed.trace import LabTrace, Recorder, merged
from simcore.errors import SimulationError
from tests.distributed.trace.recordings import calls, two_ranks


def test_a_table_has_the_columns_that_its_docstring_names():
    trace = LabTrace.of(two_ranks(), ranks=2)
    assert trace.spans.to_dict("list") == {
        "rank": [0, 1, 0, 1],
        "sequence": [0, 0, 1, 1],
        "kind": ["compute", "communication", "communication", "compute"],
        "name": ["compute", "recv", "send", "compute"],
        "region": ["layer", "", "", ""],
        "peer": [-1, 0, 1, -1],
        "bytes": [0, 100, 100, 0],
        "tag": [-1, 7, 7, -1],
        "start_s": [0.0, 0.0, 2.0, 5.0],
        "end_s": [2.0, 5.0, 5.0, 6.0],
    }
    assert trace.messages.to_dict("list") == {
        "source": [0],
        "target": [1],
        "bytes": [100],
        "tag": [7],
        "operation": ["send"],
        "posted_s": [2.0],
        "start_s": [2.0],
        "end_s": [5.0],
    }
    assert trace.end_s == 6.0


def test_tables_of_nothing_have_the_same_columns_and_types():
    full, empty = LabTrace.of(two_ranks(), ranks=2), LabTrace.of(Recorder(), ranks=2)
    for table in ("spans", "messages"):
        some, none = getattr(full, table), getattr(empty, table)
        assert len(none) == 0 and list(none.columns) == list(some.columns)
        numbers = [name for name in some if some[name].dtype != "category"]
        assert none[numbers].dtypes.to_dict() == some[numbers].dtypes.to_dict()
    assert empty.end_s == 0.0


def test_ranks_may_be_noted_in_any_order():
    recorder = two_ranks()
    expected = LabTrace.of(recorder, ranks=2)
    for seed in range(10):
        shuffled = Recorder()
        shuffled.spans = random.Random(seed).sample(recorder.spans, len(recorder.spans))
        shuffled.messages = list(recorder.messages)
        trace = LabTrace.of(shuffled, ranks=2)
        assert trace.spans.equals(expected.spans) and trace.messages.equals(expected.messages)


def test_what_takes_no_time_stays_as_it_was_noted_within_a_rank():
    recorder = Recorder()
    for name in ("b", "a", "c"):
        calls(recorder, 0, name, 1.0, 1.0)
    assert LabTrace.of(recorder, ranks=1).spans["name"].tolist() == ["b", "a", "c"]


def halves(*, wanted_s: float) -> list[Recorder]:
    """Two processes, each of which saw its end of two messages with one tag."""
    sender, receiver = Recorder(), Recorder()
    sender.half_sent(0, 1, 10, 3, "send", 1.0, 4.0)
    sender.half_sent(0, 1, 20, 3, "send", 4.0, 6.0)
    receiver.half_received(0, 1, 10, 3, "send", wanted_s, 4.5)
    receiver.half_received(0, 1, 20, 3, "send", 4.5, 6.5)
    return [receiver, sender]


@pytest.mark.parametrize(("wanted_s", "start_s"), [(0.5, 1.0), (2.0, 2.0)])
def test_a_message_of_two_processes_sets_out_when_both_have_posted(wanted_s, start_s):
    messages = LabTrace.of(merged(halves(wanted_s=wanted_s)), ranks=2).messages
    assert messages["bytes"].tolist() == [10, 20]
    assert messages["posted_s"].tolist() == [1.0, 4.0]
    assert messages["start_s"].tolist() == [start_s, 4.5]
    assert messages["end_s"].tolist() == [4.5, 6.5]


@pytest.mark.parametrize(("lost", "culprit"), [("sent", "rank 1"), ("received", "rank 0")])
def test_an_end_of_a_message_without_the_other_is_an_error(lost, culprit):
    recorders = halves(wanted_s=0.5)
    for recorder in recorders:
        del getattr(recorder, lost)[1:]
    with pytest.raises(SimulationError, match=rf"{culprit} recorded .* tag 3"):
        merged(recorders)

"""What the records of all ranks say of messages, once a deployed program has ended."""

import pytest

from simcore.distributed import ProgramError, SizeMismatch, UnmatchedMessages
from simcore.distributed.trace import Recorder

pytest.importorskip("torch", reason="real processes talk through torch.distributed")

from simcore.distributed.deployed.deploying import run_of
from simcore.distributed.deployed.rank import Ended
from simcore.distributed.deployed.wire import wire_tag


def ended(sent=(), received=()):
    """Two ranks, of which 0 has sent to 1 with tag 3: (bytes, posted_s, end_s) each."""
    ranks = Recorder(), Recorder()
    tag = wire_tag(0, 3), 3
    for nbytes, posted_s, end_s in sent:
        ranks[0].half_sent(0, 1, nbytes, tag, "isend", posted_s, end_s)
    for nbytes, posted_s, end_s in received:
        ranks[1].half_received(0, 1, nbytes, tag, "recv", posted_s, end_s)
    return [Ended(rank, recorder, 9.0 + rank, 7) for rank, recorder in enumerate(ranks)]


def test_both_ends_of_a_message_are_one_row():
    run = run_of(ended(sent=[(8, 1.0, 4.0)], received=[(8, 2.0, 3.0)]))
    [row] = run.trace.messages.to_dict("records")
    times = {"posted_s": 1.0, "start_s": 2.0, "end_s": 3.0}
    assert row == {"source": 0, "target": 1, "bytes": 8, "tag": 3, "operation": "isend"} | times
    assert (run.values, run.seconds, run.peak_bytes) == ([0, 1], 10.0, [7, 7])


def test_a_message_shorter_than_its_room_is_told():
    with pytest.raises(SizeMismatch) as caught:
        run_of(ended(sent=[(8, 1, 2), (4, 2, 3)], received=[(8, 1, 2), (8, 2, 3)]))
    assert "rank 0 sent 4 bytes to rank 1 (isend with tag 3), which had room for 8" in str(
        caught.value
    )


def test_a_send_that_nobody_received_is_told():
    with pytest.raises(UnmatchedMessages, match="rank 0: isend of 4 bytes to rank 1 with tag 3"):
        run_of(ended(sent=[(8, 1, 2), (4, 2, 3)], received=[(8, 1, 2)]))


def test_a_receive_that_nobody_sent_to_is_told():
    with pytest.raises(UnmatchedMessages, match="rank 1: recv of 8 bytes from rank 0 with tag 3"):
        run_of(ended(received=[(8, 1, 2)]))


def test_groups_tags_and_collectives_are_told_apart_on_the_wire():
    numbers = {wire_tag(c, t) for c in (0, 1, 1023) for t in (0, 1, 2**20 - 1, -1, -2, -(2**20))}
    assert len(numbers) == 18
    assert all(0 <= number < 2**31 for number in numbers)


def test_more_groups_than_the_wire_can_tell_apart_are_refused():
    with pytest.raises(ProgramError, match="1,023 of them apart"):
        wire_tag(1024, 0)

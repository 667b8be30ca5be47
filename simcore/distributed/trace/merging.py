"""What several processes recorded, put together: each has seen one end of a message."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from simcore.distributed.trace.recorder import Recorder
from simcore.errors import SimulationError


class End(NamedTuple):
    """One end of a message. Fields: see `Recorder.half_sent` and `Recorder.half_received`."""

    source: int
    target: int
    bytes: int
    tag: Any
    operation: str
    posted_s: float
    end_s: float


class Ends(NamedTuple):
    """The ends of messages, in order of source, target and tag.

    Attributes
    ----------
    pairs : of each message that has both, the sender's and the receiver's
    sent, received : those that have no other
    """

    pairs: list[tuple[End, End]]
    sent: list[End]
    received: list[End]


def paired_ends(recorders: Sequence[Recorder]) -> Ends:
    """Of one source, target and tag the first that was sent with the first that was received, …"""
    there, here = defaultdict(list), defaultdict(list)
    for recorder in recorders:
        for ends, rows in ((there, recorder.sent), (here, recorder.received)):
            for end in map(End._make, rows):
                ends[end.source, end.target, end.tag].append(end)
    found = Ends([], [], [])
    for key in sorted({*there, *here}):
        sent, received = there[key], here[key]
        found.pairs.extend(zip(sent, received, strict=False))
        found.sent.extend(sent[len(received) :])
        found.received.extend(received[len(sent) :])
    return found


def merged(recorders: Sequence[Recorder]) -> Recorder:
    """What several processes recorded, as one.

    A message of which each process saw one end sets out when both have posted, for no process sees
    when the network starts, and ends when the receiver has it.

    Raises SimulationError where an end of a message has no other.
    """
    ends = paired_ends(recorders)
    alone = [(end.target, "received", end) for end in ends.received]
    alone += [(end.source, "sent", end) for end in ends.sent]
    if alone:
        rank, did, end = alone[0]
        raise SimulationError(
            f"rank {rank} recorded that it {did} a message with tag {end.tag} from rank "
            f"{end.source} to rank {end.target}, and the other rank recorded none that is left; "
            "record both ends of each message"
        )
    whole = Recorder()
    for recorder in recorders:
        whole.spans += recorder.spans
        whole.messages += recorder.messages
    for sent, received in ends.pairs:
        start_s = min(max(sent.posted_s, received.posted_s), received.end_s)
        whole.message(
            *(sent.source, sent.target, received.bytes, sent.tag, sent.operation),
            *(sent.posted_s, start_s, received.end_s),
        )
    return whole

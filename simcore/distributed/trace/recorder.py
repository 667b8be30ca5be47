"""Notes what ranks do while they run: one tuple for each thing, made into tables only later."""

from collections import defaultdict, deque
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from simcore.errors import SimulationError

NO_PEER = NO_TAG = -1
"""Of a span that is with no rank in particular, and of what has no tag."""

NO_REGION = ""
"""Outside every region of the program."""


class SpanKind(Enum):
    """What a rank does during a span.

    It computes, is inside a communication call, or does nothing because the program says so.
    """

    COMPUTE = "compute"
    COMMUNICATION = "communication"
    IDLE = "idle"


class Span(NamedTuple):
    """A time during which a rank does one thing. Fields: see `Recorder.span`."""

    rank: int
    kind: SpanKind
    name: str
    region: str
    peer: int
    bytes: int
    tag: int
    start_s: float
    end_s: float


class Message(NamedTuple):
    """A payload from one rank to another. Fields: see `Recorder.message`."""

    source: int
    target: int
    bytes: int
    tag: int
    operation: str
    posted_s: float
    start_s: float
    end_s: float


class Recorder:
    """Collects the spans and messages of a run, of all ranks or of one.

    A call costs an append. Ranks are those of the whole run, also inside groups.

    Attributes
    ----------
    spans, messages : tuples in the order of `Span` and `Message`
    sent, received : of a process that sees one end of its messages, tuples of
        (source, target, bytes, tag, operation, posted_s, end_s); see `merged`
    """

    __slots__ = ("messages", "received", "sent", "spans")

    def __init__(self):
        self.spans: list[tuple] = []
        self.messages: list[tuple] = []
        self.sent: list[tuple] = []
        self.received: list[tuple] = []

    def span(self, rank, kind, name, region, peer, nbytes, tag, start_s, end_s) -> None:
        """A rank computed, or was inside a communication call.

        Spans of one rank do not overlap: a collective is one span, whatever it sends, and of a
        call that goes on in the background its `wait` is the span.

        Parameters
        ----------
        kind : SpanKind
        name : the call, such as "send" or "all_reduce"; "compute" of computation, "idle" of idling
        region : what the program calls this part of itself; "" outside every region
        peer : the other rank; -1 where there is not one
        nbytes : payload of the call [byte]; 0 for computation
        tag : of the message; -1 where there is none
        start_s, end_s : [s]
        """
        self.spans.append((rank, kind, name, region, peer, nbytes, tag, start_s, end_s))

    def computation(self, rank, region, start_s, end_s) -> None:
        """A rank computed; see `span`."""
        self.spans.append(
            (rank, SpanKind.COMPUTE, "compute", region, NO_PEER, 0, NO_TAG, start_s, end_s)
        )

    def idling(self, rank, region, start_s, end_s) -> None:
        """A rank did nothing, because its program said so; see `span`."""
        self.spans.append((rank, SpanKind.IDLE, "idle", region, NO_PEER, 0, NO_TAG, start_s, end_s))

    def message(self, source, target, nbytes, tag, operation, posted_s, start_s, end_s) -> None:
        """A message arrived.

        Parameters
        ----------
        source, target : ranks
        nbytes : payload [byte]
        operation : the call that it belongs to, such as "send" or "all_reduce"
        posted_s : when the sender posted it [s]
        start_s : when it set out [s]: as it was posted or, where it had to wait for the receiver,
            when that had posted, too
        end_s : when all of it had arrived [s]
        """
        self.messages.append((source, target, nbytes, tag, operation, posted_s, start_s, end_s))

    def half_sent(self, source, target, nbytes, tag, operation, posted_s, end_s) -> None:
        """The sender's end of a message: when it posted it, and when its wait ended [s]."""
        self.sent.append((source, target, nbytes, tag, operation, posted_s, end_s))

    def half_received(self, source, target, nbytes, tag, operation, posted_s, end_s) -> None:
        """The receiver's end of a message: when it posted for it, and when it was there [s]."""
        self.received.append((source, target, nbytes, tag, operation, posted_s, end_s))


def merged(recorders: Iterable[Recorder]) -> Recorder:
    """What several processes recorded, as one.

    Ends of messages are put together: of one source, target and tag the first that was sent with
    the first that was received, and so on. Such a message sets out when both ends have posted, for
    no process sees when the network starts, and ends when the receiver has it.

    Raises SimulationError where an end of a message has no other.
    """
    whole = Recorder()
    sent: dict[tuple, deque] = defaultdict(deque)
    received = []
    for recorder in recorders:
        whole.spans += recorder.spans
        whole.messages += recorder.messages
        received += recorder.received
        for source, target, _, tag, operation, posted_s, _ in recorder.sent:
            sent[source, target, tag].append((posted_s, operation))
    for source, target, nbytes, tag, _, wanted_s, end_s in received:
        if not sent[source, target, tag]:
            raise SimulationError(
                f"rank {target} recorded a message with tag {tag} from rank {source}, which "
                "recorded none that is left; record both ends of each message"
            )
        posted_s, operation = sent[source, target, tag].popleft()
        start_s = min(max(posted_s, wanted_s), end_s)
        whole.message(source, target, nbytes, tag, operation, posted_s, start_s, end_s)
    left = {ends: len(posted) for ends, posted in sent.items() if posted}
    if left:
        (source, target, tag), count = min(left.items())
        raise SimulationError(
            f"rank {source} recorded {count} message(s) with tag {tag} to rank {target} that it "
            "did not record; record both ends of each message"
        )
    return whole

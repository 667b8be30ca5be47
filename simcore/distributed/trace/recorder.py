"""Notes what ranks do while they run: one tuple for each thing, made into tables only later."""

from enum import Enum
from typing import NamedTuple

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
        (source, target, bytes, tag, operation, posted_s, end_s); see `merging`
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

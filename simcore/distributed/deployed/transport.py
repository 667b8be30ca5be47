"""Moves payloads through a process group of torch.distributed, and records what it does."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simcore.distributed.deployed.to_itself import ToItself
from simcore.distributed.deployed.together import Together
from simcore.distributed.deployed.wire import incoming, outgoing, wire_tag
from simcore.distributed.trace import Recorder, SpanKind
from simcore.distributed.trace.recorder import NO_PEER
from simcore.distributed.transport import Call
from simcore.distributed.with_torch import torch

NO_TAG = -1


class Deployed:
    """What the program of a rank and its collectives in the background share.

    Parameters
    ----------
    group : process group of all ranks
    device : where the back end takes tensors from
    zero_s : time on `clock` that the run counts from [s]

    Attributes
    ----------
    recorder : what the rank did; tags of its ends of messages are (wire tag, tag)
    has_open_ends : whether the program has ended with operations that it never awaited
    peak_bytes : most that posted operations and collectives held at once [byte]
    """

    def __init__(self, group, device: torch.device, zero_s: float):
        self.group = group
        self.device = device
        self.rank, self.size = group.rank(), group.size()
        self.recorder = Recorder()
        self.itself = ToItself(self.rank)
        self.peak_bytes = 0
        self.has_open_ends = False
        self.posted: dict[int, Posted] = {}
        self.beside: list[_Beside] = []
        self._zero_s = zero_s
        self._held = 0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Time since the run began [s]."""
        return time.monotonic() - self._zero_s

    def hold(self, nbytes: int) -> None:
        """The rank holds so many more bytes (fewer if negative)."""
        with self._lock:
            self._held += nbytes
            self.peak_bytes = max(self.peak_bytes, self._held)

    def set_out(self) -> None:
        """Nothing that was posted is kept back any longer."""
        if isinstance(self.group, Together):
            self.group.set_out()

    def finish(self) -> None:
        """The program has ended: let what runs beside it end, too, and note what it never awaited.

        Such a send or receive is noted as if it had been waited for now: whether it had another
        end is seen when the records of all ranks are together.
        """
        self.set_out()
        for work in self.beside:
            work.wait()
        self.has_open_ends = bool(self.posted)
        for posted in list(self.posted.values()):
            posted.note()
        # Messages of one tag meet in the order of posting, in which they need not be awaited.
        self.recorder.sent.sort(key=_posted_s)
        self.recorder.received.sort(key=_posted_s)


class DeployedTransport:
    """One logical process of a rank; see `simcore.distributed.transport.Transport`.

    Attributes
    ----------
    waits : the `Posted` or `_Beside` that it waits for; None while it computes
    """

    def __init__(self, deployed: Deployed):
        self.deployed = deployed
        self.rank, self.size = deployed.rank, deployed.size
        self.waits: Posted | _Beside | None = None
        self._regions = [""]
        self._ended_s = deployed.now()

    def begin(self) -> float:
        return self._computed()

    def end(self, call: Call, begun_s: float) -> None:
        now = self.deployed.now()
        self._ended_s = now
        where = (self._regions[-1], call.peer, call.nbytes, call.tag)
        kind = SpanKind.COMMUNICATION
        self.deployed.recorder.span(self.rank, kind, call.name, *where, begun_s, now)

    def post_send(self, payload, to, context, tag, call, later) -> "Posted":
        deployed, number = self.deployed, wire_tag(context, tag)
        data = outgoing(payload, deployed.device)
        posted = Posted(self, call, to, number, data, True, payload)
        if to == self.rank:
            return posted.start(deployed.itself.send(data, number))
        return posted.start(deployed.group.send([data], to, number))

    def post_recv(self, into, source, context, tag, call, later) -> "Posted":
        deployed, number = self.deployed, wire_tag(context, tag)
        data, finish = incoming(into, deployed.device)
        posted = Posted(self, call, source, number, data, False, into, finish)
        if source == self.rank:
            return posted.start(deployed.itself.receive(data, number))
        return posted.start(deployed.group.recv([data], source, number))

    def enter(self, context, members, number, call, facts) -> None:
        """Real ranks that enter different collectives wait for ever; nobody sees why."""

    def in_background(self, call: Call, run: Callable[["DeployedTransport"], Any]) -> "_Beside":
        work = _Beside(self, call, run)
        self.deployed.beside.append(work)
        return work

    def hold(self, nbytes: int) -> None:
        self.deployed.hold(nbytes)

    def compute(self, seconds, flops, nbytes) -> None:
        """Takes the time that it takes."""

    def enter_region(self, name: str) -> None:
        self._computed()
        self._regions.append(name)

    def leave_region(self) -> None:
        self._computed()
        self._regions.pop()

    def wait_for_library(self, work, call: Call) -> None:
        """Wait for a collective that the library runs."""
        self.waits = _OfLibrary(call)
        work.wait()
        self.waits = None

    def finish(self) -> None:
        """The program has ended."""
        self._computed()

    def _computed(self):
        """Record what was computed until now; returns the time."""
        now = self.deployed.now()
        what = (self.rank, SpanKind.COMPUTE, "compute", self._regions[-1])
        self.deployed.recorder.span(*what, NO_PEER, 0, NO_TAG, self._ended_s, now)
        self._ended_s = now
        return now


def _posted_s(end):
    return end[5]


class Posted:
    """A send or a receive that is under way. A wait returns the payload of the program.

    Attributes
    ----------
    call, peer, sends : what it belongs to, with whom it is, and whether it is a send
    """

    __slots__ = (
        *("_data", "_finish", "_posted_s", "_payload", "_transport", "_wire", "_work"),
        *("call", "peer", "sends"),
    )

    def __init__(self, transport, call, peer, wire, data, sends, payload, finish=None):
        self._transport = transport
        self._posted_s = transport.deployed.now()
        self._wire = wire
        # Kept until it has been awaited: the back end reads and writes this memory.
        self._data = data
        self._payload = payload
        self._finish = finish
        self._work = None
        self.call = call
        self.peer = peer
        self.sends = sends

    def start(self, work) -> "Posted":
        """It was handed over to whatever carries it."""
        self._work = work
        deployed = self._transport.deployed
        deployed.posted[id(self)] = self
        deployed.hold(self._data.numel())
        return self

    def wait(self):
        """Wait until it is done, once; again, it does nothing."""
        if self._work is None:
            return self._payload
        transport = self._transport
        transport.waits = self
        self._work.wait()
        if self._data.is_cuda:
            torch.cuda.current_stream().synchronize()
        transport.waits = None
        self._work = None
        if self._finish is not None:
            self._finish()
        self.note()
        return self._payload

    def note(self) -> None:
        """Record this end of the message, as done now."""
        deployed = self._transport.deployed
        del deployed.posted[id(self)]
        nbytes = self._data.numel()
        deployed.hold(-nbytes)
        what = (nbytes, (self._wire, self.call.tag), self.call.name, self._posted_s, deployed.now())
        if self.sends:
            deployed.recorder.half_sent(deployed.rank, self.peer, *what)
        else:
            deployed.recorder.half_received(self.peer, deployed.rank, *what)


@dataclass(frozen=True)
class _OfLibrary:
    """A collective that nobody sees the inside of. Attributes: as those of `Posted`."""

    call: Call
    peer = NO_PEER
    sends = False


class _Beside:
    """A collective that runs in a thread of its own.

    Attributes
    ----------
    call, peer, sends : as those of `Posted`; it is with no single rank
    """

    def __init__(self, transport, call, run):
        self.call = call
        self.peer = NO_PEER
        self.sends = False
        self._transport = transport
        self._outcome = None
        self._error = None
        self._run = run
        self._thread = threading.Thread(target=self._life, name=call.name, daemon=True)
        self._thread.start()

    def wait(self):
        """Wait for its end; returns what it returned, or raises what it raised."""
        self._transport.waits = self
        self._thread.join()
        self._transport.waits = None
        if self._error is not None:
            raise self._error
        return self._outcome

    def _life(self):
        try:
            self._outcome = self._run(DeployedTransport(self._transport.deployed))
        except BaseException as error:
            self._error = error

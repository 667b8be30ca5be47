"""Moves payloads through a process group of torch.distributed, and records what it does."""

import threading
import time
from collections.abc import Callable
from typing import Any

from simcore.distributed.deployed.posted import Beside, OfLibrary, Posted
from simcore.distributed.deployed.to_itself import ToItself
from simcore.distributed.deployed.together import Together
from simcore.distributed.deployed.wire import incoming, outgoing, wire_tag
from simcore.distributed.trace import Recorder, SpanKind
from simcore.distributed.trace.recorder import NO_REGION
from simcore.distributed.transport import Call
from simcore.distributed.with_torch import torch


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
    open_ends : operations that the program has never awaited, once it has ended; the back end
        forgets a message of which nobody keeps its own
    peak_bytes : most that posted operations and collectives held at once [byte]
    """

    def __init__(self, group, device: torch.device, zero_s: float):
        self.group = group
        self.device = device
        self.rank, self.size = group.rank(), group.size()
        self.recorder = Recorder()
        self.itself = ToItself(self.rank)
        self.peak_bytes = 0
        self.open_ends: list[Posted] = []
        self.posted: dict[int, Posted] = {}
        self.beside: list[Beside] = []
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
        self.open_ends = list(self.posted.values())
        for posted in self.open_ends:
            posted.note()
        # Messages of one tag meet in the order of posting, in which they need not be awaited.
        self.recorder.sent.sort(key=_posted_s)
        self.recorder.received.sort(key=_posted_s)


class DeployedTransport:
    """One logical process of a rank; see `simcore.distributed.transport.Transport`.

    Attributes
    ----------
    waits : the `Posted` or `Beside` that it waits for; None while it computes
    """

    def __init__(self, deployed: Deployed):
        self.deployed = deployed
        self.rank, self.size = deployed.rank, deployed.size
        self.waits: Posted | Beside | None = None
        self._regions = [NO_REGION]
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

    def in_background(self, call: Call, run: Callable[["DeployedTransport"], Any]) -> "Beside":
        work = Beside(self, DeployedTransport(self.deployed), call, run)
        self.deployed.beside.append(work)
        return work

    def hold(self, nbytes: int) -> None:
        self.deployed.hold(nbytes)

    def compute(self, seconds, flops, nbytes) -> None:
        """Takes the time that it takes."""

    def idle(self, seconds: float) -> None:
        begun = self._ended_s
        time.sleep(seconds)
        self._ended_s = now = self.deployed.now()
        self.deployed.recorder.idling(self.rank, self._regions[-1], begun, now)

    def enter_region(self, name: str) -> None:
        self._computed()
        self._regions.append(name)

    def leave_region(self) -> None:
        self._computed()
        self._regions.pop()

    def wait_for_library(self, work, call: Call) -> None:
        """Wait for a collective that the library runs."""
        self.waits = OfLibrary(call)
        work.wait()
        self.waits = None

    def finish(self) -> None:
        """The program has ended."""
        self._computed()

    def _computed(self):
        """Record what was computed until now; returns the time."""
        now = self.deployed.now()
        self.deployed.recorder.computation(self.rank, self._regions[-1], self._ended_s, now)
        self._ended_s = now
        return now


def _posted_s(end):
    return end[5]

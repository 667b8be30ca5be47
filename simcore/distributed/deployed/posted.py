"""What a rank can wait for: messages, and collectives that run beside it or in the library."""

import threading
from dataclasses import dataclass

from simcore.distributed.trace.recorder import NO_PEER
from simcore.distributed.transport import Call
from simcore.distributed.with_torch import torch


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
class OfLibrary:
    """A collective that nobody sees the inside of. Attributes: as those of `Posted`."""

    call: Call
    peer = NO_PEER
    sends = False


class Beside:
    """A collective that runs in a thread of its own.

    Attributes
    ----------
    call, peer, sends : as those of `Posted`; it is with no single rank
    """

    def __init__(self, transport, beside, call, run):
        self.call = call
        self.peer = NO_PEER
        self.sends = False
        self._transport = transport
        self._outcome = None
        self._error = None
        self._run = run
        self._thread = threading.Thread(
            target=self._life, args=(beside,), name=call.name, daemon=True
        )
        self._thread.start()

    def wait(self):
        """Wait for its end; returns what it returned, or raises what it raised."""
        self._transport.waits = self
        self._thread.join()
        self._transport.waits = None
        if self._error is not None:
            raise self._error
        return self._outcome

    def _life(self, beside):
        try:
            self._outcome = self._run(beside)
        except BaseException as error:
            self._error = error

"""Work that a program waits for later."""

from simcore.distributed.transport import Call


class Awaited:
    """Work whose wait is a call of the program."""

    __slots__ = ("_call", "_transport", "_work")

    def __init__(self, transport, work, call):
        self._transport = transport
        self._work = work
        self._call = call

    def wait(self):
        """Wait until it is done; returns what it gives."""
        transport = self._transport
        begun = transport.begin()
        result = self._work.wait()
        call = self._call
        transport.end(Call("wait", call.peer, call.nbytes, call.tag), begun)
        return result

    def poll(self) -> bool:
        """Whether it is over; where it is not, to ask takes the rank a moment of simulated time.

        For simulated scripts alone, whose calls can be asked so: real transports know no `poll`.
        """
        transport = self._transport
        begun = transport.begin()
        over = transport.poll(self._work)
        call = self._call
        transport.end(Call("poll", call.peer, call.nbytes, call.tag), begun)
        return over

"""What a rank sends to itself, which no back end carries."""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field

from simcore.distributed.errors import SizeMismatch


@dataclass(eq=False)
class _End:
    data: object
    done: threading.Event = field(default_factory=threading.Event)

    def wait(self):
        self.done.wait()


class ToItself:
    """Matches a rank's sends to itself with its receives, first with first of one wire tag."""

    def __init__(self, rank: int):
        self._rank = rank
        self._sends: dict[int, deque[_End]] = defaultdict(deque)
        self._receives: dict[int, deque[_End]] = defaultdict(deque)
        # A collective in the background may meet the program here.
        self._lock = threading.Lock()

    def send(self, data, tag: int) -> _End:
        """Offer a tensor of bytes; its wait returns when it has been received."""
        end = _End(data)
        with self._lock:
            if self._receives[tag]:
                self._match(end, self._receives[tag].popleft())
            else:
                self._sends[tag].append(end)
        return end

    def receive(self, room, tag: int) -> _End:
        """Ask for a tensor of bytes, to be written into `room`."""
        end = _End(room)
        with self._lock:
            if self._sends[tag]:
                self._match(self._sends[tag].popleft(), end)
            else:
                self._receives[tag].append(end)
        return end

    def _match(self, sent, received):
        if sent.data.numel() != received.data.numel():
            raise SizeMismatch(
                f"rank {self._rank} sends itself {sent.data.numel():,} bytes and receives "
                f"{received.data.numel():,}"
            )
        received.data.copy_(sent.data)
        sent.done.set()
        received.done.set()

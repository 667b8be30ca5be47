"""Which send meets which receive: the first of each, for one sender, receiver, group and tag."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from simcore.distributed.simulated.baton import Process
from simcore.distributed.transport import Call
from simcore.distributed.waiting import NearMiss


@dataclass(slots=True, eq=False)
class Post:
    """One end of a message: a send or a receive that a process has posted.

    Attributes
    ----------
    rank, peer : who posted it, and the other end
    nbytes : size [byte]
    data : the bytes to send, or where to write those that come; None for a virtual payload
    posted_s : when [s]
    start_s, end_s : of a send, when the message set out and when it was there [s]
    sends : whether it is a send
    done : whether it needs to be waited for no more
    sent, arrived : of a send, whether it has set out, and whether it is there
    other : the other end, once they have met
    where : "file:line", where it is known without asking
    """

    process: Process
    rank: int
    peer: int
    call: Call
    nbytes: int
    data: np.ndarray | None
    posted_s: float
    sends: bool
    start_s: float = 0.0
    end_s: float = 0.0
    done: bool = False
    sent: bool = False
    arrived: bool = False
    other: "Post | None" = None
    where: str = ""


class Mailbox:
    """Posts that have not met, in order of posting. Each key holds sends or receives, not both."""

    def __init__(self):
        self._open: dict[tuple, deque[Post]] = {}

    def match(self, key, post: Post) -> Post | None:
        """The other end of `post`, if it was posted before; else `post` is kept for it."""
        queue = self._open.get(key)
        if queue is None:
            self._open[key] = deque((post,))
            return None
        if queue[0].sends is post.sends:
            queue.append(post)
            return None
        found = queue.popleft()
        if not queue:
            del self._open[key]
        return found

    def unmatched(self) -> list[Post]:
        """All that have not met, by rank and in order of posting."""
        left = [post for queue in self._open.values() for post in queue]
        return sorted(left, key=lambda post: (post.rank, post.posted_s))

    def near_misses(self) -> list[NearMiss]:
        """Sends and receives of programs between the same ranks, which differ in tag or group."""
        sends = {}
        for (_, source, target, tag), queue in self._open.items():
            if queue[0].sends and tag >= 0:
                sends.setdefault((source, target), tag)
        found = [
            NearMiss(source, target, sends[source, target], tag)
            for (_, source, target, tag), queue in self._open.items()
            if not queue[0].sends and tag >= 0 and (source, target) in sends
        ]
        return sorted(found, key=lambda each: (each.source, each.target, each.asked))

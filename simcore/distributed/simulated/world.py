"""The simulated machine that ranks run on: every message is a transfer of the engine."""

import sys
import time

from simcore.distributed.errors import Deadlock
from simcore.distributed.failures import LeftOver, unmatched
from simcore.distributed.network import Paths
from simcore.distributed.simulated.agreement import Entry, check_alike, size_mismatch
from simcore.distributed.simulated.baton import Baton, Process, stack_of
from simcore.distributed.simulated.mailbox import Mailbox, Post
from simcore.distributed.trace import Recorder
from simcore.distributed.waiting import Missed, Waiting, cycle_of, deadlock_text, user_place
from simcore.engine import CommNetworkSimulator, ComputeJob, DataBatch, Device
from simcore.errors import LimitReached

# Of processes that can go on at one moment, in this order.
MESSAGE, COMPUTATION, BACKGROUND = range(3)


class World:
    """Ranks, the network between them, and the messages on their way.

    Parameters
    ----------
    paths : the channels from one rank to another
    eager_bytes : a send of no more than these is over as soon as it is posted [byte]
    kept : what each process must find as it left it
    most_messages, limit_s : bounds on the messages, and on the seconds that the run may take

    Attributes
    ----------
    recorder : spans and messages, in order of their ends
    held, peak : bytes that each rank holds for communication, and the most it has held [byte]
    """

    def __init__(
        self,
        ranks: int,
        paths: Paths,
        *,
        eager_bytes=0,
        kept=(),
        most_messages=None,
        limit_s=None,
    ):
        self.ranks = ranks
        self.simulator = CommNetworkSimulator()
        self.recorder = Recorder()
        self.devices = [Device(f"rank {rank}") for rank in range(ranks)]
        self.held = [0] * ranks
        self.peak = [0] * ranks
        self.baton = Baton(self._advance, self._stuck, kept)
        self._paths = paths
        # By number of the pair: its channels, and the sum of their latencies [s].
        self._known_paths: dict[int, tuple[tuple, float]] = {}
        self._mailbox = Mailbox()
        self._eager_bytes = eager_bytes
        self._messages_left = most_messages
        self._most_messages = most_messages
        self._deadline = None if limit_s is None else time.monotonic() + limit_s
        self._limit_s = limit_s
        self._collectives: dict[tuple, tuple[tuple[int, ...], list[Entry]]] = {}
        self._events = 0

    def post(self, key, post: Post) -> Post:
        """One end of a message; it sets out as soon as it has met the other."""
        rank = post.rank
        self.held[rank] = held = self.held[rank] + post.nbytes
        if held > self.peak[rank]:
            self.peak[rank] = held
        other = self._mailbox.match(key, post)
        if other is None:
            if post.sends and post.nbytes <= self._eager_bytes:
                # The program goes on, and where it has posted this may be told later.
                post.where = post.where or user_place(sys._getframe(1))
                self._send_eagerly(post)
            return post
        send, receive = (post, other) if post.sends else (other, post)
        if send.nbytes != receive.nbytes or (send.data is None) is not (receive.data is None):
            raise size_mismatch(send, receive, (self._place(send), self._place(receive)))
        send.other, receive.other = receive, send
        if not send.sent:
            if send.nbytes <= self._eager_bytes:
                self._send_eagerly(send)
            else:
                self._send(send)
        elif send.arrived:
            self._deliver(send)
        return post

    def wait(self, post: Post) -> None:
        """Wait until a post is done."""
        if not post.done:
            process = post.process
            process.waits_for = post
            self.baton.wait(process)
            process.waits_for = None

    def compute(self, process: Process, seconds: float) -> None:
        """The rank computes for so long [s]."""
        job = ComputeJob("compute", seconds, device=self.devices[process.rank], tag=process)
        self.simulator.add_compute(job)
        self.baton.wait(process)

    def wake_after_background(self, process: Process) -> None:
        """What ran beside the process has ended, and it waits for that."""
        self._events += 1
        self.baton.wake(process, (BACKGROUND, process.rank, self._events))

    def hold(self, rank: int, nbytes: int) -> None:
        """The rank holds so many more bytes."""
        self.held[rank] = held = self.held[rank] + nbytes
        if held > self.peak[rank]:
            self.peak[rank] = held

    def enter(self, rank, context, members, number, call, facts) -> None:
        """A rank enters a collective of its group; raises if others have entered another."""
        # Groups that share a context share no rank.
        key = context, members[0], number
        entered = self._collectives.setdefault(key, (members, []))[1]
        entered.append(Entry(rank, call, facts, user_place(sys._getframe(2))))
        check_alike(entered[0], entered[-1], number, members)
        if len(entered) == len(members):
            del self._collectives[key]

    def check_all_matched(self) -> None:
        """Raises UnmatchedMessages if something was posted that never met its other end."""
        left = [
            LeftOver(
                *(post.rank, post.peer, post.sends),
                *(post.call.name, post.nbytes, post.call.tag, post.where),
            )
            for post in self._mailbox.unmatched()
        ]
        if left:
            raise unmatched(left)

    # What the engine tells.

    def on_data_transfer_complete(self, simulator, batch):
        """A message has arrived."""
        simulator.pause()
        # What is to be kept is recorded. Old transfers, with all that they lead to, would only be
        # gone through again and again by the garbage collector: half of the time of a run.
        simulator.completed_batches.clear()
        send = batch.tag
        send.arrived = True
        send.end_s = simulator.current_time
        self._events += 1
        if send.other is not None:
            self._deliver(send)

    def on_compute_complete(self, simulator, job):
        """A rank has computed."""
        simulator.pause()
        simulator.completed_compute.clear()
        process = job.tag
        self._events += 1
        self.baton.wake(process, (COMPUTATION, process.rank, self._events))

    def _deliver(self, send):
        receive = send.other
        send.other = receive.other = None
        if send.data is not None and send.nbytes:
            receive.data[:] = send.data
        call = send.call
        self.recorder.message(
            send.rank,
            receive.rank,
            send.nbytes,
            call.tag,
            call.name,
            send.posted_s,
            send.start_s,
            send.end_s,
        )
        for post in (receive, send):
            if not post.done:
                post.done = True
                self.held[post.rank] -= post.nbytes
                process = post.process
                if process.waits_for is post:
                    self.baton.wake(process, (MESSAGE, process.rank, self._events))

    def _send(self, post):
        if self._messages_left is not None:
            if not self._messages_left:
                raise LimitReached(
                    f"the program has sent {self._most_messages:,} messages at t = "
                    f"{self.simulator.current_time:.6g} s, and more are not allowed here"
                )
            self._messages_left -= 1
        post.sent = True
        post.start_s = self.simulator.current_time
        pair = post.rank * self.ranks + post.peer
        known = self._known_paths.get(pair)
        if known is None:
            path = () if post.rank == post.peer else self._paths(post.rank, post.peer)
            known = self._known_paths[pair] = path, sum(channel.latency_s for channel in path)
        path, latency_s = known
        # Told, so that the engine need not know the path before something moves over it.
        self.simulator.add_batch(DataBatch(post.call.name, post.nbytes, path, post, latency_s))

    def _send_eagerly(self, post):
        if post.data is not None:
            post.data = post.data.copy()
        self._send(post)
        post.done = True
        self.held[post.rank] -= post.nbytes

    # What the baton asks.

    def _advance(self) -> bool:
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise LimitReached(
                f"the run reached its limit of {self._limit_s:g} s at t = "
                f"{self.simulator.current_time:.6g} s of simulated time"
            )
        before = self._events
        self.simulator.run(self)
        return self._events > before

    def _stuck(self):
        ended = sorted(p.rank for p in self.baton.processes if p.ended and not p.beside)
        waiting = [self._waiting(p) for p in self.baton.processes if not p.ended]
        # Whoever started first, the same is told.
        waiting.sort(key=lambda each: each.rank)
        cycle = cycle_of(waiting)
        near = self._mailbox.near_misses()
        text = deadlock_text(waiting, ended, cycle, self._missed(), near)
        return Deadlock(text, tuple(waiting), cycle)

    def _missed(self):
        missed = []
        by_group = sorted(self._collectives.items(), key=lambda item: item[0])
        for _, (members, entries) in by_group:
            entered = {entry.rank for entry in entries}
            ranks = tuple(rank for rank in members if rank not in entered)
            missed.append(Missed(entries[0].call.name, tuple(sorted(entered)), ranks))
        return missed

    def _place(self, post):
        return post.where or _place_of(post.process)

    def _waiting(self, process):
        work = process.waits_for
        where = _place_of(process)
        if isinstance(work, Post):
            posted = "" if work.where == where else work.where
            return Waiting(process.rank, work.call, (work.peer,), work.sends, where, posted)
        # A collective that runs beside the program: a process of its own, which is told, too.
        return Waiting(process.rank, work.call, (), False, where)


def _place_of(process):
    return process.beside or user_place(stack_of(process))

"""One logical process's way into the simulated world."""

import sys

from simcore.distributed.errors import BufferModified
from simcore.distributed.failures import raise_for_rank
from simcore.distributed.payloads import kind_of
from simcore.distributed.simulated.baton import Process, Stopped
from simcore.distributed.simulated.mailbox import Post
from simcore.distributed.simulated.world import World
from simcore.distributed.timing import Clock
from simcore.distributed.trace.recorder import NO_REGION, SpanKind
from simcore.distributed.transport import Call
from simcore.distributed.waiting import user_place

POLL_S = 1e-6
"""Simulated time that a rank takes to ask whether something is over [s]."""


class SimulatedTransport:
    """Moves payloads for one process of one rank: see `simcore.distributed.transport.Transport`."""

    __slots__ = ("_clock", "_process", "_regions", "_simulator", "_world", "rank", "size")

    def __init__(self, world: World, process: Process, clock: Clock):
        self._world = world
        self._process = process
        self._clock = clock
        self._simulator = world.simulator
        self._regions = [NO_REGION]
        self.rank = process.rank
        self.size = world.ranks

    def begin(self) -> float:
        self._world.baton.check_runs(self._process)
        clock = self._clock
        if clock.runs:
            self._compute(clock.stop(self._regions[-1]))
        return self._simulator.current_time

    def end(self, call: Call, begun_s: float) -> None:
        self._world.recorder.span(
            self.rank,
            SpanKind.COMMUNICATION,
            call.name,
            self._regions[-1],
            call.peer,
            call.nbytes,
            call.tag,
            begun_s,
            self._simulator.current_time,
        )
        self._clock.start()

    def post_send(self, payload, to, context, tag, call, later):
        kind = kind_of(payload)
        data = kind.outgoing(payload)
        if later and data is not None:
            data = data.copy()
        rank = self.rank
        post = Post(
            self._process, rank, to, call, kind.size(payload), data,
            self._simulator.current_time, True,
        )  # fmt: skip
        if later:
            post.where = user_place(sys._getframe(2))
        self._world.post((context, rank, to, tag), post)
        return _Send(self._world, post, payload, later)

    def post_recv(self, into, source, context, tag, call, later):
        kind = kind_of(into)
        data, finish = kind.incoming(into)
        rank = self.rank
        post = Post(
            self._process, rank, source, call, kind.size(into), data,
            self._simulator.current_time, False,
        )  # fmt: skip
        if later:
            post.where = user_place(sys._getframe(2))
        self._world.post((context, source, rank, tag), post)
        return _Receive(self._world, post, into, finish)

    def poll(self, work) -> bool:
        """Whether a work is over; a program that asks until it is gets there, `POLL_S` a time."""
        if not work.done:
            self._world.compute(self._process, POLL_S)
        return work.done

    def enter(self, context, members, number, call, facts) -> None:
        self._world.enter(self.rank, context, members, number, call, facts)

    def in_background(self, call, run):
        world = self._world
        work = _Beside(world, self._process, call)
        where = user_place(sys._getframe(1))

        def life(process):
            try:
                work.result = run(SimulatedTransport(world, process, self._clock))
            except Stopped:
                raise
            except BaseException as error:
                raise_for_rank(process.rank, error, where)
            work.end()

        world.baton.add(self.rank, life, beside=where)
        return work

    def hold(self, nbytes: int) -> None:
        self._world.hold(self.rank, nbytes)

    def compute(self, seconds, flops, nbytes) -> None:
        self._world.baton.check_runs(self._process)
        took = self._clock.told(seconds, flops, nbytes)
        if took > 0.0:
            self._compute(took)

    def idle(self, seconds: float) -> None:
        begun = self._simulator.current_time
        if seconds > 0.0:
            self._world.compute(self._process, seconds)
        now = self._simulator.current_time
        self._world.recorder.idling(self.rank, self._regions[-1], begun, now)
        self._clock.start()

    def enter_region(self, name: str) -> None:
        self._settle()
        self._regions.append(name)

    def leave_region(self) -> None:
        self._settle()
        self._regions.pop()

    def start(self) -> None:
        """The program begins."""
        self._clock.start()

    def finish(self) -> None:
        """The program has ended."""
        self._settle()
        self._clock.end()

    def _settle(self):
        """What was computed so far belongs to the region that it was computed in."""
        if self._clock.runs:
            self.begin()
            self._clock.start()

    def _compute(self, seconds):
        world = self._world
        begun = self._simulator.current_time
        if seconds > 0.0:
            world.compute(self._process, seconds)
        now = self._simulator.current_time
        world.recorder.computation(self.rank, self._regions[-1], begun, now)


class _Send:
    __slots__ = ("_later", "_payload", "_post", "_world")

    def __init__(self, world, post, payload, later):
        self._world = world
        self._post = post
        self._payload = payload
        self._later = later

    @property
    def done(self):
        return self._post.done

    def wait(self):
        post = self._post
        self._world.wait(post)
        if self._later and post.data is not None:
            now = kind_of(self._payload).outgoing(self._payload)
            if now.shape != post.data.shape or (now != post.data).any():
                raise BufferModified(
                    f"rank {post.rank} changed the payload of {post.nbytes:,} bytes that it gave "
                    f"to {post.call.name} for rank {post.peer} at {post.where} before its wait; "
                    "wait first, or send a copy"
                )
        return self._payload


class _Receive:
    __slots__ = ("_finish", "_into", "_post", "_world")

    def __init__(self, world, post, into, finish):
        self._world = world
        self._post = post
        self._into = into
        self._finish = finish

    @property
    def done(self):
        return self._post.done

    def wait(self):
        self._world.wait(self._post)
        if self._finish is not None:
            self._finish()
            self._finish = None
        return self._into


class _Beside:
    """A collective that runs beside the program."""

    def __init__(self, world, process, call):
        self._world = world
        self._process = process
        self.done = False
        self.call = call
        self.result = None

    def end(self):
        self.done = True
        if self._process.waits_for is self:
            self._world.wake_after_background(self._process)

    def wait(self):
        if not self.done:
            self._process.waits_for = self
            self._world.baton.wait(self._process)
            self._process.waits_for = None
        return self.result

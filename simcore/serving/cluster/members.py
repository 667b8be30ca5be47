"""Replicas of a cluster, as the cluster keeps them: what they do, what it has sent them."""

from collections import deque
from enum import Enum
from math import inf

from simcore.serving.cluster.outcome import Course
from simcore.serving.cluster.spec import PoolSpec
from simcore.serving.replica.replica import Replica
from simcore.serving.replica.state import ReplicaState
from simcore.serving.request import Request
from simcore.serving.views import ReplicaView


class Phase(Enum):
    """Of a replica's life."""

    PROVISIONING = "provisioning"
    LOADING = "loading"
    WARMING_UP = "warming up"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"
    GONE = "gone"


STARTING = (Phase.PROVISIONING, Phase.LOADING, Phase.WARMING_UP)


class Member:
    """A replica in its pool.

    Attributes
    ----------
    slot : whose GPUs of the pool it has, from 0
    phases : each phase and when it began [s]
    courses : of requests that were sent there and have not ended there, by number
    tokens : of their prompts
    room : whose KV cache waits until there is room for it here, in order
    states : what it has told, the latest last
    wake_s : when it is looked at next [s]
    version : of the timer that does that, and of that which ends its phase
    """

    __slots__ = (
        "_plain",
        "courses",
        "index",
        "phase",
        "phase_version",
        "phases",
        "pool",
        "replica",
        "room",
        "slot",
        "states",
        "tokens",
        "version",
        "wake_s",
    )

    def __init__(self, replica: Replica, pool: PoolSpec, slot: int, phase: Phase, now: float):
        self.replica, self.pool, self.slot = replica, pool, slot
        self.index = replica.index
        self.phases: list[tuple[Phase, float]] = []
        self.phase_version = 0
        self.enter(phase, now)
        self.courses: dict[int, Course] = {}
        self.tokens = 0
        self._plain: ReplicaView | None = None
        self.room: deque[Course] = deque()
        self.states: deque[ReplicaState] = deque()
        self.wake_s = inf
        self.version = 0

    def __str__(self):
        return f"replica {self.index} ({self.pool.name} {self.slot})"

    def enter(self, phase: Phase, now: float) -> None:
        """A phase of its life begins."""
        self.phase = phase
        self.phases.append((phase, now))
        self.phase_version += 1

    def fits(self, request: Request) -> bool:
        """Whether it could ever take the request."""
        return self.replica.refusal(request) is None

    def take(self, course: Course) -> None:
        """A request is sent there."""
        self.courses[course.request.number] = course
        self._plain = None
        self.tokens += course.request.prompt_tokens

    def drop(self, course: Course) -> None:
        """A request has ended there."""
        del self.courses[course.request.number]
        self._plain = None
        self.tokens -= course.request.prompt_tokens

    def view(self, state: ReplicaState, now: float) -> ReplicaView:
        """What policies see of it that look at what engines tell."""
        return ReplicaView(
            self.index, self.pool.name, len(self.courses), self.tokens, now - state.time, state
        )

    @property
    def plain_view(self) -> ReplicaView:
        """What the others see of it."""
        if self._plain is None:
            self._plain = ReplicaView(self.index, self.pool.name, len(self.courses), self.tokens)
        return self._plain

    def tell(self, now: float, delay_s: float) -> None:
        """It says how it is, to those who see it `delay_s` [s] later."""
        states = self.states
        while len(states) > 1 and states[1].time <= now - delay_s:
            states.popleft()
        if not states or states[-1].time < now:
            states.append(self.replica.state(now))
        else:
            states[-1] = self.replica.state(now)

    def known(self, as_of: float) -> ReplicaState:
        """The latest that it had told at a time [s]; the first if that is later."""
        for state in reversed(self.states):
            if state.time <= as_of:
                return state
        return self.states[0]

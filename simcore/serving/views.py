"""What policies see: frozen snapshots, with their age. None of them knows how long an answer is."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.replica.state import ReplicaState
from simcore.serving.request import Piece, Request


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as policies see it: all but how long its answer will be.

    Attributes
    ----------
    number, arrival_s, prompt_tokens, client, priority, session, turn, pieces : as in the request
    """

    number: int
    arrival_s: float
    prompt_tokens: int
    client: int
    priority: int
    session: int
    turn: int
    pieces: tuple[Piece, ...]


def asked(request: Request) -> Asked:
    """What policies may know of a request."""
    return Asked(
        request.number,
        request.arrival_s,
        request.prompt_tokens,
        request.client,
        request.priority,
        request.session,
        request.turn,
        request.pieces,
    )


@dataclass(frozen=True, slots=True)
class ReplicaView:
    """A replica as a policy sees it.

    What whoever routes counts itself is exact. What the engine tells is as old as `age_s` says, and
    is there only for policies that ask for it (`reads_states`).

    Attributes
    ----------
    index : of the replica in the cluster
    pool : its name
    in_flight : requests sent there that have not ended there
    in_flight_tokens : tokens of their prompts
    age_s : of what the engine tells [s]
    state : that; None where it is not asked for
    """

    index: int
    pool: str
    in_flight: int
    in_flight_tokens: int
    age_s: float = 0.0
    state: ReplicaState | None = None

    @property
    def waiting(self) -> int:
        """Requests that wait in the engine."""
        return self.state.waiting

    @property
    def running(self) -> int:
        """Requests in the engine's batch."""
        return self.state.running

    @property
    def unfinished_tokens(self) -> int:
        """Tokens to prefill and tokens that decodes look at."""
        return self.state.unfinished_tokens

    @property
    def kv_usage(self) -> float:
        """Share of the blocks that are not free, from 0 to 1."""
        return self.state.kv_usage

    def cached_tokens(self, request: Asked) -> int:
        """Tokens of the prompt whose KV cache the engine had at the time of the snapshot."""
        return self.state.cached_tokens(request.pieces) if request.pieces else 0


@dataclass(frozen=True, slots=True)
class DoorView:
    """What decides on admission sees.

    Attributes
    ----------
    time_s : now [s]
    in_flight : requests that have been admitted and have not ended, of the whole cluster
    replicas : those that take prompts
    """

    time_s: float
    in_flight: int
    replicas: Sequence[ReplicaView]


@dataclass(frozen=True, slots=True)
class PoolMetrics:
    """What an autoscaler sees of its pool.

    Attributes
    ----------
    time_s : now [s]
    age_s : of the three metrics [s]; how many replicas there are is known as of now
    ready, pending, draining : replicas that take requests, that are being started, that only finish
        what they have
    in_flight : requests sent to replicas of the pool that have not ended there
    waiting : those of them that wait in an engine, or for room in one
    kv_usage : sum of the shares of blocks in use, over the replicas that were ready
    unfinished_tokens : to prefill, and that decodes look at
    """

    time_s: float
    age_s: float
    ready: int
    pending: int
    draining: int
    in_flight: int
    waiting: int
    kv_usage: float
    unfinished_tokens: int

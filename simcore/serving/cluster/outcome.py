"""What became of requests and of their KV caches' transfers."""

from dataclasses import dataclass
from enum import Enum

from simcore.serving.replica.job import NEVER, Job
from simcore.serving.request import Request
from simcore.serving.views import Asked


class Status(Enum):
    """How a request ended, or that it has not."""

    IN_FLIGHT = "in flight"
    COMPLETED = "completed"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Transfer:
    """The KV cache of a request on its way from a prefill replica to where it decodes.

    Where it goes in parts, `alone_end_s` follows the parts: each begins when it is there, and not
    before the one ahead of it is over.

    Attributes
    ----------
    number : of the request
    source, target : indices of the replicas
    tokens : of the prompt, those that the target lacked
    bytes : of their KV cache [byte]
    prefilled_s : when the whole prompt was prefilled [s]
    reserved_s : when the target had reserved blocks [s]
    started_s : when the first part began [s]
    ended_s : when everything had arrived [s]
    latency_s : of the path [s]
    serialisation_s : that its bytes take at the path's rate with nothing else on it [s]
    alone_end_s : when it would have arrived with nothing else on its path [s]
    parts : that it went in
    bottleneck : the channel that held its last part back for the longest time; "" for none
    """

    number: int
    source: int
    target: int
    tokens: int = 0
    bytes: float = 0.0
    prefilled_s: float = NEVER
    reserved_s: float = NEVER
    started_s: float = NEVER
    ended_s: float = NEVER
    latency_s: float = 0.0
    serialisation_s: float = 0.0
    alone_end_s: float = NEVER
    parts: int = 0
    bottleneck: str = ""

    @property
    def queue_s(self) -> float:
        """That the complete KV cache waited for room where it decodes [s]."""
        return max(0.0, self.reserved_s - self.prefilled_s)

    @property
    def contention_s(self) -> float:
        """How much later it arrived than with nothing else on its path [s]."""
        return self.ended_s - self.alone_end_s


@dataclass(slots=True, eq=False)
class Course:
    """One request's way through the cluster.

    Attributes
    ----------
    request, job : what is asked, and the times of what its last replicas did
    asked : of the request, what policies may know
    reason : why it was refused or has failed, for people; else ""
    apart : whether it was prefilled apart from where it decodes
    attempts : how often it was started, 0 for one that was refused at the door
    lost_s : from its arrival to its last start [s]
    transfer : of its KV cache; None if it was not moved
    ended_s : when it was over, in one way or another [s]
    """

    request: Request
    job: Job
    asked: Asked
    status: Status = Status.IN_FLIGHT
    reason: str = ""
    apart: bool = False
    attempts: int = 0
    lost_s: float = 0.0
    transfer: Transfer | None = None
    ended_s: float = NEVER
    # Where it is, for the cluster alone.
    prefill: object = None
    decode: object = None
    sending: object = None

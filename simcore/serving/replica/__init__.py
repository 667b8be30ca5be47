"""One engine in simulated time: continuous batching, paged KV cache, prefixes, preemption."""

from simcore.serving.replica.clock import Clock, LinearClock
from simcore.serving.replica.events import (
    Event,
    Finished,
    FirstToken,
    LayersPrefilled,
    Preempted,
    Prefilled,
    Started,
)
from simcore.serving.replica.job import NEVER, Job, Refusal
from simcore.serving.replica.keys import block_keys
from simcore.serving.replica.order import Order, Waiting, by_priority, in_turn
from simcore.serving.replica.plan import ReplicaPlan
from simcore.serving.replica.prefix import PrefixIndex
from simcore.serving.replica.replica import Replica
from simcore.serving.replica.role import Role
from simcore.serving.replica.settings import EngineSettings, Victim
from simcore.serving.replica.state import Counts, ReplicaState
from simcore.serving.replica.step_clock import StepClock
from simcore.serving.replica.step_log import Gaps

__all__ = [
    "NEVER",
    "Clock",
    "Counts",
    "EngineSettings",
    "Event",
    "Finished",
    "FirstToken",
    "Gaps",
    "Job",
    "LayersPrefilled",
    "LinearClock",
    "Order",
    "Preempted",
    "Prefilled",
    "PrefixIndex",
    "Refusal",
    "Replica",
    "ReplicaPlan",
    "ReplicaState",
    "Role",
    "Started",
    "StepClock",
    "Victim",
    "Waiting",
    "block_keys",
    "by_priority",
    "in_turn",
]

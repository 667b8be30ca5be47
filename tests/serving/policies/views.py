"""Views for policies, without a cluster."""

from simcore.serving.replica import PrefixIndex, ReplicaState, block_keys
from simcore.serving.views import Asked, DoorView, ReplicaView


def request(number=0, *, prompt=100, pieces=(), **more) -> Asked:
    given = {"arrival_s": 0.0, "client": 0, "priority": 0, "session": -1, "turn": 0} | more
    return Asked(number=number, prompt_tokens=prompt, pieces=pieces, **given)


def replica(index, *, in_flight=0, in_flight_tokens=0, cached=(), age_s=0.0, **more) -> ReplicaView:
    """One whose cache holds the prompts of these pieces."""
    prefixes = PrefixIndex(60.0)
    for pieces in cached:
        prefixes.insert(block_keys(pieces, 16), 0.0)
    counts = {
        **{"time": 1.0, "waiting": 0, "running": 0, "receiving": 0, "sending": 0},
        **{"waiting_tokens": 0, "context_tokens": 0, "free_blocks": 100, "total_blocks": 100},
        **{"steps_in_flight": 0, "preemptions": 0, "index": prefixes, "block_tokens": 16},
    }
    state = ReplicaState(**counts | more)
    return ReplicaView(index, "both", in_flight, in_flight_tokens, age_s, state)


def door(*replicas, time_s=0.0, in_flight=0) -> DoorView:
    return DoorView(time_s, in_flight, replicas)

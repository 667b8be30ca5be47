"""What is told of those that share channels."""

from dataclasses import dataclass

from simcore.engine import CommChannel


@dataclass(frozen=True, slots=True)
class Flow:
    """Transfers of one kind from one place to another.

    Attributes
    ----------
    kind : what the trace calls it
    stage, to_stage, rank, to_rank : from where to where; -1 where that is not said
    shards : how many transfers of GPUs alike one of them stands for
    """

    kind: str
    stage: int = -1
    to_stage: int = -1
    rank: int = -1
    to_rank: int = -1
    shards: int = 1


@dataclass(frozen=True)
class Sharer:
    """What one flow had of a channel.

    Attributes
    ----------
    transfers, bytes : that crossed it, and their payload [byte]
    moving_s : while they moved, summed [s]
    shared_s : of that, beside others [s]
    delay_s : what the channel made them take longer than alone, summed [s]
    """

    flow: Flow
    transfers: int
    bytes: float
    moving_s: float
    shared_s: float
    delay_s: float


@dataclass(frozen=True)
class ChannelUse:
    """Who used a channel, and what it cost.

    Attributes
    ----------
    alike : channels that carry the same, each of which cost as much
    busy_s, shared_s : time with one transfer or more, and with two or more [s]
    most : the most transfers at once
    delay_s : what it made transfers take longer than alone, summed over them [s]
    critical_s : of that, of transfers on the critical path [s]
    sharers : whom it cost most before others
    """

    channel: CommChannel
    alike: tuple[CommChannel, ...]
    busy_s: float
    shared_s: float
    most: int
    delay_s: float
    critical_s: float
    sharers: tuple[Sharer, ...]


@dataclass(frozen=True)
class Crossing:
    """A transfer that moves over a channel at some moment.

    Attributes
    ----------
    task : its number in the graph
    copies : how many cross the channel of those that it stands for
    rate, alone : its speed then, and the one that it would have alone [byte/s]
    bound_by : the channel that holds it to that
    """

    task: int
    flow: Flow
    copies: int
    rate: float
    alone: float
    bound_by: CommChannel

"""What happens on a replica that others may want to know."""

from dataclasses import dataclass

from simcore.serving.replica.job import Job


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job.

    Attributes
    ----------
    time : of the simulated clock [s]
    """

    time: float
    job: Job


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The first step with tokens of its prompt has begun."""


@dataclass(frozen=True, slots=True)
class LayersPrefilled(Event):
    """A part of the layers has the KV cache of some tokens of its prompt.

    Attributes
    ----------
    tokens : of the step
    group, groups : which part of the layers, from 0, and how many there are
    last : whether these are the prompt's last tokens
    """

    tokens: int
    group: int
    groups: int
    last: bool


@dataclass(frozen=True, slots=True)
class FirstToken(Event):
    """Its first output token is there."""


@dataclass(frozen=True, slots=True)
class Prefilled(Event):
    """On a replica that only prefills: its KV cache is complete, and kept until it is released."""


@dataclass(frozen=True, slots=True)
class Preempted(Event):
    """It has lost its KV cache and waits to have it computed again."""


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """Its last output token is there, and its blocks are free."""

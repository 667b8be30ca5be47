"""What each job and transfer of a pipeline is.

Stages, chunks, steps, parts, micro-batches and ranks count from 0. A rank is a GPU's number in its
stage, -1 for all of them. `part` is -1 where a pass is not cut into parts. `shards` is how many
transfers alike one stands for.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PrefillPass:
    """A prefill stage computes a chunk, or a part of its layers."""

    stage: int
    chunk: int
    part: int = -1
    kind: ClassVar[str] = "prefill"


@dataclass(frozen=True, slots=True)
class Handoff:
    """The KV cache of a chunk goes from a prefill stage to a decode stage.

    Where it is handed over once at the end, the chunk is the last, and the KV cache that of all.
    """

    stage: int
    to_stage: int
    chunk: int
    part: int = -1
    rank: int = -1
    to_rank: int = -1
    shards: int = 1
    kind: ClassVar[str] = "handoff"


@dataclass(frozen=True, slots=True)
class Activations:
    """A chunk's activations go to the next prefill stage."""

    stage: int
    to_stage: int
    chunk: int
    rank: int = -1
    to_rank: int = -1
    shards: int = 1
    kind: ClassVar[str] = "activations"


@dataclass(frozen=True, slots=True)
class PrefillCollective:
    """GPUs of a prefill stage exchange data of a chunk: in all, or what one sends another."""

    stage: int
    chunk: int
    part: int = -1
    rank: int = -1
    to_rank: int = -1
    shards: int = 1
    kind: ClassVar[str] = "collective"


@dataclass(frozen=True, slots=True)
class DecodePass:
    """A decode stage computes one token of each request of a micro-batch."""

    stage: int
    step: int
    microbatch: int = 0
    part: int = -1
    kind: ClassVar[str] = "decode"


@dataclass(frozen=True, slots=True)
class DecodeActivations:
    """A step's activations go to the next decode stage."""

    stage: int
    to_stage: int
    step: int
    microbatch: int = 0
    rank: int = -1
    to_rank: int = -1
    shards: int = 1
    kind: ClassVar[str] = "decode activations"


@dataclass(frozen=True, slots=True)
class DecodeCollective:
    """GPUs of a decode stage exchange data of a step: in all, or what one sends another."""

    stage: int
    step: int
    microbatch: int = 0
    part: int = -1
    rank: int = -1
    to_rank: int = -1
    shards: int = 1
    kind: ClassVar[str] = "decode collective"


@dataclass(frozen=True, slots=True)
class Background:
    """What others send."""

    kind: ClassVar[str] = "background"

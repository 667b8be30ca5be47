"""What each job and transfer of a pipeline is. Stages, chunks and steps count from 0."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PrefillPass:
    """A prefill stage computes a chunk."""

    stage: int
    chunk: int
    kind: ClassVar[str] = "prefill"


@dataclass(frozen=True, slots=True)
class Handoff:
    """The KV cache of a chunk goes from a prefill stage to a decode stage."""

    stage: int
    to_stage: int
    chunk: int
    kind: ClassVar[str] = "handoff"


@dataclass(frozen=True, slots=True)
class Activations:
    """A chunk's activations go to the next prefill stage."""

    stage: int
    to_stage: int
    chunk: int
    kind: ClassVar[str] = "activations"


@dataclass(frozen=True, slots=True)
class DecodePass:
    """A decode stage computes one token of each request."""

    stage: int
    step: int
    kind: ClassVar[str] = "decode"


@dataclass(frozen=True, slots=True)
class DecodeActivations:
    """A step's activations go to the next decode stage."""

    stage: int
    to_stage: int
    step: int
    kind: ClassVar[str] = "decode activations"

"""What a cost model answers, and the semantics a pipeline runs under with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from simcore.costs.expected_error import ExpectedError
from simcore.costs.operators.collectives import Collective
from simcore.costs.plan import Pool, Workload
from simcore.costs.roofline import roofline_seconds
from simcore.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Semantics:
    """What waits for what, and what shares a wire.

    Attributes
    ----------
    stage_waits_for_handoff : a stage starts a chunk only when the previous stage's KV of that chunk
        has also arrived at the decode pool
    decode_waits_for_all : decode starts when every stage's KV has arrived, not the last one's alone
    exclusive_devices : a GPU runs one job at a time
    full_duplex : the two directions of a wire do not share its bandwidth
    """

    stage_waits_for_handoff: bool
    decode_waits_for_all: bool
    exclusive_devices: bool
    full_duplex: bool


@dataclass(frozen=True, kw_only=True)
class PassCosts:
    """Costs of one stage's passes, an entry for each chunk (prefill) or step (decode).

    Attributes
    ----------
    flop : floating-point operations [FLOP]
    attention : those of them that attention itself takes; the others are products with weights
        [FLOP]
    traffic : bytes moved through the GPU's memory [byte]
    weights : those of them that are weights; the others are KV cache [byte]
    flops : peak compute the duration is reckoned with [FLOP/s]
    bandwidth : memory bandwidth it is reckoned with [byte/s]
    seconds : duration [s]
    parts : what it is the sum of [s], by kind of kernel; empty where it is a roofline's maximum
    """

    flop: np.ndarray
    attention: np.ndarray
    traffic: np.ndarray
    weights: np.ndarray
    flops: float
    bandwidth: float
    seconds: np.ndarray
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def roofline(cls, *, flop, attention, traffic, weights, flops, bandwidth) -> "PassCosts":
        """Passes that take as long as the roofline says."""
        seconds = roofline_seconds(flop=flop, traffic=traffic, flops=flops, bandwidth=bandwidth)
        return cls(
            flop=flop,
            attention=attention,
            traffic=traffic,
            weights=weights,
            flops=flops,
            bandwidth=bandwidth,
            seconds=seconds,
        )

    @cached_property
    def compute_bound(self) -> np.ndarray:
        """Whether computing takes a pass at least as long as moving its bytes."""
        return self.flop / self.flops >= self.traffic / self.bandwidth


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A collective that each pass of a stage carries out, so many times.

    Attributes
    ----------
    kind : what the GPUs do
    groups : the GPUs of the stage that do it together, by their number in the stage; several groups
        do it at the same time
    times : of each pass
    bytes : buffer of each GPU, by chunk or step [byte]: what is reduced, what a gather results in,
        what a GPU sends to all others in an all-to-all
    shares : of an all-to-all, the part of a GPU's bytes that each of its group receives (of itself
        too), heaviest expert groups as they are placed; None for equal parts
    """

    kind: Collective
    groups: tuple[tuple[int, ...], ...]
    times: int
    bytes: np.ndarray
    shares: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class HandoffShare:
    """KV cache that one GPU of a prefill stage hands to one GPU of a decode stage.

    Attributes
    ----------
    sender, receiver : numbers of the GPUs in their stages
    bytes : by chunk [byte]
    """

    sender: int
    receiver: int
    bytes: np.ndarray


class CostModel(Protocol):
    """Costs of one workload on two pools. Stages and chunks count from 0.

    A model refuses what it cannot describe with a ScenarioError at construction.

    Attributes
    ----------
    knows_engines : whether the pools' serving engine counts
    """

    knows_engines: bool
    semantics: Semantics

    def __init__(self, *, llm, workload: Workload, prefill: Pool, decode: Pool): ...

    def prefill_passes(self, stage: int) -> PassCosts:
        """Costs of the stage's prefill passes, by chunk."""

    def decode_passes(self, stage: int) -> PassCosts:
        """Costs of the stage's decode passes, by step."""

    def prefill_activation_bytes(self) -> np.ndarray:
        """What a prefill stage sends the next, by chunk [byte]."""

    def decode_activation_bytes(self) -> float:
        """What a decode stage sends the next in each step [byte]."""

    def handoff_bytes(self, sender: int, receiver: int) -> np.ndarray | None:
        """KV cache that prefill stage `sender` hands to decode stage `receiver`, by chunk [byte].

        None where the receiver holds none of the sender's layers.
        """

    def weight_bytes(self, pool: Pool, stage: int) -> float:
        """Weights that a stage holds [byte]."""

    def kv_bytes(self, pool: Pool, stage: int) -> float:
        """KV cache that a stage holds when it is fullest [byte]."""

    def capacity_bytes(self, pool: Pool) -> float:
        """Memory of one GPU of the pool [byte]."""

    @staticmethod
    def link(name: str):
        """The catalog link `name`, as something with `bandwidth` [byte/s] and `latency` [s]."""

    @staticmethod
    def expected_errors(*, llm, prefill, decode, engine) -> Mapping[str, ExpectedError]:
        """How far times may be off for a model on two GPUs in an engine, by the metrics' names."""


COST_MODELS: Registry[type[CostModel]] = Registry("cost model", "simcore.costs.models")

"""What a cost model answers, and the semantics a pipeline runs under with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from simcore.costs.expected_error import ExpectedError
from simcore.costs.operators.exchanges import Exchange
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
    collectives : what the stage's collectives were taken to last in reckoning what the engine adds,
        which `seconds` leaves out [s]; None where no engine adds anything
    """

    flop: np.ndarray
    attention: np.ndarray
    traffic: np.ndarray
    weights: np.ndarray
    flops: float
    bandwidth: float
    seconds: np.ndarray
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)
    collectives: np.ndarray | None = None

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

    The GPUs of a stage compute in lock step, so what a pass costs is what the GPU with the most to
    do takes. A model refuses what it cannot describe with a ScenarioError at construction.

    Attributes
    ----------
    knows_engines : whether the pools' serving engine counts
    """

    knows_engines: bool
    semantics: Semantics

    def __init__(self, *, llm, workload: Workload, prefill: Pool, decode: Pool): ...

    def prefill_passes(self, stage: int) -> PassCosts:
        """Costs of one GPU of the stage in prefill passes, by chunk, without collectives."""

    def decode_passes(self, stage: int) -> PassCosts:
        """Costs of one GPU of the stage in decode passes, by step, without collectives.

        A pass is that of one micro-batch: each step has as many passes as there are micro-batches.
        """

    def prefill_exchanges(self, stage: int) -> tuple[Exchange, ...]:
        """The collectives of one prefill pass of the stage, their bytes by chunk."""

    def decode_exchanges(self, stage: int) -> tuple[Exchange, ...]:
        """The collectives of one decode pass of the stage, their bytes by step."""

    def exchange_seconds(
        self,
        pool: Pool,
        exchange: Exchange,
        *,
        bandwidth: float,
        rated: float,
        latency_s: float,
        switched: bool,
        nodes: int,
    ) -> np.ndarray | None:
        """What one such collective takes alone [s], by chunk or step; None: what the wires say.

        Parameters
        ----------
        bandwidth : that each of the GPUs has into the others, in one direction [byte/s]
        rated : the same by what the wires are, whatever is taken of them or added in a trial
            [byte/s]
        latency_s : from one to the next [s]
        switched : whether a switch joins them, rather than wires between pairs
        nodes : over how many machines they are spread
        """

    def prefill_activation_bytes(self) -> np.ndarray:
        """What a prefill stage sends the next, by chunk [byte]: the residual stream of the tokens
        of one attention group, the one with the most. Each of its TP GPUs sends its part of it.
        """

    def decode_activation_bytes(self) -> float:
        """What a decode stage sends the next in each pass [byte]: the residual stream of one
        micro-batch in one attention group, the one with the most; each of its TP GPUs sends its
        part of it.
        """

    def handoff_shares(
        self, sender: int, receiver: int, layers: range | None = None
    ) -> tuple[HandoffShare, ...]:
        """KV cache that prefill stage `sender` hands to decode stage `receiver`, by GPUs and chunk.

        Empty where the receiver holds none of the sender's layers.

        Parameters
        ----------
        layers : of the model; only what the two share of them. None for all they share
        """

    def weight_bytes(self, pool: Pool, stage: int) -> float:
        """Weights on the fullest GPU of a stage [byte]."""

    def kv_bytes(self, pool: Pool, stage: int) -> float:
        """KV cache on the fullest GPU of a stage when it is fullest [byte]."""

    def buffer_bytes(self, pool: Pool, stage: int) -> float:
        """Activations of the largest pass, and what collectives put beside them, on the fullest GPU
        of a stage [byte].
        """

    def capacity_bytes(self, pool: Pool) -> float:
        """Memory of one GPU of the pool [byte]."""

    @staticmethod
    def link(name: str):
        """The catalog link `name`, as something with `bandwidth` [byte/s] and `latency` [s]."""

    @staticmethod
    def expected_errors(*, llm, prefill: Pool, decode: Pool, engine) -> Mapping[str, ExpectedError]:
        """How far times may be off for a model on two pools in an engine, by the metrics' names."""


COST_MODELS: Registry[type[CostModel]] = Registry("cost model", "simcore.costs.models")

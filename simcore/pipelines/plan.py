"""Everything a pipeline needs to know before it runs: durations, sizes and paths, as tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from simcore.costs import PassCosts, Semantics
from simcore.engine import CommChannel, Device
from simcore.engine.bundles import Path
from simcore.engine.routes import RouteTable
from simcore.pipelines.collectives_used import CollectivesUsed
from simcore.pipelines.rules import Flood
from simcore.pipelines.tags import DecodePass, PrefillPass


@dataclass(frozen=True)
class Sending:
    """A transfer of each chunk or step, which may stand for several that are alike.

    Attributes
    ----------
    path : of one of them; a channel stands there as often as they cross it
    bytes : of one of them, by chunk or step [byte]
    latency_s : of one of them, by chunk or step [s]
    rank, to_rank : GPUs, by their number in the stage; -1 where it stands for several
    shards : how many it stands for
    """

    path: Path
    bytes: list[float]
    latency_s: list[float]
    rank: int
    to_rank: int
    shards: int


@dataclass(frozen=True)
class HandoffRoute:
    """KV cache that a stage hands over when a part of a pass is done.

    Attributes
    ----------
    receiver : decode stage
    """

    receiver: int
    sending: Sending


@dataclass(frozen=True)
class PassPart:
    """A part of a stage's pass: computing, then collectives, then handing over.

    Attributes
    ----------
    share : of the pass's duration
    collective_s : of its collectives as one job, by chunk or step [s]; None if there is none
    rounds : its collectives as flows: what is sent at the same time, one after the other
    handoffs : what is handed over then
    """

    share: float
    collective_s: list[float] | None = None
    rounds: tuple[tuple[Sending, ...], ...] = ()
    handoffs: tuple[HandoffRoute, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PipelinePlan:
    """One workload on one machine, costed.

    Attributes
    ----------
    prefill_costs, decode_costs : of the passes of each stage; in decode of one micro-batch
    prefill_parts, decode_parts : into which the passes of each stage are cut
    at_the_end : whether KV cache is handed over once, after the last chunk
    activations, decode_activations : from each stage to the next
    chunks, steps : number of prefill chunks and of decode steps
    microbatches : of decode
    collectives : as what they are run, and why; None where there are none
    floods : what others send
    routes : every path in use, by number
    stands_for : of channels that carry the same as another, which no path crosses, that other one
    """

    semantics: Semantics
    prefill_costs: list[PassCosts]
    decode_costs: list[PassCosts]
    prefill_parts: list[tuple[PassPart, ...]]
    decode_parts: list[tuple[PassPart, ...]]
    at_the_end: bool
    activations: list[tuple[Sending, ...]]
    decode_activations: list[tuple[Sending, ...]]
    chunks: int
    steps: int
    microbatches: int
    collectives: CollectivesUsed | None
    floods: tuple[Flood, ...]
    prefill_devices: list[Device]
    decode_devices: list[Device]
    routes: RouteTable
    stands_for: Mapping[CommChannel, CommChannel]

    @cached_property
    def prefill_seconds(self) -> list[list[float]]:
        """Duration of a prefill pass without collectives, by stage and then chunk [s]."""
        return [costs.seconds.tolist() for costs in self.prefill_costs]

    @cached_property
    def decode_seconds(self) -> list[list[float]]:
        """Duration of a decode pass without collectives, by stage and then step [s]."""
        return [costs.seconds.tolist() for costs in self.decode_costs]

    def costs_of(self, tag: PrefillPass | DecodePass) -> tuple[PassCosts, int]:
        """The costs of a pass: those of its stage, and the place among them."""
        match tag:
            case PrefillPass(stage, chunk):
                return self.prefill_costs[stage], chunk
            case DecodePass(stage, step):
                return self.decode_costs[stage], step
        raise TypeError(f"{tag!r} is no pass, so it has no pass costs")

    def share_of(self, tag: PrefillPass | DecodePass) -> float:
        """The part of its pass that a part is."""
        parts = self.prefill_parts if isinstance(tag, PrefillPass) else self.decode_parts
        return parts[tag.stage][max(tag.part, 0)].share

    @property
    def events(self) -> int:
        """Of the run: two for each transfer (latency over, payload arrived), one for each job."""
        chunks, passes = self.chunks, self.steps * self.microbatches
        handed = 2 if self.at_the_end else 2 * chunks
        total = 2 * len(self.floods)
        for times, stages, borders in (
            (chunks, self.prefill_parts, self.activations),
            (passes, self.decode_parts, self.decode_activations),
        ):
            total += times * sum(map(_events, _all(stages)))
            total += handed * sum(len(part.handoffs) for part in _all(stages))
            total += times * 2 * sum(map(len, borders))
        return total


def _all(stages) -> Iterator[PassPart]:
    for parts in stages:
        yield from parts


def _events(part):
    """Of its computing and its collectives."""
    return 1 + (part.collective_s is not None) + 2 * sum(map(len, part.rounds))

"""Everything a pipeline needs to know before it runs: durations, sizes and paths, as tables."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from simcore.costs import CostModel, PassCosts, Pool, Semantics, Workload
from simcore.engine import CommChannel, Device
from simcore.engine.routes import RouteTable
from simcore.pipelines.tags import DecodePass, PrefillPass
from simcore.topologies import Place, Topology

Path = tuple[CommChannel, ...]


@dataclass(frozen=True)
class HandoffRoute:
    """KV cache from one prefill stage to one decode stage.

    Attributes
    ----------
    receiver : decode stage
    bytes : payload, by chunk [byte]
    """

    receiver: int
    bytes: list[float]
    path: Path


@dataclass(frozen=True, kw_only=True)
class PipelinePlan:
    """One workload on one machine, costed.

    Attributes
    ----------
    prefill_costs, decode_costs : of the passes of each stage
    activation_bytes : by chunk [byte]
    decode_activation_bytes : of each step [byte]
    activation_paths, decode_activation_paths : from each stage to the next
    handoffs : the routes of each prefill stage's KV cache
    routes : every path of the machine, by number
    """

    semantics: Semantics
    prefill_costs: list[PassCosts]
    decode_costs: list[PassCosts]
    activation_bytes: list[float]
    decode_activation_bytes: float
    activation_paths: list[Path]
    decode_activation_paths: list[Path]
    handoffs: list[list[HandoffRoute]]
    prefill_devices: list[Device]
    decode_devices: list[Device]
    routes: RouteTable

    @cached_property
    def prefill_seconds(self) -> list[list[float]]:
        """Duration of a prefill pass, by stage and then chunk [s]."""
        return [costs.seconds.tolist() for costs in self.prefill_costs]

    @cached_property
    def decode_seconds(self) -> list[list[float]]:
        """Duration of a decode pass, by stage and then step [s]."""
        return [costs.seconds.tolist() for costs in self.decode_costs]

    def costs_of(self, tag: PrefillPass | DecodePass) -> tuple[PassCosts, int]:
        """The costs of a pass: those of its stage, and the place among them."""
        match tag:
            case PrefillPass(stage, chunk):
                return self.prefill_costs[stage], chunk
            case DecodePass(stage, step):
                return self.decode_costs[stage], step
        raise TypeError(f"{tag!r} is no pass, so it has no pass costs")

    @property
    def chunks(self) -> int:
        """Number of prefill chunks."""
        return len(self.activation_bytes)

    @property
    def steps(self) -> int:
        """Number of decode steps."""
        return len(self.decode_costs[0].seconds)


def make_plan(
    costs: CostModel, topology: Topology, *, workload: Workload, prefill: Pool, decode: Pool
) -> PipelinePlan:
    """The plan of `workload` on the two pools, joined by `topology`, at the prices of `costs`."""

    def paths_along(pool):
        places = [Place(pool.name, stage) for stage in range(pool.pp)]
        return [topology.path(a, b) for a, b in pairwise(places)]

    def devices(pool):
        exclusive = costs.semantics.exclusive_devices
        return [Device(str(Place(pool.name, stage)), exclusive) for stage in range(pool.pp)]

    handoffs = []
    for sender in range(prefill.pp):
        routes = []
        for receiver in range(decode.pp):
            # One GPU a stage: what one GPU of the sender has, one of the receiver needs.
            for share in costs.handoff_shares(sender, receiver):
                sizes = share.bytes
                path = topology.path(Place(prefill.name, sender), Place(decode.name, receiver))
                routes.append(HandoffRoute(receiver, sizes.tolist(), path))
        handoffs.append(routes)
    return PipelinePlan(
        semantics=costs.semantics,
        prefill_costs=[costs.prefill_passes(stage) for stage in range(prefill.pp)],
        decode_costs=[costs.decode_passes(stage) for stage in range(decode.pp)],
        activation_bytes=costs.prefill_activation_bytes().tolist(),
        decode_activation_bytes=costs.decode_activation_bytes(),
        activation_paths=paths_along(prefill),
        decode_activation_paths=paths_along(decode),
        handoffs=handoffs,
        prefill_devices=devices(prefill),
        decode_devices=devices(decode),
        routes=topology.routes,
    )

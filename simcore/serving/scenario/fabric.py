"""The fabric of a cluster as a description has it, and the topology that it means."""

from collections.abc import Sequence
from dataclasses import dataclass

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.parameters import Choice, Group, Number, parameter
from simcore.serving.replica import Role
from simcore.serving.scenario.pools import PoolFields
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Place, Placement, PoolSize, Topology
from simcore.topologies.base import Joining
from simcore.topologies.reference import REFERENCE

FIRST, SECOND = "prefill", "decode"
"""What a topology calls its two groups of GPUs."""


@dataclass(frozen=True, kw_only=True)
class FabricFields:
    """What joins the GPUs; the fields are those of scenarios of one batch."""

    topology: str = parameter(
        Choice(
            **{"key": "topo", "symbol": "", "label": "Topology", "group": Group.FABRIC},
            help="How GPUs, NICs and switches are joined.",
            options=TOPOLOGIES.names,
            named=lambda name: name if name in TOPOLOGIES.registered else None,
        ),
        "hgx-rail",
    )
    placement: str = parameter(
        Choice(
            **{"key": "place", "symbol": "", "label": "Placement", "group": Group.FABRIC},
            help="Where the pools that decode are: on the machines of those that prefill, beside "
            "them, or behind the network's core.",
            options=lambda: tuple(each.value for each in Placement),
        ),
        Placement.ACROSS.value,
    )
    nics: int | None = parameter(
        Number(
            **{"key": "nics", "symbol": "K", "label": "NICs", "unit": ""},
            help="Of each machine that are in use.",
            **{"low": 1, "high": 8, "step": 1, "least": 1, "most": 64},
            optional="all",
            group=Group.FABRIC,
        ),
        None,
    )
    nic_mapping: str = parameter(
        Choice(
            **{"key": "nicmap", "symbol": "", "label": "NIC mapping", "group": Group.FABRIC},
            help="Through which NIC of its machine a GPU sends.",
            options=lambda: tuple(each.value for each in NicMapping),
        ),
        NicMapping.NEAREST.value,
    )
    oversubscription: float = parameter(
        Number(
            **{"key": "over", "symbol": "", "label": "Oversubscription", "unit": "to 1"},
            help="Bandwidth that a leaf switch has towards its machines, over that towards the "
            "core.",
            **{"low": 1, "high": 8, "step": 0.5, "least": 1, "most": 64},
            whole=False,
            group=Group.FABRIC,
        ),
        1.0,
    )


@dataclass(frozen=True)
class Seated:
    """A topology, and where the GPUs of each pool are in it.

    Attributes
    ----------
    first_gpus : by name of a pool, the group of the topology and the rank of its first GPU there
    """

    topology: Topology
    first_gpus: dict[str, tuple[str, int]]

    def joinings(self, pool: PoolFields) -> tuple[Joining | None, Joining | None]:
        """What joins the GPUs of a stage of the pool's first replica, and two stages; None where
        there is nothing to join.
        """
        group, first = self.first_gpus[pool.name]
        ranks = pool.tp * pool.dp
        stage = tuple(Place(group, first + rank) for rank in range(ranks))
        within = self.topology.joining(stage) if ranks > 1 else None
        onward = None
        if pool.pp > 1:
            onward = self.topology.joining((stage[0], Place(group, first + ranks)))
        return within, onward


def seated(fabric: FabricFields, pools: Sequence[PoolFields]) -> Seated:
    """The topology for all replicas that the pools may have at one time.

    Pools that prefill only, or the first one where there are none, are one group of GPUs, the
    others another. Raises ScenarioError where GPUs of a group differ in kind, or stages in size.
    """
    first = [pool for pool in pools if pool.role is Role.PREFILL] or list(pools[:1])
    second = [pool for pool in pools if pool not in first]
    places: dict[str, tuple[str, int]] = {}
    sizes = [_group(FIRST, first, places), _group(SECOND, second, places)]
    if sizes[1] is None:
        # A topology has two groups: a GPU that nobody uses stands for the other.
        sizes[1] = PoolSize(name=SECOND, gpu=sizes[0].gpu, stages=1, ranks=1)
    nics = fabric.nics
    if nics is None and fabric.topology == REFERENCE:
        nics = 1
    try:
        topology = TOPOLOGIES[fabric.topology](
            Fleet(
                prefill=sizes[0],
                decode=sizes[1],
                placement=Placement(fabric.placement),
                nics=nics,
                mapping=NicMapping(fabric.nic_mapping),
                oversubscription=fabric.oversubscription,
                link=gpu_catalog.link,
                full_duplex=True,
            )
        )
    except ScenarioError as error:
        # Of a scenario of one batch, the field has another name.
        field, said = error.field, str(error)
        if field == "prefill_nics":
            field, said = "nics", said.removeprefix("prefill_")
        raise ScenarioError(f"fabric: {said}", field=f"fabric.{field}") from None
    return Seated(topology, places)


def _group(name, pools, places) -> PoolSize | None:
    if not pools:
        return None
    like = pools[0]
    stages = 0
    for pool in pools:
        if pool.stage != like.stage:
            raise ScenarioError(
                f"pools {like.name} and {pool.name} share a place in the topology, but have "
                f"stages of {like.tp * like.dp} {like.gpu} and {pool.tp * pool.dp} {pool.gpu}; "
                "make them alike, or give one another role",
                field="pools",
            )
        places[pool.name] = name, stages * like.tp * like.dp
        stages += pool.most_replicas * pool.pp
    return PoolSize(
        name=name, gpu=gpu_catalog.gpu(like.gpu), stages=stages, ranks=like.tp * like.dp
    )

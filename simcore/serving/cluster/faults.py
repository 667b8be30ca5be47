"""What may fail, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from simcore.errors import ScenarioError
from simcore.topologies import Topology


@dataclass(frozen=True, kw_only=True)
class ReplicaFault:
    """A replica fails, with all that it holds, and comes back empty.

    Attributes
    ----------
    replica : its number in the pool, of those at the start
    at_s, back_s : when it fails, and when it takes requests again [s]; infinite for never
    """

    pool: str
    replica: int
    at_s: float
    back_s: float = inf


@dataclass(frozen=True, kw_only=True)
class PartFault:
    """A NIC, a switch or a wire of the topology fails. What crosses it goes another way.

    Attributes
    ----------
    part : its name in the topology
    """

    part: str
    at_s: float
    back_s: float = inf


@dataclass(frozen=True, kw_only=True)
class MachineFault:
    """A machine fails: every replica with a GPU in it, and its NICs.

    Attributes
    ----------
    machine : its name in the topology
    """

    machine: str
    at_s: float
    back_s: float = inf


Fault = ReplicaFault | PartFault | MachineFault


def check_faults(
    faults: tuple[Fault, ...], sizes: Mapping[str, int], topology: Topology | None
) -> None:
    """Raises ScenarioError for a fault of what there is not, or at no time.

    Parameters
    ----------
    sizes : replicas of each pool
    """
    for fault in faults:
        if not 0 <= fault.at_s < fault.back_s or fault.at_s == inf:
            raise ScenarioError(
                f"faults: one from {fault.at_s!r} to {fault.back_s!r} s; let it begin at 0 or "
                "later, and end after that",
                field="faults",
            )
        match fault:
            case ReplicaFault(pool=pool, replica=number):
                if pool not in sizes or not 0 <= number < sizes[pool]:
                    raise ScenarioError(
                        f"faults: there is no replica {number} of {pool!r}; the pools have "
                        + ", ".join(f"{n} of {name}" for name, n in sizes.items()),
                        field="faults",
                    )
            case _ if topology is None:
                raise ScenarioError(
                    "faults: parts and machines are those of a topology; give one",
                    field="faults",
                )
            case PartFault(part=part):
                topology.without((part,))
            case MachineFault(machine=machine):
                machines = dict.fromkeys(node.machine for node in topology.nodes if node.machine)
                if machine not in machines:
                    raise ScenarioError(
                        f"faults: there is no machine {machine[:60]!r}; the topology has "
                        + ", ".join(list(machines)[:8]),
                        field="faults",
                    )

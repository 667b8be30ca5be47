"""Policies, signals, faults and bounds as a description has them."""

from collections.abc import Mapping
from dataclasses import dataclass

from simcore.errors import ScenarioError
from simcore.serving.admission import ADMISSIONS
from simcore.serving.cluster.faults import Fault, MachineFault, PartFault, ReplicaFault
from simcore.serving.cluster.spec import Bounds, Policies, Signals
from simcore.serving.deciding import DECIDERS
from simcore.serving.routing import ROUTERS
from simcore.serving.scenario.described import Chooses, Told
from simcore.serving.scheduling import SCHEDULERS
from simcore.serving.workload.building import shown

MOST_FAULTS = 64

POLICIES = Told(
    Policies,
    {
        "routing": Chooses(ROUTERS),
        "decode_routing": Chooses(ROUTERS),
        "admission": Chooses(ADMISSIONS),
        "scheduling": Chooses(SCHEDULERS),
        "deciding": Chooses(DECIDERS),
    },
)
SIGNALS = Told(Signals)
BOUNDS = Told(Bounds)
KINDS = {"replica": ReplicaFault, "part": PartFault, "machine": MachineFault}


@dataclass(frozen=True)
class Faults:
    """A field that lists what fails and when; the keys of each say what."""

    @staticmethod
    def check(name: str, value) -> tuple[Fault, ...]:
        """The faults; raises ScenarioError that names the place."""
        if not isinstance(value, list | tuple):
            raise ScenarioError(f"{name} = {shown(value)} must be a list", field=name)
        if len(value) > MOST_FAULTS:
            raise ScenarioError(
                f"{name} lists {len(value):,}; use {MOST_FAULTS} or fewer", field=name
            )
        return tuple(_fault(f"{name}[{place}]", each) for place, each in enumerate(value))

    @staticmethod
    def plain(value) -> list[dict]:
        """The list of mappings."""
        return [Told(type(each)).plain(each) for each in value]


def _fault(name, value):
    if isinstance(value, tuple(KINDS.values())):
        return value
    kinds = [key for key in KINDS if isinstance(value, Mapping) and key in value]
    if len(kinds) != 1:
        raise ScenarioError(
            f"{name} = {shown(value)} must be a mapping with at_s and one of replica (with pool), "
            "part or machine",
            field=name,
        )
    kind = KINDS[kinds[0]]
    needed = [*(["pool"] if kind is ReplicaFault else []), kinds[0], "at_s"]
    for key in needed:
        if key not in value:
            raise ScenarioError(f"{name}: {key} is missing; give it", field=f"{name}.{key}")
    for key, each in value.items():
        text = key in ("pool", "part", "machine")
        wrong = isinstance(each, bool) or not isinstance(each, str if text else int | float)
        if key == "replica":
            wrong = isinstance(each, bool) or not isinstance(each, int)
        if wrong:
            what = "a name" if text else "a whole number" if key == "replica" else "a number"
            raise ScenarioError(
                f"{name}.{key} = {shown(each)} must be {what}", field=f"{name}.{key}"
            )
    return Told(kind).check(name, value)

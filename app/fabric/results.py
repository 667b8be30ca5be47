"""What was simulated last for the page, with the fabric it ran on and who shared it."""

from dataclasses import dataclass
from functools import cached_property

from app.fabric.names import Names
from app.recent import Recent
from simcore import Result, Scenario, run
from simcore.explain.channel_use import ChannelUse
from simcore.explain.contention import Contention
from simcore.machine import topology_of
from simcore.run import cost_model_of
from simcore.topologies.fabric import Fabric
from simcore.topologies.graph import Wire

# Of one run for the page; one of so many events takes 0.2 s, and as long again to be looked at.
MOST_EVENTS = 100_000
TIME_LIMIT_S = 0.5
# Of all that are kept, which hold what was executed: some 500 bytes for each transfer and job.
MOST_KEPT = 8
MOST_CONTENDED = 10
# Beyond these nobody sees anything, and it would take seconds.
MOST_WIRES = 4000
MOST_KEPT_ROWS = 150_000


@dataclass(frozen=True)
class FabricRun:
    """A run, its fabric, and who shared that."""

    result: Result
    fabric: Fabric
    contention: Contention

    @cached_property
    def names(self) -> Names:
        """What its GPUs and flows are called."""
        return Names.of(self.result.scenario)

    @cached_property
    def wire_of(self) -> dict[str, Wire]:
        """The wire that each channel is a direction of, by the channel's name."""
        return {channel.name: wire for wire in self.fabric.wires for channel in wire.channels}

    @cached_property
    def wires(self) -> dict[str, Wire]:
        """The wires by name."""
        return {wire.name: wire for wire in self.fabric.wires}

    @property
    def is_drawn(self) -> bool:
        """Whether there are few enough wires to be seen."""
        return len(self.fabric.wires) <= MOST_WIRES

    @cached_property
    def shown(self) -> tuple[Wire, ...]:
        """The wires that the page has: all, or those that are told of."""
        if self.is_drawn:
            return self.fabric.wires
        return tuple(dict.fromkeys(self.wire_of[use.channel.name] for use in self.contended))

    @cached_property
    def contended(self) -> tuple[ChannelUse, ...]:
        """The channels that are told of, those first that cost most."""
        return self.contention.channels[:MOST_CONTENDED]


class FabricRuns:
    """Those of the last scenarios; threads may share it."""

    def __init__(self):
        self._kept = Recent(
            _run,
            weigh=lambda kept: len(kept.result.table),
            most=MOST_KEPT,
            most_weight=MOST_KEPT_ROWS,
        )

    def of(self, scenario: Scenario) -> FabricRun:
        """That of a scenario, simulated unless it is kept; raises ScenarioError as `run`."""
        return self._kept.of(scenario)


def _run(scenario):
    result = run(scenario, max_events=MOST_EVENTS, time_limit_s=TIME_LIMIT_S)
    fabric = topology_of(scenario, cost_model_of(scenario))
    return FabricRun(result, fabric, Contention.of(result))

"""What was simulated last, so that a zoom, a pan or a change of colours simulates nothing."""

from dataclasses import dataclass

from app.figures.lanes import PoolShape
from app.figures.timeline import Timeline, timeline
from app.gantt6d.asked import Opened
from app.gantt6d.breakdown import breakdown_of
from app.recent import Recent
from simcore import Metrics, PoolMemory, Result, Scenario, run

# Of one run for the page: a comparison of five is answered within a second. And how long a run
# may keep a worker.
MOST_EVENTS = 100_000
TIME_LIMIT_S = 0.8
# Of all pictures kept: some 70 bytes each.
MOST_KEPT_EVENTS = 1_500_000
MOST_KEPT = 128
# Of all results kept, which hold what was executed, too: some 350 bytes each.
MOST_RESULT_EVENTS = 150_000
MOST_RESULTS = 8
# Ranks with lanes of their own, and events that may then be drawn.
MOST_RANKS, MOST_SPREAD = 256, 1_000_000


@dataclass(frozen=True)
class Picture:
    """What the page needs of a result.

    Attributes
    ----------
    events : with all stages closed
    breakdown : of the critical path, see `breakdown_of`
    collectives : as what they are run, and why; "" where there are none
    """

    scenario: Scenario
    events: Timeline
    metrics: Metrics
    memory: tuple[PoolMemory, PoolMemory]
    breakdown: dict[str, list[float]]
    collectives: str

    def opened(self, stages: Opened) -> Timeline:
        """The events with the ranks of some stages in lanes of their own.

        Stages that the pools do not have are left out, and so are the last ones where there would
        be more than MOST_RANKS ranks or MOST_SPREAD events.
        """
        pools = (self.scenario.prefill_pool, self.scenario.decode_pool)
        room, shapes = MOST_RANKS, []
        most = MOST_SPREAD // max(1, len(self.events))
        for pool, wanted in zip(pools, stages, strict=True):
            ranks = pool.stage_gpus
            fit = 0 if ranks == 1 or ranks > most else room // ranks
            opened = tuple(stage for stage in wanted if stage < pool.pp)[:fit]
            room -= ranks * len(opened)
            shapes.append(PoolShape(pool.pp, ranks, opened))
        if not any(shape.opened for shape in shapes):
            return self.events
        return timeline(
            self.metrics.trace.to_frame(),
            prefill=shapes[0],
            decode=shapes[1],
            critical_rows=self.events.row[self.events.critical],
        )


class Pictures:
    """Pictures of the last scenarios, and the results of the very last; threads may share it."""

    def __init__(self, most=MOST_KEPT, most_events=MOST_KEPT_EVENTS):
        self._results = Recent(
            lambda scenario: run(scenario, max_events=MOST_EVENTS, time_limit_s=TIME_LIMIT_S),
            weigh=lambda result: len(result.table.start_s),
            most=MOST_RESULTS,
            most_weight=MOST_RESULT_EVENTS,
        )
        self._pictures = Recent(
            lambda scenario: _picture(self._results.of(scenario)),
            weigh=lambda picture: len(picture.events),
            most=most,
            most_weight=most_events,
        )

    @property
    def runs(self) -> int:
        """How often something was simulated."""
        return self._results.made

    def of(self, scenario: Scenario) -> Picture:
        """The scenario's picture, simulated unless it is kept; raises ScenarioError as `run`."""
        return self._pictures.of(scenario)

    def result_of(self, scenario: Scenario) -> Result:
        """The scenario's result, simulated unless it is kept; raises ScenarioError as `run`."""
        return self._results.of(scenario)

    def __contains__(self, scenario):
        return scenario in self._pictures

    def __len__(self):
        return len(self._pictures)


def _picture(result: Result) -> Picture:
    scenario = result.scenario
    critical = result.critical_path.rows
    pools = (scenario.prefill_pool, scenario.decode_pool)
    prefill, decode = (PoolShape(pool.pp, pool.stage_gpus) for pool in pools)
    events = timeline(result.trace, prefill=prefill, decode=decode, critical_rows=critical)
    used = result.plan.collectives
    return Picture(
        scenario=scenario,
        events=events,
        metrics=result.metrics,
        memory=result.memory,
        breakdown=breakdown_of(result.critical_path),
        collectives=used.text if used else "",
    )

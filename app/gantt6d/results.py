"""What was simulated last, so that a zoom, a pan or a change of colours simulates nothing."""

from dataclasses import dataclass

from app.figures.timeline import Timeline, timeline
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


@dataclass(frozen=True)
class Picture:
    """What the page needs of a result.

    Attributes
    ----------
    breakdown : of the critical path, see `breakdown_of`
    """

    scenario: Scenario
    events: Timeline
    metrics: Metrics
    memory: tuple[PoolMemory, PoolMemory]
    breakdown: dict[str, list[float]]


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
    events = timeline(
        result.trace,
        prefill_stages=scenario.pp,
        decode_stages=scenario.decode_stages,
        critical_rows=result.critical_path.rows,
    )
    return Picture(
        scenario, events, result.metrics, result.memory, breakdown_of(result.critical_path)
    )

"""What was simulated last, so that a zoom, a pan or a change of colours simulates nothing."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from app.figures.timeline import Timeline, timeline
from simcore import Metrics, PoolMemory, Scenario, run

# Of one run for the page: about two seconds.
MOST_EVENTS = 400_000
# Of all runs kept: some 70 bytes each.
MOST_KEPT_EVENTS = 1_500_000
MOST_KEPT = 128


@dataclass(frozen=True)
class Picture:
    """What the page needs of a result."""

    scenario: Scenario
    events: Timeline
    metrics: Metrics
    memory: tuple[PoolMemory, PoolMemory]


class Pictures:
    """The least recently used go first; safe to share between threads."""

    def __init__(self, most=MOST_KEPT, most_events=MOST_KEPT_EVENTS):
        self.most = most
        self.most_events = most_events
        self.runs = 0
        self._kept: OrderedDict[Scenario, Picture] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, scenario: Scenario) -> Picture:
        """The scenario's picture, simulated unless it is kept; raises ScenarioError as `run`."""
        with self._lock:
            picture = self._kept.get(scenario)
            if picture is not None:
                self._kept.move_to_end(scenario)
                return picture
            self.runs += 1
        picture = _picture(scenario)
        with self._lock:
            self._kept[scenario] = picture
            while len(self._kept) > 1 and self._too_many():
                self._kept.popitem(last=False)
        return picture

    def __len__(self):
        return len(self._kept)

    def _too_many(self):
        events = sum(len(picture.events.lane) for picture in self._kept.values())
        return len(self._kept) > self.most or events > self.most_events


def _picture(scenario):
    result = run(scenario, max_events=MOST_EVENTS)
    events = timeline(
        result.trace,
        prefill_stages=scenario.pp,
        decode_stages=scenario.decode_stages,
        critical_rows=result.critical_path.rows,
    )
    return Picture(scenario, events, result.metrics, result.memory)

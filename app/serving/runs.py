"""What was simulated last for the page, within bounds of work."""

from dataclasses import dataclass, replace

from app.recent import Recent
from app.serving.settings import AGGREGATED, DISAGGREGATED, Settings, cluster_scenario
from simcore.errors import ScenarioError
from simcore.serving.results import ServingResult, simulate

LIVE_S = 0.5
"""Processor time that a run may take while the page waits [s]; then it is partial."""

BOTH_S = 0.3
"""The same of each of two runs that are compared [s]."""

FULL_S = 20.0
"""The same of a run with progress [s]."""

COARSE_REQUESTS = 300
"""Of a run while a slider is dragged."""

MOST_GPUS = 256
"""Of both pools; more of them take longer to join than the page may wait."""

MOST_KEPT = 16
MOST_KEPT_REQUESTS = 40_000


@dataclass(frozen=True)
class Wanted:
    """A run that the page needs.

    Attributes
    ----------
    requests : that are asked
    limit_s : processor time that it may take [s]
    """

    settings: Settings
    requests: int
    limit_s: float = LIVE_S


class ServingRuns:
    """Results of the last runs; threads may share it."""

    def __init__(self):
        self._kept = Recent(
            run,
            weigh=lambda result: len(result.columns["arrival_s"]),
            most=MOST_KEPT,
            most_weight=MOST_KEPT_REQUESTS,
        )

    def of(self, settings: Settings, *, coarse: bool = False) -> ServingResult:
        """The result of settings, simulated unless it is kept; raises ScenarioError."""
        requests = min(settings.requests, COARSE_REQUESTS) if coarse else settings.requests
        return self._kept.of(Wanted(settings, requests))

    def both(self, settings: Settings) -> tuple[ServingResult, ServingResult]:
        """Settings, and the same requests in the other arrangement of the same GPUs."""
        other = replace(settings, arrangement=other_of(settings.arrangement))
        wanted = (Wanted(each, each.requests, BOTH_S) for each in (settings, other))
        here, there = map(self._kept.of, wanted)
        return here, there


def other_of(arrangement: str) -> str:
    """What is not the arrangement."""
    return AGGREGATED if arrangement == DISAGGREGATED else DISAGGREGATED


def run(wanted: Wanted, on_progress=None) -> ServingResult:
    """Simulate it; raises ScenarioError where it makes no sense, or is too large for the page."""
    settings = wanted.settings
    first = settings.replicas * settings.tp * settings.pp
    second = settings.decode_replicas * settings.decode_tp * settings.decode_pp
    if first + second > MOST_GPUS:
        raise ScenarioError(
            f"{first + second:,} GPUs are more than the {MOST_GPUS} that this page runs; use fewer "
            "replicas, or run the scenario by pdscope cluster",
            field="replicas" if first >= second else "decode_replicas",
        )
    scenario = cluster_scenario(settings, wanted.requests)
    return simulate(scenario, time_limit_s=wanted.limit_s, on_progress=on_progress)

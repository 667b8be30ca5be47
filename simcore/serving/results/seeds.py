"""The same scenario with several seeds: means, and how sure of them one can be."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simcore.errors import ScenarioError
from simcore.executors import result_of
from simcore.serving.cluster import Verdict
from simcore.serving.results.explain import sentence_of, terms_in
from simcore.serving.results.report import as_json
from simcore.serving.results.saturation import worse
from simcore.serving.results.simulate import simulate
from simcore.serving.results.student import band
from simcore.serving.scenario import ClusterScenario

MOST_SEEDS = 1000

SUMMED = ("ledger", "wall_s", "cpu_s")
"""What is added up over seeds; of other numbers there is the mean."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """Runs that differ in their seed alone.

    Attributes
    ----------
    runs : what `as_json` says of each, in the order of seeds
    """

    runs: tuple[Mapping[str, Any], ...]

    def plain(self) -> dict:
        """Means in the places of numbers, as `as_json` has them.

        With more than one run there are `seeds`, how many, and `confidence`: half the width of the
        95 % interval of each mean, under the same names.
        """
        first = self.runs[0]
        if len(self.runs) == 1:
            return dict(first)
        found = {
            key: _joined([run[key] for run in self.runs], sums=key in SUMMED)
            for key, value in first.items()
            if key not in ("scenario", "seed")
        }
        found["verdict"] = worse(*(Verdict(run["verdict"]) for run in self.runs)).value
        told = dict.fromkeys(run["partial"] for run in self.runs if run["partial"])
        found["partial"] = "; ".join(told)
        found["contention"] = _links([run["contention"] for run in self.runs])
        found["not_served"] = [each for run in self.runs for each in run["not_served"]][:20]
        found["explanation"] = sentence_of(terms_in(found["ttft_terms_s"]))
        return {
            "scenario": first["scenario"],
            "seed": first["seed"],
            "seeds": len(self.runs),
            **found,
            "confidence": {
                key: _halves([run[key] for run in self.runs])
                for key, value in first.items()
                if isinstance(value, float | dict) and key not in ("scenario", *SUMMED)
            },
        }


def over_seeds(
    scenario: ClusterScenario,
    count: int,
    *,
    folder: Path | None = None,
    executor: Executor | None = None,
) -> Seeds:
    """Simulate a scenario with `count` seeds, from its own on.

    Scenarios that differ in policies or pools are asked the same with each of them, so that their
    runs can be compared seed by seed.

    Parameters
    ----------
    folder : that files of traces are relative to; None: none is read
    executor : where to run; one after the other, here, if None
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_SEEDS:
        raise ScenarioError(
            f"seeds = {count!r}; use a whole number from 1 to {MOST_SEEDS:,}", field="seeds"
        )
    seeds = range(scenario.seed, scenario.seed + count)
    if executor is None:
        return Seeds(tuple(run_seed(scenario, seed, folder) for seed in seeds))
    futures = [executor.submit(run_seed, scenario, seed, folder) for seed in seeds]
    try:
        return Seeds(tuple(result_of(future) for future in futures))
    finally:
        for future in futures:
            future.cancel()


def run_seed(scenario: ClusterScenario, seed: int, folder: Path | None) -> dict:
    """What `as_json` says of one run."""
    return as_json(simulate(scenario, seed=seed, folder=folder))


def _links(runs):
    """What was lost on each channel, on average over runs; of links that are told."""
    lost: dict[str, float] = {}
    for each in (each for run in runs for each in run):
        lost[each["link"]] = lost.get(each["link"], 0.0) + each["lost_s"] / len(runs)
    order = sorted(lost.items(), key=lambda each: (-each[1], each[0]))
    return [{"link": name, "lost_s": mean} for name, mean in order]


def _joined(values: Sequence, *, sums: bool):
    first = next((value for value in values if value is not None), None)
    match first:
        case bool() | str():
            return first
        case int() | float():
            known = [value for value in values if value is not None]
            return sum(known) if sums else sum(known) / len(known)
        case Mapping():
            return {
                key: _joined([value[key] for value in values if value], sums=sums) for key in first
            }
        case list():
            return [_joined(list(each), sums=sums) for each in zip(*values, strict=False)]
    return first


def _halves(values: Sequence):
    first = values[0]
    if isinstance(first, Mapping):
        return {key: _halves([value[key] for value in values]) for key in first}
    numbers = [value for value in values if isinstance(value, int | float)]
    found = band([float(value) for value in numbers])
    return found.half if found.runs > 1 else None

"""An autoscaler that oscillates, and its cure.

    python autoscaling.py [autoscaler.yaml]

Replicas take longer to come than the autoscaler waits between two looks. If it does not count those
that are on their way, it orders them again at every look, has too many, and lets them go.
"""

import dataclasses
import sys
from itertools import pairwise
from pathlib import Path

from simcore.serving.cluster import Policy
from simcore.serving.results import ServingResult, simulate
from simcore.serving.scenario import ClusterScenario

CURE = {"count_pending": True, "down_window_s": 120.0}


def cured(scenario: ClusterScenario) -> ClusterScenario:
    """The same, where replicas on their way count, and short dips do not."""
    [pool] = scenario.pools
    policy = pool.scaling.policy
    scaling = dataclasses.replace(
        pool.scaling, policy=Policy(policy.name, {**policy.parameters, **CURE})
    )
    return dataclasses.replace(scenario, pools=(dataclasses.replace(pool, scaling=scaling),))


def turns(result: ServingResult) -> int:
    """How often it went from starting replicas to letting them go, or back."""
    changes = [change for _, _, change in result.served.scaling]
    return sum((a > 0) != (b > 0) for a, b in pairwise(changes))


def main(path: Path) -> None:
    """Print both."""
    scenario = ClusterScenario.load(path)
    for name, each in ("as it is", scenario), ("cured", cured(scenario)):
        result = simulate(each)
        started = len(result.served.replicas) - each.pools[0].replicas
        most = int(result.served.pool_timeline["ready"].max())
        print(
            f"{name}: {started} replicas started, at most {most} at a time, {turns(result)} turns; "
            f"{result.pools[0].gpu_s / 3600:.2f} GPU hours; mean TTFT "
            f"{1e3 * result.figures.ttft_s.mean:.0f} ms"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("autoscaler.yaml"))

"""Routing by what engines tell of their KV cache, when that is old.

    python stale_routing.py [mooncake.yaml]

A router that looks at nothing but KV caches sends requests that follow each other closely to one
replica, the more of them the older what it sees. One that also counts what it has sent itself,
which it knows at once, does not.
"""

import dataclasses
import sys
from pathlib import Path

from simcore.errors import ScenarioError
from simcore.serving.cluster import Policy
from simcore.serving.results import simulate
from simcore.serving.scenario import ClusterScenario

ROUTERS = {
    "KV cache alone": Policy("kv-aware"),
    "and in flight": Policy(
        "weighted", {"weights": {"prefix": 1.0, "kv-usage": 1.0, "in-flight": 2.0}}
    ),
}
DELAYS_S = 0.01, 0.03, 0.1


def runs(scenario: ClusterScenario, folder: Path):
    """(router, delay [s], result) of each run; all of them are asked the same."""
    for name, policy in ROUTERS.items():
        policies = dataclasses.replace(scenario.policies, routing=policy)
        for delay_s in DELAYS_S:
            signals = dataclasses.replace(scenario.signals, delay_s=delay_s)
            changed = dataclasses.replace(scenario, policies=policies, signals=signals)
            yield name, delay_s, simulate(changed, folder=folder)


def main(path: Path) -> None:
    """Print a table."""
    print(f"{'router':16}{'delay [ms]':>11}{'TTFT mean [s]':>15}{'p99 [s]':>9}{'cached':>9}")
    for name, delay_s, result in runs(ClusterScenario.load(path), path.parent):
        found = result.figures
        print(
            f"{name:16}{1e3 * delay_s:>11.0f}{found.ttft_s.mean:>15.2f}{found.ttft_s.p99:>9.2f}"
            f"{found.cached_share:>9.1%}"
        )


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("mooncake.yaml"))
    except ScenarioError as error:
        sys.exit(str(error))

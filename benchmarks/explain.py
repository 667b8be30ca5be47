"""What explaining a result costs, beside running it.

    python benchmarks/explain.py

Best of several, in one process: the run itself, the walk back along the critical path, who shared
its channels, the sentence about what bounds it with its trials, and the sensitivity to one step of
each control.
"""

import time

from simcore import Scenario, run
from simcore.explain import Contention, bound_of, explain_metric, explain_row, sensitivity

MOST_EVENTS = 150_000
SCENARIOS = (
    ("default", Scenario(), 9),
    ("large", Scenario(pp=32, prompt_tokens=16384, chunk_tokens=32), 3),
    (
        "64 GPUs",
        Scenario(
            topology="hgx-rail",
            decode_gpu="NVIDIA H200",
            pp=4,
            tp=8,
            prefill_nics=2,
            prompt_tokens=16384,
            chunk_tokens=512,
        ),
        3,
    ),
)


def main():
    for name, scenario, rounds in SCENARIOS:
        result = run(scenario)
        steps = sensitivity(scenario, max_events=MOST_EVENTS)
        runs = sum(1 for step in steps if not step.reason)
        seconds = {
            "run": _best(rounds, lambda s=scenario: run(s)),
            "critical path": _best(rounds, lambda s=scenario: run(s), _critical_path),
            "contention": _best(rounds, lambda r=result: Contention.of(r).channels),
            "bound and trials": _best(rounds, lambda r=result: bound_of(r, max_events=MOST_EVENTS)),
            f"sensitivity, {runs} runs": _best(
                rounds, lambda s=scenario: sensitivity(s, max_events=MOST_EVENTS)
            ),
            "one bar explained": _best(rounds, lambda r=result: explain_row(r, 0)),
            "one metric explained": _best(rounds, lambda r=result: explain_metric(r, "ttds")),
        }
        print(f"{name}: {result.metrics.events:,} events")
        for what, best in seconds.items():
            print(f"  {best * 1e3:10.3f} ms  {what}")


def _critical_path(result):
    return result.critical_path.seconds("ttft")


def _best(rounds, make, use=None):
    """Shortest time of `make`, or of `use` on what `make` gives [s]."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        made = make()
        if use is not None:
            begin = time.perf_counter()
            use(made)
        best = min(best, time.perf_counter() - begin)
    return best


if __name__ == "__main__":
    main()

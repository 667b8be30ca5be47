"""Whether memory is flat over many recomputes in one process.

    python benchmarks/soak.py

Answers 100,000 requests for pictures as the page's server does, each of the next scenario of a
random walk, and prints as JSON: how long that took, memory (resident set) at the start, at the end
of the warm-up and at the end, and its growth after the warm-up as a straight line through all
samples says it. Ends with 1 if that line grows by more than a tenth of the memory.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.gantt6d.answer import answer_to  # noqa: E402 - the path is set above
from app.gantt6d.results import Pictures  # noqa: E402
from benchmarks._walk import Walk, request_of, resident_mb, slope  # noqa: E402

SAMPLES = 200
# Caches fill and the allocator finds its size.
WARM_UP = 0.2
MOST_GROWTH = 0.1


def main() -> int:
    """Print the figures; the exit status says whether memory is flat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recomputes", type=int, default=100_000, help="requests to answer")
    parser.add_argument("--seed", type=int, default=0, help="of the walk")
    arguments = parser.parse_args()
    if arguments.recomputes < SAMPLES:
        parser.error(f"--recomputes is at least {SAMPLES}")
    figures = soak(arguments.recomputes, arguments.seed)
    print(json.dumps(figures, indent=2))
    return 0 if figures["growth_after_warm_up"] <= MOST_GROWTH else 1


def soak(recomputes: int, seed: int) -> dict:
    """The figures of that many requests, one after the other.

    Parameters
    ----------
    seed : of the walk over scenarios
    """
    pictures, walk = Pictures(), Walk(seed)
    every = recomputes // SAMPLES
    start_mb, done, memory_mb = resident_mb(), [], []
    refused = 0
    begun = time.perf_counter()
    for seq in range(recomputes):
        answer = answer_to(request_of(walk.step(), seq), pictures)
        if answer["seq"] != seq:
            raise AssertionError(f"request {seq} was given the answer to {answer['seq']}")
        refused += "wrong" in answer
        if seq % every == every - 1:
            done.append(seq + 1)
            memory_mb.append(resident_mb())
    seconds = time.perf_counter() - begun
    first = int(WARM_UP * len(done))
    grown_mb = slope(done[first:], memory_mb[first:]) * (done[-1] - done[first])
    return {
        "recomputes": recomputes,
        "refused": refused,
        "seconds": round(seconds, 1),
        "ms_each": round(1e3 * seconds / recomputes, 3),
        "resident_mb_start": round(start_mb, 1),
        "resident_mb_after_warm_up": round(memory_mb[first], 1),
        "resident_mb_end": round(memory_mb[-1], 1),
        "resident_mb_most": round(float(np.max(memory_mb)), 1),
        "growth_after_warm_up": round(grown_mb / memory_mb[first], 4),
    }


if __name__ == "__main__":
    sys.exit(main())

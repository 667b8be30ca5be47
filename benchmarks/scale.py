"""What a cell costs computed and from the cache, and how large traces are and how long they take.

    python benchmarks/scale.py

All in one process, in turn, best of several: compare the ratios, not the times.
"""

import tempfile
import time
from pathlib import Path

from simcore import SWEEPS, Scenario, run
from simcore.cell_cache import CellCache, cached_cell
from simcore.exports import FORMATS, trace_bytes
from simcore.sweep import cells, run_cell

ROUNDS = 5
LARGE = Scenario(pp=32, prompt_tokens=16384, chunk_tokens=32)


def main():
    with tempfile.TemporaryDirectory() as folder:
        _cells(Path(folder))
    for name, scenario in (("default", Scenario()), ("PP 32, T 16384, M 32", LARGE)):
        result = run(scenario)
        print(f"{name}: {result.metrics.events:,} events")
        for label in FORMATS:
            seconds, data = _best(lambda label=label, result=result: trace_bytes(result, label), 2)
            print(f"  {label}: {len(data) / 1e6:.2f} MB in {seconds:.3f} s")


def _cells(folder):
    plan = SWEEPS["mt"]
    grid = [c for c in cells(plan.base, plan.axes) if run_cell(c)["outcome"] == "done"]
    computed, rows = _best(lambda: [run_cell(cell) for cell in grid])
    cache = CellCache(folder)
    start = time.perf_counter()
    for cell, row in zip(grid, rows, strict=True):
        cache.put(cell, row)
    kept = time.perf_counter() - start
    found, again = _best(lambda: [cached_cell(cell, cache) for cell in grid])
    assert again == rows
    cache.close()
    size = sum(path.stat().st_size for path in folder.iterdir())
    for label, seconds in (("computed", computed), ("kept", kept), ("found", found)):
        print(f"a cell of the M by T sweep, {label}: {seconds / len(grid) * 1e3:.3f} ms")
    print(f"on disk: {size / len(grid):.0f} bytes a cell")


def _best(work, rounds=ROUNDS):
    """The shortest time [s] of several, and what came out."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


if __name__ == "__main__":
    main()

"""What drawing requests costs: `python benchmarks/serving_workload.py [REQUESTS]`.

For workloads of several shapes, and a trace of as many rows: CPU microseconds for each request, and
the most memory that Python objects took while the first 20,000 were drawn and answered at once.
"""

import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from simcore.serving.workload import workload_of

CHAT = {
    "arrivals": {"law": "poisson", "rate_per_s": 8},
    "prompt": {"law": "lognormal", "mean": 1000},
    "output": {"law": "lognormal", "mean": 200},
}
GROUPS = {"prefixes": [{"tokens": 500}, {"tokens": 2000, "groups": 100, "exponent": 1}]}
TURNS = {"turns": {"law": "uniform", "low": 1, "high": 8}}
AGENT = {**TURNS, "tools": {}, "retrieval": {}}
SHAPES = {
    "single requests": CHAT,
    "gamma bursts": {**CHAT, "arrivals": {"law": "gamma", "cv": 3}},
    "diurnal": {**CHAT, "arrivals": {"law": "diurnal"}},
    "prefix groups": {**CHAT, **GROUPS},
    "conversations": {**CHAT, **GROUPS, "session": TURNS},
    "agents with retrieval": {**CHAT, "session": AGENT},
    "closed loop": {**CHAT, "arrivals": {"law": "closed-loop", "concurrency": 64}},
    "eight clients": {"clients": [{"name": str(i), **CHAT} for i in range(8)]},
    "trace (CSV)": {"trace": {"file": "trace.csv"}},
    "trace (Mooncake, 16 blocks)": {"trace": {"file": "mooncake.jsonl"}},
}
TRACED = 20_000


def main(requests: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_traces(folder, requests)
        print(f"{'workload':<30}{'requests':>10}{'us/request':>12}{'peak MB':>9}")
        for shape, description in SHAPES.items():
            workload = workload_of({"requests": requests, **description})
            _drained(workload, folder, 100)  # tables of laws, modules
            start = time.process_time()
            count = _drained(workload, folder, requests)
            took = time.process_time() - start
            tracemalloc.start()
            _drained(workload, folder, TRACED)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            print(f"{shape:<30}{count:>10,}{took / count * 1e6:>12.2f}{peak / 1e6:>9.2f}")


def _drained(workload, folder, most):
    """How many of the first `most` requests there are, each answered as it is asked."""
    source = workload.source(0, folder)
    count = 0
    for request in source:
        ready = [request]
        while ready:
            count += 1
            if count == most:
                return count
            request = ready.pop()
            ready.extend(source.after(request, request.arrival_s))
    return count


def _write_traces(folder, rows):
    with (folder / "trace.csv").open("w") as file:
        file.write("arrival_s,prompt_tokens,output_tokens\n")
        file.writelines(f"{i / 100},{i % 5000 + 1},{i % 300 + 1}\n" for i in range(rows))
    with (folder / "mooncake.jsonl").open("w") as file:
        for i in range(rows):
            blocks = ", ".join(map(str, (*range(8), *range(8 * i, 8 * i + 8))))
            file.write(
                f'{{"timestamp": {10 * i}, "input_length": 8000, "output_length": 200, '
                f'"hash_ids": [{blocks}]}}\n'
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)

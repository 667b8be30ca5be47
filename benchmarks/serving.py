"""What simulating a cluster costs: `python benchmarks/serving.py [PART ...]`, parts as below.

The cluster is Llama-3.1-70B on two prefill and two decode replicas of four H100 each, the load 8
requests in a second, with 1,024 + 256 tokens on average. Each run is a process of its own, so that
its peak memory is its own; rows of requests go to a Parquet file. Times are processor time of one
core, without starting Python and without the tables of step times, which are made once.

- requests : 1,000, 10,000 and 100,000
- tokens : answers two to sixteen times as long, at half to a sixteenth of the rate
- replicas : 1 to 256 aggregated replicas, 40 requests for each, at the same load on each
- million : a trace of a million requests; takes some minutes
"""

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from simcore.serving.results import faster, simulate
from simcore.serving.scenario import ClusterScenario, PoolFields

TIMES = (1, 2, 4, 8, 16)
REPLICAS = (1, 4, 16, 64, 256)
MILLION = 1_000_000
RATE = 2.0  # of each aggregated replica [1/s]


def base(requests: int) -> ClusterScenario:
    """The scenario."""
    return ClusterScenario().asking(requests=requests)


def longer(times: int) -> ClusterScenario:
    """Answers that are so many times as long, as much rarer."""
    scenario = faster(base(2000), 1 / times)
    [load] = scenario.workload.clients
    output = dataclasses.replace(load.output, mean=times * load.output.mean)
    clients = (dataclasses.replace(load, output=output),)
    return dataclasses.replace(
        scenario, workload=dataclasses.replace(scenario.workload, clients=clients)
    )


def wider(replicas: int) -> ClusterScenario:
    """So many aggregated replicas."""
    scenario = faster(base(40 * replicas), replicas * RATE / 8)
    pool = PoolFields(name="replicas", replicas=replicas, gpu="NVIDIA H100", tp=4)
    return dataclasses.replace(scenario, pools=(pool,))


SCENARIOS = {"requests": base, "tokens": longer, "replicas": wider}
CASES = {"requests": (1000, 10_000, 100_000), "tokens": TIMES, "replicas": REPLICAS}


def run(part: str, case: int) -> dict:
    """Figures of one run; for a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if part == "million":
            scenario = _trace(folder, case)
        else:
            scenario = SCENARIOS[part](case)
            simulate(scenario.asking(requests=20))
        result = simulate(scenario, folder=folder, file=folder / "requests.parquet")
        size = (folder / "requests.parquet").stat().st_size
    columns = result.columns
    return {
        "requests": result.ledger["completed"],
        "tokens": int(columns["prompt_tokens"].sum() + columns["output_tokens"].sum()),
        "cpu_s": result.cpu_s,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "file_mb": size / 1e6,
        "verdict": result.verdict.value,
    }


def _trace(folder, rows):
    """The base cluster, asked what a trace of so many rows says."""
    rng = np.random.default_rng(0)
    at = np.cumsum(rng.exponential(1 / 8, rows))
    sigma = np.sqrt(np.log(2))
    prompts, outputs = (
        np.maximum(1, rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, rows)).astype(int)
        for mean in (1024, 256)
    )
    with (folder / "trace.csv").open("w") as file:
        file.write("arrival_s,prompt_tokens,output_tokens\n")
        file.writelines(f"{a:.6f},{p},{o}\n" for a, p, o in zip(at, prompts, outputs, strict=True))
    return ClusterScenario().asking(trace="trace.csv")


def main(parts) -> None:
    """Print tables."""
    print(f"{'part':10}{'case':>9}{'requests':>11}{'tokens':>15}{'CPU s':>9}{'us/request':>12}"
          f"{'ns/token':>10}{'peak MB':>9}  verdict")  # fmt: skip
    for part in parts:
        for case in CASES.get(part, (MILLION,)):
            start = time.time()
            done = subprocess.run(
                [sys.executable, __file__, "--one", part, str(case)],
                check=True,
                capture_output=True,
                text=True,
            )
            found = json.loads(done.stdout)
            print(
                f"{part:10}{case:>9,}{found['requests']:>11,}{found['tokens']:>15,}"
                f"{found['cpu_s']:>9.2f}{1e6 * found['cpu_s'] / found['requests']:>12.0f}"
                f"{1e9 * found['cpu_s'] / found['tokens']:>10.0f}{found['peak_mb']:>9.0f}"
                f"  {found['verdict']} ({time.time() - start:.0f} s in all)",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(CASES), metavar="PART")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run(arguments.one[0], int(arguments.one[1]))))
    else:
        main(arguments.parts)

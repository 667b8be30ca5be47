"""Simulated requests beside those of a real engine, one by one.

    python benchmarks/serving_requests.py [../shared/data/e2e_requests_llmservingsim.csv]

Replays the arrivals and lengths of a table of per-request timestamps (LLMServingSim, measured with
vLLM 0.19) on one replica of the same plan and settings, with the KV cache that the engine had.
Nothing is fitted to the table.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.costs.plan import Pool
from simcore.costs.serving_engines import serving_engine
from simcore.serving.replica import EngineSettings, Job, Replica, ReplicaPlan
from simcore.serving.request import Request

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "e2e_requests_llmservingsim.csv"
ENGINE = "vLLM 0.19"


@dataclass(frozen=True)
class Times:
    """Of each request: TTFT, time per output token after the first, time until the last [s]."""

    ttft_s: np.ndarray
    tpot_s: np.ndarray
    e2e_s: np.ndarray


def measured(rows: pd.DataFrame) -> Times:
    """What the table says."""
    return _times(rows, rows["first_token_s"], rows["last_token_s"])


def simulated(rows: pd.DataFrame, cost_model: str) -> Times:
    """What one replica makes of the same requests."""
    first = rows.iloc[0]
    settings = EngineSettings(
        max_num_seqs=int(first["max_num_seqs"]),
        max_num_batched_tokens=int(first["max_num_batched_tokens"]),
    )
    plan = ReplicaPlan(
        llm=gpu_catalog.llm(first["model"].split("/")[-1]),
        pool=Pool(
            name="decode",
            gpu=gpu_catalog.gpu(first["gpu"].replace("RTX", "NVIDIA RTX ")),
            pp=1,
            tp=int(first["tp"]),
            release=serving_engine(ENGINE).release,
        ),
        settings=settings,
        cost_model=cost_model,
    )
    blocks = int(first["kv_tokens_capacity"]) // settings.block_tokens
    replica = Replica(0, plan.clock, total_blocks=blocks, settings=settings)
    jobs = []
    columns = ("arrival_s", "input_tokens", "output_tokens")
    for number, row in enumerate(zip(*(rows[name].tolist() for name in columns), strict=True)):
        request = Request(number, *row)
        replica.advance(request.arrival_s)
        jobs.append(Job(request))
        if replica.submit(jobs[-1], request.arrival_s) is not None:
            raise SystemExit(f"request {number} does not fit")
    while replica.next_time() < np.inf:
        replica.advance(replica.next_time())
    first_tokens, last_tokens = zip(
        *((job.first_token_s, job.finished_s) for job in jobs), strict=True
    )
    return _times(rows, np.array(first_tokens), np.array(last_tokens))


def _times(rows, first_token, last_token):
    arrival = rows["arrival_s"].to_numpy(float)
    first, last = np.asarray(first_token, float), np.asarray(last_token, float)
    steps = rows["output_tokens"].to_numpy(float) - 1
    each = np.divide(last - first, steps, out=np.full(len(rows), np.nan), where=steps > 0)
    return Times(first - arrival, each, last - arrival)


def read(path: Path) -> dict[str, pd.DataFrame]:
    """The runs of a table, each in order of arrival."""
    return {
        name: rows.sort_values("arrival_s", kind="stable").reset_index(drop=True)
        for name, rows in pd.read_csv(path).groupby("run")
    }


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    for name, rows in read(path).items():
        truth = measured(rows)
        print(f"{name}: {len(rows)} requests")
        print(f"{'':24}{'measured':>10}{'simulated':>10}{'error':>8}{'per request':>13}")
        for cost_model in ("calibrated", "physical"):
            ours = simulated(rows, cost_model)
            for what in ("ttft_s", "tpot_s", "e2e_s"):
                a, b = getattr(truth, what), getattr(ours, what)
                error = np.nanmean(b) / np.nanmean(a) - 1
                each = np.nanmedian(np.abs(b / a - 1))
                print(
                    f"{cost_model:12}mean {what:7}{np.nanmean(a):10.4f}{np.nanmean(b):10.4f}"
                    f"{100 * error:+7.1f}%{100 * each:12.1f}%"
                )


if __name__ == "__main__":
    main()

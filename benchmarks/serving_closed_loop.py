"""Simulated closed loops beside those of real engines: mean TTFT and TPOT at a concurrency.

    python benchmarks/serving_closed_loop.py [--rows 200] [../shared/data/e2e_silicon.csv]

Rows of vLLM that prefill and decode on the same GPUs, without data parallelism. Each client sends
its next request when one is answered, ten of them, with lengths even within 11 % of their mean, as
in the benchmark that was measured. `formula` is what `pdscope predict` says of the same row, by a
formula for closed loops; constants of releases were fitted to this table with that formula, and
nothing was fitted to the simulation.
"""

import argparse
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd

from simcore.calibration.releases import cases_of
from simcore.calibration.serving import serving_predictions
from simcore.calibration.silicon import Case
from simcore.costs.plan import Pool
from simcore.costs.releases import release_of
from simcore.errors import DoesNotFit
from simcore.serving.replica import EngineSettings, Finished, Job, ReplicaPlan
from simcore.serving.request import Request

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "e2e_silicon.csv"
ROUNDS = 10
SPREAD = 0.11
MOST_CLIENTS = 512


def compared(path: Path, rows: int) -> pd.DataFrame:
    """Measured, by the formula and simulated: TTFT and TPOT [ms] of so many rows, drawn evenly."""
    table = pd.read_csv(path)
    chosen = (table["engine"] == "vllm") & (table["mode"] == "agg") & table["suspect"].isna()
    chosen &= (table["attn_dp"].fillna(1) <= 1) & (table["pp"].fillna(1) <= 1)
    table = table[chosen & (table["concurrency"] <= MOST_CLIENTS)]
    table = table.sample(min(rows, len(table)), random_state=1).reset_index(drop=True)
    cases, _ = cases_of(table)
    formula = serving_predictions(table)
    found = []
    for index, case in enumerate(cases):
        times = case and simulated(case)
        if times:
            row = table.loc[index]
            found.append(
                {
                    "model": row["model"],
                    "gpu": row["gpu"],
                    "concurrency": row["concurrency"],
                    "ttft_measured": row["ttft_ms"],
                    "ttft_formula": formula["predicted_ttft_ms"][index],
                    "ttft_simulated": 1e3 * times[0],
                    "tpot_measured": row["tpot_ms"],
                    "tpot_formula": formula["predicted_tpot_ms"][index],
                    "tpot_simulated": 1e3 * times[1],
                }
            )
    return pd.DataFrame(found)


def simulated(case: Case) -> tuple[float, float] | None:
    """Mean TTFT and TPOT [s] of a closed loop; None where the model does not fit."""
    deployment = case.decode
    plan = ReplicaPlan(
        llm=deployment.llm,
        pool=Pool(
            name="decode",
            gpu=deployment.gpu,
            pp=1,
            tp=deployment.tp,
            ep=deployment.expert_groups,
            routing=deployment.routing,
            release=release_of(case.engine, case.version)[0],
        ),
        settings=EngineSettings(max_num_seqs=MOST_CLIENTS),
    )
    try:
        replica = plan.replica(0)
    except DoesNotFit:
        return None
    clients = max(1, round(case.concurrency / case.decode_replicas))
    rng = np.random.default_rng(0)
    count = ROUNDS * clients
    prompts, outputs = (
        np.maximum(2, rng.uniform(1 - SPREAD, 1 + SPREAD, count) * mean).astype(int).tolist()
        for mean in (case.prompt, case.output)
    )
    jobs = []

    def ask(now):
        number = len(jobs)
        if number < count:
            jobs.append(Job(Request(number, now, prompts[number], outputs[number])))
            refusal = replica.submit(jobs[-1], now)
            if refusal is not None:
                raise SystemExit(refusal.reason)

    for _ in range(clients):
        ask(0.0)
    while (now := replica.next_time()) < inf:
        for event in replica.advance(now):
            if isinstance(event, Finished):
                ask(now)
    ttft = np.mean([job.first_token_s - job.request.arrival_s for job in jobs])
    tpot = np.mean(
        [(job.finished_s - job.first_token_s) / (job.request.output_tokens - 1) for job in jobs]
    )
    return float(ttft), float(tpot)


def errors(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean, median and mean signed relative error, by quantity and who says it."""
    found = {}
    for what in ("ttft", "tpot"):
        for by in ("formula", "simulated"):
            error = rows[f"{what}_{by}"] / rows[f"{what}_measured"] - 1
            found[f"{what} {by}"] = (error.abs().mean(), error.abs().median(), error.mean())
    return pd.DataFrame(found, index=["mean", "median", "bias"]).T


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("table", nargs="?", type=Path, default=DATA)
    options.add_argument("--rows", type=int, default=200)
    chosen = options.parse_args()
    rows = compared(chosen.table, chosen.rows)
    print(f"{len(rows)} rows")
    print((100 * errors(rows)).round(1).to_string())


if __name__ == "__main__":
    main()

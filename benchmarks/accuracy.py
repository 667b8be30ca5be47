"""Accuracy of the cost models on measured times: `python benchmarks/accuracy.py [../shared/data]`.

Every row of the table is scored on measurements that its constants were not fitted to; the splits
are stated. The uncalibrated models are scored on the same measurements.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simcore.calibration import serving_splits, splits
from simcore.calibration.accuracy import Accuracy, accuracy
from simcore.calibration.fit_releases import read_served
from simcore.calibration.predict import predicted_seconds
from simcore.calibration.serving import TTFT, serving_predictions
from simcore.calibration.tables import COLLECTIVES, SERVING, STEPS, TRANSFERS, Shape

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MODELS = ("calibrated", "physical", "reference")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table.

    Attributes
    ----------
    what : is predicted
    goal : mean absolute percentage error to reach [share]; None where none is set
    split : what the fit had not seen
    scores : by cost model
    """

    what: str
    goal: float | None
    split: str
    scores: dict[str, Accuracy]


def line(what, goal, split, rows: pd.DataFrame, shape: Shape) -> Line:
    """Scores of rows with a column `predicted_s`, and of the uncalibrated models on the same."""
    measured = rows[shape.measured].to_numpy(float) * shape.unit
    scores = {"calibrated": accuracy(rows["predicted_s"], measured)}
    for model in MODELS[1:]:
        seconds, _ = predicted_seconds(rows, shape, cost_model=model)
        known = seconds > 0
        if known.any():
            scores[model] = accuracy(seconds[known], measured[known])
    return Line(what=what, goal=goal, split=split, scores=scores)


def composed(data: Path) -> Iterator[Line]:
    """Steps composed of measured kernels."""
    split = "all steps: constants from tables of kernels"
    for gpu, goals in (
        ("NVIDIA H100", (0.04, 0.05)),
        ("NVIDIA H200", (0.04, 0.05)),
        ("NVIDIA A100-80GB", (0.07, 0.07)),
        ("NVIDIA B200", (0.07, 0.07)),
    ):
        rows = splits.composed_steps(data, (gpu,))
        for phase, goal in zip(("decode", "prefill"), goals, strict=True):
            part = rows[rows["phase"] == phase]
            yield line(f"composed {phase} steps, {gpu}", goal, split, part, STEPS)


def measured(data: Path) -> Iterator[Line]:
    """Whole steps of an engine."""
    rows = splits.measured_steps(data, "vLLM(2023)")
    split = "a third of (TP, phase, batch) at a time"
    for gpu, part in rows.groupby("gpu"):
        for phase, goal in (("decode", 0.08), ("prefill", 0.12)):
            of_phase = part[part["phase"] == phase]
            yield line(f"vLLM 2023 {phase} steps, {gpu}", goal, split, of_phase, STEPS)
    rows = splits.other_degree(data, "vLLM(2023)", seen=8, unseen=2)
    for (gpu, phase), part in rows.groupby(["gpu", "phase"]):
        what = f"vLLM 2023 {phase} steps of TP 2, {gpu}"
        yield line(what, None, "TP 2: fitted to TP 8 alone", part, STEPS)


def collectives(data: Path) -> Iterator[Line]:
    """Collectives, inside and between machines."""
    rows = splits.collectives(data)
    split = "a third of (operation, library, ranks, GPU) at a time"
    inside = rows[rows["n_nodes"] == 1]
    nvlink = inside["link"].str.startswith("NVLink")
    yield line("collectives on NVLink", 0.15, split, inside[nvlink], COLLECTIVES)
    yield line("collectives over PCIe", None, split, inside[~nvlink], COLLECTIVES)
    between = rows[rows["n_nodes"] > 1]
    yield line("collectives between machines", 0.15, split, between, COLLECTIVES)


def transfers(data: Path) -> Iterator[Line]:
    """KV transfers."""
    rows = splits.kv_transfers(data)
    yield line("KV transfers", 0.05, "one prompt length at a time", rows, TRANSFERS)


def serving(data: Path) -> Iterator[Line]:
    """Serving engines in a closed loop: TPOT of dense and sparse models, TTFT of few requests."""
    served = read_served(data)
    for split in serving_splits.SPLITS:
        rows = serving_splits.unseen(served, split)
        plain = run_as_usual(rows)
        dense, sparse = plain[plain["dense"]], plain[~plain["dense"]]
        goals = (0.08, 0.15) if "load" in split or "model" in split else (None, None)
        yield serving_line("TPOT, dense models", goals[0], split, dense, SERVING)
        yield serving_line("TPOT, mixtures of experts", goals[1], split, sparse, SERVING)
        few = few_on_hopper(plain)
        goal = 0.15 if "load" in split else None
        yield serving_line("TTFT of at most 8 requests, vLLM on Hopper", goal, split, few, TTFT)
        if "load" in split:
            special = rows[(rows["mode"] == "agg") & rows["special"]]
            yield serving_line("TPOT, run in a special way", None, split, special, SERVING)


def run_as_usual(rows: pd.DataFrame) -> pd.DataFrame:
    """Serving runs that the goals are about: as engines run by default, one machine for both
    phases.
    """
    return rows[(rows["mode"] == "agg") & ~rows["special"]]


def few_on_hopper(rows: pd.DataFrame) -> pd.DataFrame:
    """Of serving runs those of at most 8 requests at a time, of vLLM on Hopper."""
    return rows[rows["hopper"] & (rows["engine"] == "vllm") & (rows["concurrency"] <= 8)]


def serving_line(what, goal, split, rows, shape: Shape) -> Line:
    """Scores of one time of serving runs."""
    measured = rows[shape.measured].to_numpy(float) * shape.unit
    name = shape.predicted.removesuffix("_ms")
    scores = {"calibrated": accuracy(rows[f"{name}_s"], measured)}
    for model in MODELS[1:]:
        found = serving_predictions(rows, cost_model=model)[shape.predicted].to_numpy(float)
        known = np.isfinite(found)
        if known.any():
            scores[model] = accuracy(found[known] * shape.unit, measured[known])
    return Line(what=what, goal=goal, split=split, scores=scores)


SECTIONS: tuple[Callable[[Path], Iterator[Line]], ...] = (
    composed,
    measured,
    collectives,
    transfers,
    serving,
)


def percent(share) -> str:
    """A share as 12.3."""
    return f"{100 * share:.1f}"


def main(argv) -> int:
    """Print the table as Markdown."""
    data = Path(argv[0]) if argv else DATA
    if not data.is_dir():
        print(f"{data}: no such folder; give that of the tables of measurements")
        return 2
    print("| what | goal % | model | rows | MAPE % | median % | p90 % | R² | not seen by the fit |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for section in SECTIONS:
        for each in section(data):
            for model, score in each.scores.items():
                first = model == MODELS[0]
                goal = f"≤ {100 * each.goal:.0f}" if first and each.goal else ""
                cells = (
                    each.what if first else "",
                    goal,
                    model,
                    str(score.rows),
                    *(percent(x) for x in (score.mape, score.median, score.p90)),
                    f"{score.r2:.3f}",
                    each.split if first else "",
                )
                print(f"| {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

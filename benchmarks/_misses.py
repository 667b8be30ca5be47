"""Where `accuracy.py` misses a goal: the errors, beside the quantity that explains them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from benchmarks.accuracy import few_on_hopper, run_as_usual
from simcore.calibration import serving_splits, splits, steps
from simcore.calibration.fit_all import read
from simcore.calibration.fit_releases import fit_families, read_served
from simcore.calibration.releases import cases_of, work_of
from simcore.costs.releases import ReleaseConstants, release_of

BY_MODEL = "one model at a time"
ENGINES = {"vllm": "vLLM", "trtllm": "TensorRT-LLM", "sglang": "SGLang"}
EARLY = "vLLM(2023)"
SEEN_TP, UNSEEN_TP = 8, 2
PLAIN_TOKENS = (1024, 2048)
LEFT_OUT = "LLaMA-3.1-70B"
"""The dense model that most rows are of."""

LONG_PROMPT = 4000
"""Tokens from which a prompt counts as long."""


@dataclass(frozen=True, kw_only=True)
class Miss:
    """Rows that are predicted worse than they should be.

    Attributes
    ----------
    name : of its picture
    title : what is predicted, from what
    goal : mean absolute percentage error to reach [share]
    points : columns x, error (predicted / measured - 1), group (its colour), panel, seen (whether
        the constants were fitted to it), text
    explains : what x is
    goals_told : the goal in words; where there is more than one, `goal` is the smallest
    in_percent, logarithmic : how x is written, and drawn
    fitted_range : of x among the rows that the constants rest on, and what these are
    facts : lines that say in numbers what the picture shows
    """

    name: str
    title: str
    goal: float
    points: pd.DataFrame
    explains: str
    goals_told: str = ""
    in_percent: bool = False
    logarithmic: bool = False
    fitted_range: tuple[float, float, str] | None = None
    facts: tuple[str, ...] = ()

    @property
    def unseen(self) -> pd.DataFrame:
        """The points that are scored."""
        return self.points[~self.points["seen"]]

    @property
    def error(self) -> float:
        """Mean absolute relative error of the rows not seen."""
        return float(self.unseen["error"].abs().mean())


def misses(data: Path) -> Iterator[Miss]:
    """Every miss, from a folder of tables of measurements."""
    served = read_served(data)
    rows = run_as_usual(serving_splits.unseen(served, BY_MODEL))
    rows = rows.reset_index(drop=True)
    rows = rows.assign(**_what_they_ran(rows))
    others = served.where([case.decode.llm.name != LEFT_OUT for case in served.cases])
    without = tuple(fit_families(others).values())
    yield dense(rows, without)
    yield experts(rows)
    yield first_token(few_on_hopper(rows), without)
    yield other_degree(data)


def dense(rows: pd.DataFrame, without: tuple[ReleaseConstants, ...]) -> Miss:
    """TPOT of dense models: products with weights, which sparse models hardly show.

    Parameters
    ----------
    rows : serving runs, as usual, with what they ran
    without : constants of engines' releases fitted without `LEFT_OUT`
    """
    sparse = rows.loc[~rows["dense"], "products_share"]
    low, high = (float(sparse.quantile(share)) for share in (0.05, 0.95))
    own = rows[rows["dense"]]
    formats = own["precision"].str.upper()
    points = _points(
        own,
        x=own["products_share"],
        error=own["tpot_error"],
        group=own["llm"] + " " + formats,
        panel=own["engine"].map(ENGINES),
    )
    return Miss(
        name="residuals-dense",
        title="TPOT of dense models, each by constants fitted without it",
        goal=0.08,
        points=points,
        explains="products with weights, share of the kernels' time in a decode step",
        in_percent=True,
        fitted_range=(low, high, "mixtures of experts"),
        facts=(
            *_constants_without(LEFT_OUT, without, ("products_fp8", "products_fp4")),
            _explained(own, "tpot_error", ("llm", "engine", "precision")),
            *(f"SGLang, {told}" for told in _by_prompt(own[own["engine"] == "sglang"])),
        ),
    )


def experts(rows: pd.DataFrame) -> Miss:
    """TPOT of mixtures of experts: what is particular to a model's layers."""
    own = rows[~rows["dense"]]
    points = _points(
        own,
        x=own["layer_s"] * 1e6,
        error=own["tpot_error"],
        group=own["llm"],
        panel=own["engine"].map(ENGINES),
    )
    return Miss(
        name="residuals-experts",
        title="TPOT of mixtures of experts, each by constants fitted without it",
        goal=0.15,
        points=points,
        explains="kernels of one layer in a decode step [µs]",
        logarithmic=True,
        facts=tuple(
            _explained(own, "tpot_error", keys)
            for keys in (("llm", "engine"), ("llm", "engine", "engine_version"))
        ),
    )


def first_token(own: pd.DataFrame, without: tuple[ReleaseConstants, ...]) -> Miss:
    """TTFT of few requests: the engine's own time where prompts are short, kernels where long.

    Parameters as of `dense`.
    """
    points = _points(
        own,
        x=own["prefill_s"] * 1e3,
        error=own["ttft_error"],
        group=own["llm"],
        panel=own["engine"].map(ENGINES) + " on Hopper",
    )
    return Miss(
        name="residuals-ttft",
        title="TTFT of at most 8 requests, each model by constants fitted without it",
        goal=0.15,
        points=points,
        explains="kernels of a prompt's prefill [ms]",
        logarithmic=True,
        facts=(
            *_constants_without(LEFT_OUT, [c for c in without if c.engine == "vllm"], ("prefill",)),
            *(
                f"{llm}, {told}"
                for llm, part in own.groupby("llm")
                for told in _by_prompt(part, error="ttft_error")
            ),
        ),
    )


def other_degree(data: Path) -> Miss:
    """Steps of a TP that no fit has seen: all-reduces, of which it has few and the others many."""
    rows = pd.concat(
        [
            splits.other_degree(data, EARLY, seen=SEEN_TP, unseen=tp).assign(seen=tp == SEEN_TP)
            for tp in (SEEN_TP, UNSEEN_TP)
        ]
    )
    kernels_s, all_reduces_s = _kernels(rows)
    gpus = rows["gpu"].map(lambda name: gpu_catalog.gpu(name).name)
    degree = "TP " + rows["tp"].astype(int).astype(str)
    points = _points(
        rows,
        x=all_reduces_s / kernels_s,
        error=rows["predicted_s"] / (rows["time_ms"] * 1e-3) - 1,
        group=rows["phase"] + ", " + degree + rows["seen"].map({True: " (seen)", False: ""}),
        panel=gpus,
        seen=rows["seen"],
    )
    return Miss(
        name="residuals-tp",
        title=f"Steps in vLLM of 2023 at TP {UNSEEN_TP}, by constants fitted to TP {SEEN_TP} alone",
        goal=0.08,
        goals_told="goal 8 % in decode (blue) and 12 % in prefill",
        points=points,
        explains="all-reduces, share of the kernels' time in a step",
        in_percent=True,
        facts=tuple(_slower(data)),
    )


def _points(rows, *, x, error, group, panel, seen=False):
    return pd.DataFrame(
        {
            "x": np.asarray(x, float),
            "error": np.asarray(error, float),
            "group": group,
            "panel": panel,
            "seen": seen,
            "text": [_told(row) for row in rows.to_dict("records")],
        }
    )


def _told(row):
    tp = f"TP {row['tp']:.0f}"
    if "isl" not in row:
        return f"{tp}, batch {row['batch']}, {row['new_tokens']} new tokens after {row['context']}"
    version = row["engine_version"] if pd.notna(row["engine_version"]) else "of no stated version"
    engine = f"{ENGINES[row['engine']]} {version}"
    load = f"{row['isl']:.0f} in, {row['osl']:.0f} out, {row['concurrency']:.0f} at a time"
    return f"{row['llm']} {row['precision']}, {engine}, {row['gpu']}, {tp}: {load}"


def _what_they_ran(rows):
    """Columns of serving runs: their errors, and what of their work may explain these."""
    cases, _ = cases_of(rows)
    work = work_of(cases)
    kernels_s = work.decode.total + work.launches
    return {
        "llm": [case.decode.llm.name for case in cases],
        "tpot_error": rows["predicted_tpot_s"] / (rows["tpot_ms"] * 1e-3) - 1,
        "ttft_error": rows["predicted_ttft_s"] / (rows["ttft_ms"] * 1e-3) - 1,
        "products_share": work.decode.products / kernels_s,
        "layer_s": kernels_s / work.layers,
        "prefill_s": work.prefill.total,
    }


def _kernels(rows):
    """Time of the kernels of each step [s], and of its all-reduces, without the engine."""
    rows = rows.assign(place=np.arange(len(rows)))
    times_s = np.empty((2, len(rows)))
    for (gpu, model, tp), part in rows.groupby(["gpu", "model", "tp"]):
        ranks = steps.ranks_of(gpu_catalog.gpu(gpu), int(tp), repeated=False, all_reduce=None)
        times = steps.kernel_times(part, gpu_catalog.llm(model), ranks)
        times_s[:, part["place"]] = times.total, times.collectives
    return times_s


def _explained(rows, error, keys):
    """How much of the errors' variance the means of groups account for."""
    groups = rows[list(keys)].fillna("").apply(tuple, axis=1)
    left = ((rows[error] - rows.groupby(groups)[error].transform("mean")) ** 2).sum()
    of_all = ((rows[error] - rows[error].mean()) ** 2).sum()
    told = ", ".join({"llm": "model", "engine_version": "release"}.get(key, key) for key in keys)
    return f"{told}: {100 * (1 - left / of_all):.0f} % of the errors' variance"


def _by_prompt(rows, *, error="tpot_error"):
    """Mean errors where prompts are short and where they are long."""
    long = rows["isl"] >= LONG_PROMPT
    for name, part in ((f"prompts below {LONG_PROMPT:,}", rows[~long]), ("longer", rows[long])):
        if len(part):
            yield f"{name}: {100 * part[error].mean():+.0f} % on average of {len(part)} rows"


def _constants_without(name, without, names):
    """Constants of engines' releases without a number, fitted without a model and with it."""
    for found in without:
        if found.engine in ENGINES and found.versions[0] == "":
            shipped, _ = release_of(found.engine, "")
            told = [
                f"{key} {getattr(found, key):.2f} and {getattr(shipped, key):.2f}" for key in names
            ]
            yield f"{ENGINES[found.engine]}, without {name} and with it: {', '.join(told)}"


def _slower(data):
    """The time of kernels in the engine of 2023, as each TP degree alone has it."""
    rows = read(data, "steps_measured")
    rows = rows[rows["engine"] == EARLY]
    for gpu, part in rows.groupby("gpu"):
        start = steps.engine_start(EARLY, "", gpu)
        told = [
            f"{steps.fit_engine(part[part['tp'] == tp], start).slower:.2f} by TP {tp}"
            for tp in (SEEN_TP, UNSEEN_TP)
        ]
        name = gpu_catalog.gpu(gpu).name
        yield f"{name}, kernels over those measured: {', '.join(told)} alone"
        others, all_reduces = _two_factors(part)
        yield f"{name}, all-reduces {all_reduces:.2f} and other kernels {others:.2f} by prefill"


def _two_factors(rows):
    """The times of other kernels and of all-reduces in an engine, over those measured.

    By prefill of both TP degrees, so long that the host does not show, with all-reduces short of
    those that are slow by the byte.
    """
    tokens = rows["batch"] * rows["new_tokens"]
    rows = rows[(rows["phase"] == "prefill") & tokens.between(*PLAIN_TOKENS)]
    rows = rows[rows["tp"].isin((SEEN_TP, UNSEEN_TP))]
    kernels_s, all_reduces_s = _kernels(rows)
    parts = np.column_stack([kernels_s - all_reduces_s, all_reduces_s])
    measured_s = rows["time_ms"].to_numpy(float) * 1e-3
    # Of relative errors, so that short steps count as much as long ones.
    return np.linalg.lstsq(parts / measured_s[:, None], np.ones(len(rows)), rcond=None)[0]

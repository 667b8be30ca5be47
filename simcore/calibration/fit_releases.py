"""Fit the constants of engines' releases: part of `python -m simcore.calibration.fit_all`."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from simcore.calibration.release_fits import START, errors, fit_release, held_out
from simcore.calibration.releases import Predictable, predictable
from simcore.costs.constants import toml_text
from simcore.costs.provenance import Provenance
from simcore.costs.releases import ANY_ENGINE

HEAD = "Fitted; not to be edited by hand: python -m simcore.calibration.fit_all"

QUEUEING = "saturated"
"""How the reason of a suspect row begins whose batch was not its concurrency."""

FAMILIES = {
    "vllm-unstated": ("vllm", ("", "0.11.2")),
    "vllm-0.12": ("vllm", ("0.12.0",)),
    "vllm-0.15": ("vllm", ("0.15.1",)),
    "vllm-0.16": ("vllm", ("0.16.0",)),
    "vllm-0.17": ("vllm", ("0.17.0",)),
    "vllm-0.18": ("vllm", ("0.18.0",)),
    "vllm-0.19": ("vllm", ("0.19.0",)),
    "vllm-nightly": ("vllm", ("nightly-5b8c30d62b754b57",)),
    "trtllm-unstated": ("trtllm", ("",)),
    "trtllm-1.0": ("trtllm", ("1.0.0rc3",)),
    "trtllm-1.1": ("trtllm", ("1.1.0rc2.post2",)),
    "trtllm-1.2-rc2": ("trtllm", ("1.2.0rc2", "1.2.0rc2.post2")),
    "trtllm-gpt-oss": ("trtllm", ("gpt-oss-dev",)),
    "trtllm-1.2": ("trtllm", ("1.2.0rc6.post2", "1.2.0rc6.post1")),
    "trtllm-1.2-post3": ("trtllm", ("1.2.0rc6.post3",)),
    "trtllm-dynamo": (
        "trtllm",
        ("0.5.1-rc0.pre3", "0.8.1.post1", "0.8.1.post2", "0.8.1.post3", "0.8.1", "0.9.0"),
    ),
    "sglang-unstated": ("sglang", ("",)),
    "sglang-0.5.6": ("sglang", ("0.5.5.post2", "0.5.6", "0.5.6.post2")),
    "sglang-0.5.8": ("sglang", ("0.5.8", "0.5.8.post1")),
    "sglang-0.5.9": ("sglang", ("0.5.9",)),
    "sglang-0.5.10": ("sglang", ("0.5.10.post1",)),
    "sglang-nightly": (
        "sglang",
        (
            *("nightly-dev", "nightly-dev-20260216-d3bae71e", "nightly-dev-20260402-d7256eb6"),
            "glm5-hopper",
        ),
    ),
}
"""By file: an engine, and its releases that share constants; "" is a release that is not stated."""

SPECULATING = ("trtllm-1.1", "trtllm-1.2-post3")
"""Families whose rows are too fast for one token per step: the same models, GPUs and loads take 1.3
to 2 times as long in the releases around them."""

APART = ("vllm-0.12", "trtllm-dynamo", *SPECULATING)
"""Families that say nothing of their engine's others: left out where these are fitted together."""

TIGHTNESS = 2.0
"""How much closer than an engine to the start (see `fit_release`) a family stays to its engine."""

LEAST_ROWS = 8
"""Rows below which a family is left to its neighbours."""


def fit_releases(rows: pd.DataFrame, folder: Path) -> None:
    """Write the constants of every family of releases that the rows cover, and of any engine."""
    data = predictable(rows[~queueing(rows)])
    engines = {
        engine: pooled(data, data.rows["engine"] == engine)
        for engine in sorted({engine for engine, _ in FAMILIES.values()})
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (engine, versions) in FAMILIES.items():
        chosen = without_suspects(data.rows, of_family(data.rows, name))
        if chosen.sum() >= LEAST_ROWS:
            part = data.where(chosen)
            options = {
                "start": replace(engines[engine], engine=engine, versions=versions),
                "tightness": TIGHTNESS,
                "speculates": name in SPECULATING,
            }
            write(folder, name, part, options, by=batches(part.rows))
    part = data.where(~apart(data.rows))
    options = {"start": replace(START, engine=ANY_ENGINE), "weights": evenly(part.rows)}
    write(folder, ANY_ENGINE, part, options, by=part.rows["engine"].to_numpy())


def queueing(rows) -> np.ndarray:
    """Which rows waited for memory, so that their batch was not their concurrency."""
    if "suspect" not in rows:
        return np.zeros(len(rows), dtype=bool)
    return rows["suspect"].fillna("").str.startswith(QUEUEING).to_numpy()


def of_family(rows, name: str) -> np.ndarray:
    """Which rows belong to a family."""
    engine, versions = FAMILIES[name]
    known = rows["engine_version"].fillna("").isin(versions)
    return ((rows["engine"] == engine) & known).to_numpy()


def without_suspects(rows, chosen) -> np.ndarray:
    """Of the chosen rows those that nothing speaks against, if they are enough."""
    if "suspect" not in rows:
        return chosen
    sound = chosen & rows["suspect"].isna().to_numpy()
    return sound if sound.sum() >= LEAST_ROWS else chosen


def apart(rows) -> np.ndarray:
    """Which rows belong to families that say nothing of others."""
    return np.any([of_family(rows, name) for name in APART], axis=0)


def evenly(rows) -> np.ndarray:
    """Weights by which a release's model of many rows counts less than its share, of few more."""
    count = rows.groupby(["model", rows["engine_version"].fillna("")])["engine"].transform("size")
    return 1 / np.sqrt(count.to_numpy(float))


def batches(rows) -> np.ndarray:
    """Requests in flight, as labels of groups."""
    return rows["concurrency"].fillna(0).to_numpy()


def pooled(data: Predictable, of_engine):
    """An engine's constants, from all its releases together."""
    part = data.where(of_engine.to_numpy() & ~apart(data.rows))
    return fit_release(part.work, ttft=part.ttft, tpot=part.tpot, weights=evenly(part.rows))


def write(folder, name, part: Predictable, options, *, by) -> None:
    """Fit, and write the constants with their error on groups that trial fits have not seen."""
    measured = {"ttft": part.ttft, "tpot": part.tpot}
    found = fit_release(part.work, **measured, **options)
    first, each = held_out(part.work, **measured, groups=by, **options)
    error = errors(measured, {"ttft": first, "tpot": each})
    found = replace(
        found,
        calibrated=found.engine != ANY_ENGINE,
        provenance=Provenance(
            measurements="end-to-end means of serving engines, as aiconfigurator collected them: "
            + ", ".join(sorted(set(part.rows["model"]))),
            rows=len(part.rows),
            fitted=date.today().isoformat(),
            error=error,
        ),
    )
    (folder / f"{name}.toml").write_text(toml_text(found, head=HEAD), encoding="utf-8")
    shown = {key: f"{100 * value:.1f} %" for key, value in error.items()}
    print(f"releases/{name}: {len(part.rows)} rows, held out {shown}")

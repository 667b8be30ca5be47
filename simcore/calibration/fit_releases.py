"""Fit the constants of engines' releases: part of `python -m simcore.calibration.fit_all`."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.calibration.release_fits import START, errors, fit_release
from simcore.calibration.releases import Predictable, part_of, predictable
from simcore.costs.constants import toml_text
from simcore.costs.provenance import Provenance
from simcore.costs.releases import (
    ANY_ENGINE,
    ReleaseConstants,
    nearest_release,
    ttft_tpot_seconds,
)

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
    "trtllm-1.3": ("trtllm", ("1.3.0rc1",)),
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
"""Families whose rows are too fast for one token per step. Runs of 1.2.0rc6.post3 that
1.2.0rc6.post2 has as well take 1.6 times as long there (median of 39), and runs of 1.1.0rc2.post2
are as fast for their kernels. No column tells why; multi-token prediction would do it.
"""

UNGRAPHED = ("vllm-0.12", "trtllm-1.3")
"""Families whose steps take a fixed time per layer whatever the load, as without CUDA graphs."""

APART = (*UNGRAPHED, "trtllm-dynamo", "sglang-0.5.8", "sglang-nightly", *SPECULATING)
"""Families that say nothing of their engine's others, and are left out where these are fitted
together: run without CUDA graphs, disaggregated, speculating, or of GLM-5 alone, whose choice of
tokens to attend to is not among the operators.
"""

TIGHTNESS = 2.0
"""How much closer than an engine to the start (see `fit_release`) a family stays to its engine."""

LEAST_ROWS = 6
"""Rows below which a family is left to its neighbours."""


def read_served(data: Path) -> Predictable:
    """The rows of the table of serving runs, but for those that waited for memory.

    Of the others that it marks as suspect some are merely named wrongly; see `without_suspects`.
    """
    rows = pd.read_csv(data / "e2e_silicon.csv", low_memory=False)
    return predictable(rows[~queueing(rows)])


def fit_releases(data: Path, folder: Path) -> None:
    """Write the constants of every family of releases that was measured, and of any engine.

    Each with its error on loads that trial fits had not seen; that of any engine on other engines.
    """
    data = read_served(data)
    known = fit_families(data)
    load = third_of(data.rows["concurrency"])
    unseen = unseen_times(data, load)
    folder.mkdir(parents=True, exist_ok=True)
    for name, constants in known.items():
        if name == ANY_ENGINE:
            chosen = ~apart(data.rows)
            times = unseen_times(data, data.rows["engine"].to_numpy())
        else:
            chosen, times = rows_to_fit(data.rows, name), unseen
        part = data.where(chosen)
        first, each = (values[chosen] for values in times)
        error = errors({"ttft": part.ttft, "tpot": part.tpot}, {"ttft": first, "tpot": each})
        write(folder, name, constants, part, error)


def fit_families(data: Predictable) -> dict[str, ReleaseConstants]:
    """Constants by file: of all engines together, from there of each, and from there of its
    families.
    """
    everyone = pooled(data, np.ones(len(data.rows), dtype=bool), START)
    engines, found = {}, {}
    for name, (engine, versions) in FAMILIES.items():
        chosen = rows_to_fit(data.rows, name)
        if chosen.sum() < LEAST_ROWS:
            continue
        if engine not in engines:
            own = (data.rows["engine"] == engine).to_numpy()
            engines[engine] = pooled(data, own, everyone)
        part = data.where(chosen)
        found[name] = fit_release(
            part.work,
            ttft=part.ttft,
            tpot=part.tpot,
            start=replace(engines[engine], engine=engine, versions=versions, calibrated=True),
            tightness=TIGHTNESS,
            speculates=name in SPECULATING,
        )
    found[ANY_ENGINE] = replace(everyone, engine=ANY_ENGINE)
    return found


def unseen_times(data: Predictable, groups) -> tuple[np.ndarray, np.ndarray]:
    """TTFT and TPOT of each row [s] by constants that were fitted without its group.

    Parameters
    ----------
    groups : a label per row
    """
    first, each = np.full(len(groups), np.nan), np.full(len(groups), np.nan)
    for group in sorted(set(groups.tolist())):
        unseen = groups == group
        known = fit_families(data.where(~unseen)).values()
        for engine, version in sorted({(c.engine, c.version or "") for c in data.cases}):
            of_release = (data.rows["engine"] == engine) & (
                data.rows["engine_version"].fillna("") == version
            )
            chosen = unseen & of_release.to_numpy()
            if chosen.any():
                constants, _ = nearest_release(engine, version, known)
                times = ttft_tpot_seconds(part_of(data.work, chosen), constants)
                first[chosen], each[chosen] = times
    return first, each


def third_of(values: pd.Series) -> np.ndarray:
    """A label per row, 0 to 2, the same for equal values; neighbours differ."""
    ranks = values.rank(method="dense", na_option="top").to_numpy(int)
    return ranks % 3


def rows_to_fit(rows, name: str) -> np.ndarray:
    """Which rows a family is fitted to."""
    return without_suspects(rows, of_family(rows, name))


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


def in_a_special_way(rows) -> np.ndarray:
    """Which rows are of families that ran without CUDA graphs, or seem to speculate."""
    return np.any([of_family(rows, name) for name in (*UNGRAPHED, *SPECULATING)], axis=0)


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


def pooled(data: Predictable, chosen, start: ReleaseConstants) -> ReleaseConstants:
    """Constants of the chosen rows of all releases together; `start` where there are too few."""
    together = (data.rows["mode"] != "disagg").to_numpy() & ~apart(data.rows)
    part = data.where(without_suspects(data.rows, chosen & together))
    if len(part.rows) < LEAST_ROWS:
        return start
    return fit_release(
        part.work, ttft=part.ttft, tpot=part.tpot, start=start, weights=evenly(part.rows)
    )


def write(folder: Path, name: str, constants, part: Predictable, error: dict) -> None:
    """Write constants with what they were fitted to, and say so."""
    models = {gpu_catalog.llm(model).name for model in part.rows["model"].unique()}
    known = Provenance(
        measurements="means of serving runs, as aiconfigurator collected them",
        rows=len(part.rows),
        fitted=date.today().isoformat(),
        error=error,
        models=tuple(sorted(models)),
    )
    text = toml_text(replace(constants, provenance=known), head=HEAD)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    shown = {key: f"{100 * value:.1f} %" for key, value in error.items()}
    print(f"{folder.name}/{name}: {len(part.rows)} rows, held out {shown}")

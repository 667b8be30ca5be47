"""Two runs of one program, simulated and deployed, operation by operation."""

import numpy as np
import pandas as pd

from simcore.distributed.trace import SpanKind

COLUMNS = (
    *("operation", "bytes", "simulated", "deployed", "simulated_s", "deployed_s", "ratio"),
    "repeatability",
)


def compared(simulated, deployed) -> pd.DataFrame:
    """Each operation's time in two traces of one program.

    The time of an operation is what a rank spends in the call, waiting for others included.

    Parameters
    ----------
    simulated, deployed : LabTrace

    Returns
    -------
    A table, what took longest when deployed first, with columns operation; bytes, its payload;
    simulated and deployed, how often it was called; simulated_s and deployed_s, medians [s];
    ratio, simulated over deployed; repeatability, |one − other| / other of the deployed medians of
    every second call of each rank and of the others. NaN where there is nothing to tell it by.
    """
    parts = {"simulated": _calls(simulated), "deployed": _calls(deployed)}
    table = pd.DataFrame({name: calls.size() for name, calls in parts.items()})
    table = table.fillna(0).astype(np.int64)
    for name, calls in parts.items():
        table[f"{name}_s"] = calls["seconds"].median().reindex(table.index)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (table["simulated_s"] / table["deployed_s"]).to_numpy()
    table["ratio"] = np.where(np.isfinite(ratio), ratio, np.nan)
    table["repeatability"] = _repeatability(parts["deployed"]).reindex(table.index)
    total = (table["deployed_s"].fillna(0) * table["deployed"]).to_numpy()
    table = table.reset_index(names=["operation", "bytes"])
    order = np.lexsort([table["bytes"], table["operation"].astype(str), -total])
    return table.iloc[order].reset_index(drop=True)[list(COLUMNS)]


def _calls(trace):
    """The communication calls of a trace, grouped by name and payload."""
    spans = trace.spans
    spans = spans[spans["kind"] == SpanKind.COMMUNICATION.value].sort_values(
        ["rank", "sequence"], kind="stable"
    )
    spans = spans.assign(
        name=spans["name"].astype(object), seconds=spans["end_s"] - spans["start_s"]
    )
    return spans.groupby(["name", "bytes"], sort=True)


def _repeatability(calls):
    found = {}
    for key, group in calls:
        second = group.groupby("rank").cumcount().to_numpy() % 2 == 1
        seconds = group["seconds"].to_numpy()
        if second.any() and np.median(seconds[second]) > 0:
            other = np.median(seconds[second])
            found[key] = abs(np.median(seconds[~second]) - other) / other
    index = pd.MultiIndex.from_tuples(found, names=["name", "bytes"]) if found else None
    return pd.Series(list(found.values()), index=index, dtype=float)

"""Small tables as sweeps make them."""

import math

import pandas as pd

from app.figures.grid import Axis, Grid, Metric

M = Axis(
    field="chunk_tokens",
    name="M",
    title="Prefill chunk M [tokens]",
    brief="M [tokens]",
    names=False,
    text="{:,}".format,
)
T = Axis(
    field="prompt_tokens",
    name="T",
    title="Sequence length T [tokens]",
    brief="T [tokens]",
    names=False,
    text="{:,}".format,
)
PREFILL = Axis(
    field="prefill_gpu",
    name="prefill GPU",
    title="Prefill GPU",
    brief="Prefill GPU",
    names=True,
    text=str,
)
DECODE = Axis(
    field="decode_gpu",
    name="decode GPU",
    title="Decode GPU",
    brief="Decode GPU",
    names=True,
    text=str,
)
TTDS = Metric(field="ttds_s", symbol="TTDS", text="{:.3g} s".format)
RATE = Metric(field="ttds_s", symbol="tokens/s per GPU", text="{:.3g} tokens/s".format, rate=True)
REASON = "chunk longer than the prompt"


def table(*rows, x=M, y=T, outcome="skipped"):
    """Rows of x, y and TTDS [s]; NaN for a hole, which has the `outcome`."""
    return pd.DataFrame(
        [
            {
                x.field: a,
                y.field: b,
                "ttds_s": ttds,
                "outcome": outcome if math.isnan(ttds) else "done",
                "reason": REASON if math.isnan(ttds) else "",
            }
            for a, b, ttds in rows
        ],
        columns=[x.field, y.field, "ttds_s", "outcome", "reason"],
    )


def grid(rows, *, x=M, y=T):
    return Grid(table=rows, x=x, y=y, metric=TTDS)


SMALL = table(
    (64, 1024, 0.1),
    (64, 2048, 0.4),
    (128, 1024, 0.3),
    (128, 2048, 0.2),
    (1536, 1024, math.nan),
    (1536, 2048, 0.5),
)
PAIRS = table(
    ("B", "B", 0.1),
    ("B", "A", 0.3),
    ("A", "B", 0.1),
    ("A", "A", math.nan),
    x=DECODE,
    y=PREFILL,
    outcome="infeasible",
)

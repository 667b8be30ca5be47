"""Tables of measurements: read from CSV, recognised by their columns, checked."""

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import pandas as pd

from simcore.errors import PdscopeError

MOST_ROWS = 200_000


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One kind of table.

    Attributes
    ----------
    name : of the kind, in messages
    needed : columns that make a table this kind
    without : columns that make it another
    numbers : of the needed, those with numbers from 0 up; a row that lacks one is not predicted
    measured : column of measured times, where a table has them
    unit : of that column [s]
    predicted : column of predictions, in that unit
    """

    name: str
    needed: tuple[str, ...]
    without: tuple[str, ...] = ()
    numbers: tuple[str, ...]
    measured: str
    unit: float
    predicted: str


MS, US = 1e-3, 1e-6

STEPS = Shape(
    name="steps",
    needed=("gpu", "model", "tp", "phase", "batch", "new_tokens", "context"),
    numbers=("tp", "batch", "new_tokens", "context"),
    measured="time_ms",
    unit=MS,
    predicted="predicted_ms",
)
COLLECTIVES = Shape(
    name="collectives",
    needed=("op", "gpu", "link", "n_ranks", "n_nodes", "lib", "bytes"),
    numbers=("n_ranks", "n_nodes", "bytes"),
    measured="time_us",
    unit=US,
    predicted="predicted_us",
)
TRANSFERS = Shape(
    name="kv_transfer",
    needed=("link", "engine", "model", "tp", "prompt_tokens", "bytes"),
    numbers=(),
    measured="time_ms",
    unit=MS,
    predicted="predicted_ms",
)
GEMM = Shape(
    name="kernels_gemm",
    needed=("gpu", "dtype", "m", "n", "k"),
    numbers=("m", "n", "k"),
    measured="time_ms",
    unit=MS,
    predicted="predicted_ms",
)
HEADS = ("num_heads", "kv_heads", "head_dim", "window_size")
PREFILL = Shape(
    name="kernels_attn_prefill",
    needed=("gpu", "batch_size", "new_tokens", "context", *HEADS),
    numbers=("batch_size", "new_tokens", "context", *HEADS),
    measured="time_ms",
    unit=MS,
    predicted="predicted_ms",
)
DECODE = Shape(
    name="kernels_attn_decode",
    needed=("gpu", "batch_size", "context", *HEADS),
    without=("new_tokens",),
    numbers=("batch_size", "context", *HEADS),
    measured="time_ms",
    unit=MS,
    predicted="predicted_ms",
)
EXPERTS = Shape(
    name="kernels_moe",
    needed=(
        *("gpu", "dtype", "num_tokens", "hidden_size", "inter_size", "topk", "num_experts"),
        *("moe_tp_size", "moe_ep_size", "distribution"),
    ),
    numbers=(
        *("num_tokens", "hidden_size", "inter_size", "topk", "num_experts"),
        *("moe_tp_size", "moe_ep_size"),
    ),
    measured="time_ms",
    unit=MS,
    predicted="predicted_ms",
)
LAYERS = Shape(
    name="kernels_vllm_layers",
    needed=("gpu", "model", "tp", "layer", "axis", "n"),
    numbers=("tp", "n"),
    measured="time_us",
    unit=US,
    predicted="predicted_us",
)
MIXED = Shape(
    name="kernels_vllm_attention",
    needed=("gpu", "model", "tp", "prefill_chunk", "kv_prefill", "n_decode", "kv_decode"),
    numbers=("tp", "prefill_chunk", "kv_prefill", "n_decode", "kv_decode"),
    measured="time_us",
    unit=US,
    predicted="predicted_us",
)
SERVING = Shape(
    name="e2e_silicon",
    needed=("gpu", "model", "engine", "isl", "osl", "concurrency"),
    numbers=("isl", "osl"),
    measured="tpot_ms",
    unit=MS,
    predicted="predicted_tpot_ms",
)
SHAPES = (STEPS, COLLECTIVES, TRANSFERS, GEMM, PREFILL, DECODE, EXPERTS, LAYERS, MIXED, SERVING)


def read_table(path) -> pd.DataFrame:
    """A CSV with a header, below lines that begin with "#", if any.

    PdscopeError names the file and what to do where it cannot be read.
    """
    path = Path(path)
    try:
        rows = pd.read_csv(path, skiprows=_lines_above(path), low_memory=False)
    except OSError as error:
        raise PdscopeError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no table in it"
        raise PdscopeError(f"{path}: this is no CSV with a header: {reason}") from None
    if len(rows) > MOST_ROWS:
        raise PdscopeError(f"{path}: {len(rows):,} rows; split it, {MOST_ROWS:,} are the most")
    if rows.empty:
        raise PdscopeError(f"{path}: no rows below the header; add measurements")
    return rows


def _lines_above(path: Path) -> int:
    """How many lines above the header say whose measurements these are."""
    with path.open(encoding="utf-8") as file:
        return sum(1 for _ in takewhile(lambda line: line.startswith("#"), file))


def shape_of(rows: pd.DataFrame, where: str) -> Shape:
    """What kind of table this is; PdscopeError names `where` and the columns that lack."""
    columns = set(rows.columns)
    for shape in SHAPES:
        if columns.issuperset(shape.needed) and columns.isdisjoint(shape.without):
            return shape
    nearest = min(SHAPES, key=lambda shape: len(set(shape.needed) - columns) / len(shape.needed))
    lacking = ", ".join(name for name in nearest.needed if name not in columns)
    extra = ", ".join(sorted(columns.intersection(nearest.without)))
    what = f"it lacks the columns {lacking}" if lacking else f"it has the columns {extra} too many"
    raise PdscopeError(
        f"{where}: no known kind of table; closest: {nearest.name}, but {what}; known kinds: "
        f"{', '.join(shape.name for shape in SHAPES)}"
    )


LEAST_ONE = {
    *("tp", "n_ranks", "n_nodes", "moe_tp_size", "moe_ep_size", "num_experts", "topk"),
    *("num_heads", "kv_heads", "head_dim"),
}
"""Columns in which 0 means nothing."""

MOST = 1e12
"""The largest number in any of the columns: more is a slip."""


def numbers_of(rows: pd.DataFrame, shape: Shape) -> tuple[pd.DataFrame, pd.Series]:
    """The table with its numbers as such, and what is wrong with each row: "" for nothing."""
    rows = rows.copy()
    wrong = pd.Series("", index=rows.index)
    for name in shape.numbers:
        values = pd.to_numeric(rows[name], errors="coerce")
        least = 1 if name in LEAST_ONE else 0
        bad = ~((values >= least) & (values <= MOST))
        wrong[bad & (wrong == "")] = f"{name} is no number from {least} up"
        rows[name] = values
    return rows, wrong


FAR = 100.0
"""Median factor between measured and predicted from which a unit must be wrong."""


def refuse_wrong_units(rows, shape: Shape, predicted, where: str) -> None:
    """Raises PdscopeError where measured times are far from the predicted [s] on the whole."""
    if shape.measured not in rows:
        return
    measured = pd.to_numeric(rows[shape.measured], errors="coerce").to_numpy(float) * shape.unit
    both = np.isfinite(measured) & np.isfinite(predicted) & (measured > 0) & (predicted > 0)
    if not both.any():
        return
    ratio = float(np.median(measured[both] / predicted[both]))
    if not 1 / FAR < ratio < FAR:
        unit = {MS: "milliseconds", US: "microseconds"}[shape.unit]
        raise PdscopeError(
            f"{where}: column {shape.measured}: times are {ratio:.3g} × what is expected; give "
            f"them in {unit}"
        )

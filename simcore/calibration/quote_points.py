"""Choose the measured points that ship.

    python -m simcore.calibration.quote_points ../shared/data

Writes gpu_catalog/measured. The rule: rows without a known defect, which say all of what ran, are
grouped by what was measured and on what; of each group, in the order of the measured time, as many
rows as stated, evenly spaced from the shortest to the longest. Nothing is chosen by how well it is
predicted.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simcore.calibration.points import FOLDER

AICONFIGURATOR = "ai-dynamo/aiconfigurator @095f58a (Apache-2.0)"
SPLITWISE = "Mutinifni/splitwise-sim @8f99e7d (MIT)"
MOONCAKE = "kvcache-ai/Mooncake @3b5a594 (Apache-2.0)"
VIDUR = "microsoft/vidur @7d47513 (MIT)"
CLUSTER = "xxrjun/nccl-tests-cluster @455de4f (Apache-2.0)"


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A table of points and how they are chosen.

    Attributes
    ----------
    table : that they are chosen from
    time : column of the measured time
    groups : columns, of whose values each combination is a group
    each : rows of a group, at most
    columns : what is quoted of a row
    head : what the table is, and whose measurements these are
    """

    table: str
    time: str
    groups: tuple[str, ...]
    each: int
    columns: tuple[str, ...]
    head: tuple[str, ...]


STEP = ("gpu", "model", "tp", "phase", "batch", "new_tokens", "context", "time_ms")
PARALLELISM = ("tp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size")
QUOTED = {
    "composed_steps": Quoted(
        table="steps_composed",
        time="time_ms",
        groups=("gpu", "model", "tp", "phase"),
        each=3,
        columns=("source", *STEP),
        head=(
            "Prefill and decode steps as sums of vLLM's kernels, each measured alone; no engine.",
            f"Measured by {AICONFIGURATOR}.",
        ),
    ),
    "engine_steps": Quoted(
        table="steps_measured",
        time="time_ms",
        groups=("source", "gpu", "engine", "engine_version", "model", "tp", "phase"),
        each=5,
        columns=("source", "engine", "engine_version", *STEP),
        head=(
            "Whole prefill and decode steps of an engine.",
            f"Measured by {SPLITWISE}: medians of 5 to 15 repetitions; and",
            f"by {MOONCAKE}: time to first token less KV transfer.",
        ),
    ),
    "serving": Quoted(
        table="e2e_silicon",
        time="tpot_ms",
        groups=("gpu", "model", "engine", "mode"),
        each=4,
        columns=(
            *("id", "origin", "mode", "engine", "engine_version", "model", "gpu", "precision"),
            *("isl", "osl", "concurrency", "batch", "tp", "pp", "attn_dp", "moe_tp", "moe_ep"),
            *("prefill_num_workers", *(f"prefill_{name}" for name in PARALLELISM)),
            *("decode_num_workers", *(f"decode_{name}" for name in PARALLELISM)),
            *("ttft_ms", "tpot_ms"),
        ),
        head=(
            "Mean time to first token and per output token of serving engines under load.",
            "Measured by SemiAnalysis InferenceX and NVIDIA, as collected by",
            f"{AICONFIGURATOR}.",
        ),
    ),
    "all_reduces": Quoted(
        table="collectives",
        time="time_us",
        groups=("source", "gpu", "link", "lib", "n_ranks", "n_nodes"),
        each=3,
        columns=(
            *("source", "op", "gpu", "link", "n_ranks", "n_nodes", "lib", "lib_version"),
            *("bytes", "time_us"),
        ),
        head=(
            "All-reduces of general libraries and of serving engines' own.",
            f"Measured by {AICONFIGURATOR},",
            f"by {VIDUR} and by {CLUSTER}.",
        ),
    ),
    "kv_transfers": Quoted(
        table="kv_transfer",
        time="time_ms",
        groups=("source", "gpu", "engine", "model"),
        each=5,
        columns=(
            *("source", "kind", "gpu", "link", "engine", "model", "tp", "prompt_tokens"),
            *("bytes", "time_ms"),
        ),
        head=(
            "Transfers of a prompt's KV cache from prefill to decode, inside an engine.",
            f"Measured by {MOONCAKE}.",
        ),
    ),
}


def main(argv=None) -> int:
    """Choose, write, and print how many rows of how many there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the tables of measurements")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, quoted in QUOTED.items():
        rows = whole(pd.read_csv(arguments.data / f"{quoted.table}.csv", low_memory=False), name)
        points = chosen(rows, quoted)
        head = "".join(f"# {line}\n" for line in quoted.head)
        (arguments.out / f"{name}.csv").write_text(head + points.to_csv(index=False), "utf-8")
        print(f"{name}: {len(points)} of {len(rows)} rows")
    return 0


def whole(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows that may be quoted: of no known defect, and of the kind of the table `name`."""
    if "suspect" in rows:
        rows = rows[rows["suspect"].isna()]
    if name == "composed_steps":
        # On this GPU sums with collectives are known to be unreliable.
        rows = rows[(rows["gpu"] != "L40S") | (rows["tp"] == 1)]
        rows = rows.assign(source="aiconfigurator")
    if name == "all_reduces":
        # Outside of CUDA graphs it is the host that is measured.
        rows = rows[(rows["op"] == "all_reduce") & (rows["lib"] != "vLLM_custom_eager")]
    if name == "serving":
        # Of the others it is unknown how many replicas shared the load.
        rows = rows[(rows["mode"] == "agg") | rows["decode_num_workers"].notna()]
        rows = rows[rows["concurrency"].notna() | rows["batch"].notna()]
    if name == "kv_transfers":
        rows = rows[rows["time_ms"].notna()]
    return rows


def chosen(rows: pd.DataFrame, quoted: Quoted) -> pd.DataFrame:
    """The rows of `quoted`, by its rule, in the order of its groups."""
    parts = []
    for _, part in rows.groupby(list(quoted.groups), dropna=False):
        # By index where times are the same, so that the same table gives the same points.
        part = part.sort_values(quoted.time, kind="stable")
        places = np.linspace(0, len(part) - 1, min(quoted.each, len(part)))
        parts.append(part.iloc[np.unique(places.round().astype(int))])
    return pd.concat(parts)[list(quoted.columns)]


if __name__ == "__main__":
    raise SystemExit(main())

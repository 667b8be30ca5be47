"""Honest splits of end-to-end tables: predictions by constants fitted without a load, a degree of
parallelism, a GPU or a model.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.calibration.fit_releases import in_a_special_way, third_of, unseen_times
from simcore.calibration.releases import Predictable

SPLITS: dict[str, Callable[[Predictable], np.ndarray]] = {
    "a third of the loads at a time": lambda data: third_of(data.rows["concurrency"]),
    "one number of GPUs at a time": lambda data: np.array([c.decode.gpus for c in data.cases]),
    "one GPU at a time": lambda data: np.array([c.decode.gpu.name for c in data.cases]),
    "one model at a time": lambda data: np.array([c.decode.llm.name for c in data.cases]),
}
"""By what is left out of all fits, of an engine's releases and of the engine alike: a label per
row."""


def unseen(data: Predictable, split: str) -> pd.DataFrame:
    """The rows that nothing speaks against, with `predicted_ttft_s` and `predicted_tpot_s`.

    And with columns that tell whether the model is `dense`, the GPU a `hopper` one, and the engine
    run in a `special` way.
    """
    first, each = unseen_times(data, SPLITS[split](data))
    rows = data.rows.assign(
        predicted_ttft_s=first,
        predicted_tpot_s=each,
        dense=[case.decode.llm.experts is None for case in data.cases],
        hopper=[gpu_catalog.gpu(name).architecture == "Hopper" for name in data.rows["gpu"]],
        special=in_a_special_way(data.rows),
    )
    return rows[rows["suspect"].isna()]

"""A metric over all pairs of prefill and decode GPU."""

from app.registry import PAGES
from app.sweeps.page import SweepPage
from simcore import SWEEPS


@PAGES.register("gpu-matrix")
class GPUMatrix(SweepPage):
    """Which GPU should prefill, and which decode?"""

    name = "gpus"
    path = "/gpu-matrix"
    title = "GPUs"
    order = 4
    hint = (
        "Click a cell to open its pair in Gantt6D. Each row is a prefill GPU, each column a decode "
        "GPU; for fewer of them change the lists and press Run."
    )
    plan = SWEEPS["gpus"]

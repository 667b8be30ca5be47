"""TTDS over the prefill chunk and the sequence length."""

from app.registry import PAGES
from app.sweeps.page import SweepPage
from simcore import SWEEPS


@PAGES.register("mt-sweep")
class MTSweep(SweepPage):
    """How large should a prefill chunk be?"""

    name = "mt"
    path = "/mt-sweep"
    title = "MTSweep"
    order = 2
    hint = (
        "Click a cell to open its run in Gantt6D. The marks are the best M for each T; for other "
        "values of M and T change the boxes and press Run."
    )
    plan = SWEEPS["mt"]

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
    plan = SWEEPS["mt"]

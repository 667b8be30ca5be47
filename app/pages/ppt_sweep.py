"""TTDS over the pipeline's stages and the sequence length."""

from app.registry import PAGES
from app.sweeps.page import SweepPage
from simcore import SWEEPS


@PAGES.register("ppt-sweep")
class PPTSweep(SweepPage):
    """How many stages should the pipeline have?"""

    name = "ppt"
    path = "/ppt-sweep"
    title = "PPTSweep"
    order = 3
    hint = (
        "Click a cell to open its run in Gantt6D. The marks are the best PP for each T; for other "
        "values of PP and T change the boxes and press Run."
    )
    plan = SWEEPS["ppt"]

"""TTFT, TPOT and tokens per second over the two degrees of a pool, chosen together."""

from app.registry import PAGES
from app.sweeps.page import SweepPage
from simcore import SWEEPS

HINT = (
    "Click a cell to open its run in Gantt6D. One cell is marked, the best of all that can be run; "
    "for other degrees change the lists and press Run."
)
PREFILL, DECODE = "/pptp-sweep", "/pptp-sweep/decode"
SIBLINGS = {PREFILL: "Prefill pool", DECODE: "Decode pool"}


@PAGES.register("prefill-pptp-sweep")
class PrefillPPTP(SweepPage):
    """How many stages of how many GPUs should prefill?"""

    name = "prefill-pptp"
    path = PREFILL
    title = "PP×TP"
    order = 5
    hint = HINT
    plan = SWEEPS["prefill-pptp"]
    siblings = SIBLINGS


@PAGES.register("decode-pptp-sweep")
class DecodePPTP(SweepPage):
    """How many stages of how many GPUs should decode?"""

    name = "decode-pptp"
    path = DECODE
    title = "PP×TP of decode"
    order = None
    hint = HINT
    plan = SWEEPS["decode-pptp"]
    siblings = SIBLINGS

"""Why a result is what it is: what bounds it, what would change it, and how it is computed."""

from simcore.explain.bound import Bound, bound_of
from simcore.explain.channel_use import ChannelUse, Crossing, Flow, Sharer
from simcore.explain.contention import Contention
from simcore.explain.explanation import Explanation
from simcore.explain.metrics import METRICS, explain_metric
from simcore.explain.rows import explain_row
from simcore.explain.sensitivity import Change, changes, sensitivity
from simcore.explain.trials import Trial, trials

__all__ = [
    "METRICS",
    "Bound",
    "Change",
    "ChannelUse",
    "Contention",
    "Crossing",
    "Explanation",
    "Flow",
    "Sharer",
    "Trial",
    "bound_of",
    "changes",
    "explain_metric",
    "explain_row",
    "sensitivity",
    "trials",
]

"""What a pass costs: pure formulas, and cost models that choose among them.

A cost model is one module here that registers a class; see `simcore.costs.model` for what the
class answers.
"""

from simcore.costs.model import COST_MODELS, CostModel, HandoffShare, PassCosts, Semantics
from simcore.costs.operators.exchanges import Exchange
from simcore.costs.plan import Pool, Workload

__all__ = [
    "COST_MODELS",
    "CostModel",
    "Exchange",
    "HandoffShare",
    "PassCosts",
    "Pool",
    "Semantics",
    "Workload",
]

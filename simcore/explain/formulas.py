"""Every formula of the product, in one place; hovers and the docs are made from it."""

from simcore.explain.formula import Formula
from simcore.explain.formulas_calibrated import CALIBRATED
from simcore.explain.formulas_physical import PHYSICAL
from simcore.explain.formulas_reference import REFERENCE
from simcore.explain.formulas_shared import SHARED

# What every scenario's symbols mean.
SYMBOLS = (
    ("N", "requests processed together"),
    ("T", "tokens of each prompt"),
    ("M", "tokens of a prefill chunk"),
    ("O", "tokens generated"),
    ("PP", "pipeline stages of a pool"),
    ("TP", "GPUs of a stage that share its layers, of one attention group"),
    ("DP", "attention groups of a stage, each with requests of its own"),
    ("W", "parameters of the model"),
    ("L", "layers of the model"),
    ("H", "hidden width of the model"),
    ("H_q, H_kv", "query heads and key-value heads of the model"),
    ("B", "bytes per parameter"),
)

FORMULAS: dict[str, tuple[Formula, ...]] = {
    "": SHARED,
    "physical": PHYSICAL,
    "calibrated": CALIBRATED,
    "reference": REFERENCE,
}


def formula_of(key: str, cost_model: str) -> Formula:
    """The formula of `key` under a cost model; raises KeyError if it has none."""
    for formula in (*FORMULAS[""], *FORMULAS[cost_model]):
        if formula.key == key:
            return formula
    raise KeyError(f"no formula {key!r} in {cost_model!r}")

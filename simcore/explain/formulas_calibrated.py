"""The formulas of the `calibrated` cost model: kernel times of its own, all sizes as `physical`."""

from simcore.explain.formula import Formula
from simcore.explain.formulas_physical import PHYSICAL

CALIBRATED = (
    Formula(
        key="pass",
        name="Duration of a pass",
        expression="t = Σ_kernels (launch + (t_computeᵖ + t_memoryᵖ)^(1/p))",
        symbols=(
            (
                "kernels",
                "products with the weights of QKV, output, gate and up, down, or router and "
                "experts; attention; small ones that only move activations; the output head",
            ),
            ("t_compute", "operations over a fitted share of the peak, in whole tiles"),
            ("t_memory", "bytes over a fitted share of the bandwidth"),
            ("launch, p", "time of an empty kernel, sharpness of the maximum: fitted, by kernel"),
        ),
        unit="s",
        source="a roofline (Williams, Waterman & Patterson, CACM 52(4), 2009) with its corner "
        "rounded; constants in gpu_catalog/calibration, accuracy in docs/accuracy.md",
    ),
    *(formula for formula in PHYSICAL if formula.key != "pass"),
)

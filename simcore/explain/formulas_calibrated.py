"""The formulas of the `calibrated` cost model: kernel times of its own, all sizes as `physical`."""

from simcore.explain.formula import Formula
from simcore.explain.formulas_physical import PHYSICAL

KERNEL = "f · (launch + (t_computeᵖ + t_memoryᵖ)^(1/p)), summed over the kernels of its kind"
ROUNDED = ("max₈", "(a⁸ + b⁸)^(1/8): a maximum whose corner is rounded")
COLLECTED = (
    "the other parts of the pass, and its collectives as the fabric of such GPUs carries them out: "
    "the host launches while they run"
)
FITTED = "constants in gpu_catalog/calibration, accuracy in docs/accuracy.md"

CALIBRATED = (
    Formula(
        key="pass",
        name="Duration of a pass",
        expression="t = products + attention + experts + small + head + launches + engine",
        symbols=(
            ("products", f"with weights on one GPU; of QKV, output, gate and up, down: {KERNEL}"),
            ("attention", "scores and sums over the KV cache; summed alike"),
            ("experts", "router and experts; summed alike"),
            (
                "small",
                "moving activations; normalisation, rotary embedding, activation function, "
                "embedding, summed alike",
            ),
            ("head", "the output head, on the last stage"),
            ("launches", "of a decode step's kernels, put together: their fixed times"),
            ("engine", "what the serving engine adds"),
            ("t_compute", "operations over a fitted share of the peak, in whole tiles"),
            ("t_memory", "bytes over a fitted share of the bandwidth"),
            ("launch, p", "time of an empty kernel, sharpness of the maximum: fitted, by kernel"),
            (
                "f",
                "what the engine's release makes of the kernel, fitted by kind; of all kinds "
                "together never less than the hardware's peaks allow",
            ),
        ),
        unit="s",
        source="a roofline (Williams, Waterman & Patterson, CACM 52(4), 2009) with its corner "
        f"rounded; {FITTED}",
    ),
    Formula(
        key="prefill_engine",
        name="What the engine adds to a prefill pass",
        expression="engine = max₈(kernels, layers · e) − kernels",
        symbols=(
            ("kernels", COLLECTED),
            ("layers", "of the stage"),
            ("e", "launching one layer from the host, without a CUDA graph"),
            ROUNDED,
        ),
        unit="s",
        source=f"fitted to TTFT; {FITTED}",
    ),
    Formula(
        key="decode_engine",
        name="What the engine adds to a decode pass",
        expression="engine = max₈(kernels + u, layers · l) − kernels + h + q",
        symbols=(
            ("kernels", COLLECTED),
            ("u", "what is not fused, of layers with experts, normalised queries or latents"),
            ("layers", "of the stage"),
            ("l", "launching one layer"),
            ("h", "preparing the step on the host: on the first stage, for all"),
            ("q", "scheduling and sampling the requests of a GPU in the pass: on the last stage"),
            ROUNDED,
        ),
        unit="s",
        source=f"fitted to TPOT; {FITTED}",
    ),
    *(formula for formula in PHYSICAL if formula.key != "pass"),
)

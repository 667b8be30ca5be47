"""What the formulas need to know of an accelerator, and the formats of its matrix products."""

from collections.abc import Mapping
from dataclasses import dataclass

WIDER = {"bf16": ("bf16",), "fp8": ("fp8", "bf16"), "int8": ("int8", "bf16")}
WIDER["fp4"] = ("fp4", "fp8", "bf16")
"""For each format of products, it and those that stand in for it where the hardware lacks it."""

ACTIVATION_BYTES = {"bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5 + 1 / 16}
"""Of one element of the activations that enter a product [byte]; FP4 with a scale for each 16."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a matrix of weights is kept, and what it is multiplied in.

    Weights narrower than the products, as INT4 weights alone, are widened on the way.

    Attributes
    ----------
    gemm : "bf16", "fp8", "int8" or "fp4"
    weight_bytes : of one weight, scales included [byte]
    """

    gemm: str
    weight_bytes: float


BF16 = Format(gemm="bf16", weight_bytes=2.0)
FP8 = Format(gemm="fp8", weight_bytes=1.0)
FP4 = Format(gemm="fp4", weight_bytes=0.5 + 1 / 16)


@dataclass(frozen=True, kw_only=True)
class Chip:
    """An accelerator as the formulas see it.

    Attributes
    ----------
    flops : peak dense throughput by the format of the products, "bf16" always among them [FLOP/s]
    bandwidth : peak memory bandwidth [byte/s]
    multiprocessors : units that each run a tile of work at a time
    cache : last-level cache [byte]
    """

    flops: Mapping[str, float]
    bandwidth: float
    multiprocessors: int
    cache: float

    def runs(self, gemm: str) -> str:
        """The format that products run in where `gemm` is asked for: the next wider it has."""
        return next(each for each in WIDER[gemm] if each in self.flops)

    def peak(self, gemm: str) -> float:
        """Peak throughput of products where `gemm` is asked for [FLOP/s]."""
        return self.flops[self.runs(gemm)]

"""Times of the kernels that a step of a language model runs, as pure formulas.

Each takes shapes, a `Chip` and a frozen set of constants, and returns seconds. Shapes may be
numbers or arrays that broadcast.
"""

from simcore.costs.operators.attention import decode_seconds, prefill_seconds
from simcore.costs.operators.chip import Chip, Format
from simcore.costs.operators.gemm import gemm_seconds

__all__ = ["Chip", "Format", "decode_seconds", "gemm_seconds", "prefill_seconds"]

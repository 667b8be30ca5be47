"""A chip and constants with round numbers, so that expected times can be said in a line."""

from simcore.costs.operators.attention import (
    DecodeAttentionConstants,
    PrefillAttentionConstants,
)
from simcore.costs.operators.chip import Chip
from simcore.costs.operators.gemm import GemmConstants
from simcore.costs.operators.moe import MoeConstants

CHIP = Chip(flops={"bf16": 1e15, "fp8": 2e15}, bandwidth=1e12, multiprocessors=100, cache=50e6)

IDEAL_GEMM = GemmConstants(
    launch_s=0.0,
    per_k_s=0.0,
    compute=1.0,
    memory=1.0,
    sharpness=500.0,
    epilogue=0.0,
    quantise=0.0,
    strain=0.0,
    waves=0.0,
    tile=(128.0, 128.0),
)
IDEAL_PREFILL = PrefillAttentionConstants(
    launch_s=0.0,
    compute=1.0,
    memory=1.0,
    sharpness=500.0,
    block=0.0,
    longest=0.0,
    narrow=1.0,
    rows_s=0.0,
)
IDEAL_DECODE = DecodeAttentionConstants(
    launch_s=0.0,
    join_s=0.0,
    gather_s=0.0,
    memory=1.0,
    sharpness=500.0,
    per_token_s=0.0,
    unsplit_s=0.0,
    per_head_s=0.0,
    block=0.0,
    narrow=1.0,
    cached=1.0,
    resident=1.0,
    mixed=1.0,
)
IDEAL_MOE = MoeConstants(
    launch_s=0.0,
    expert_s=0.0,
    compute=1.0,
    memory=1.0,
    sharpness=500.0,
    block=0.0,
    moves=0.0,
)

"""Barrier by a ring all-reduce of one number, as torch.distributed has it over NCCL.

NCCL has no barrier of its own (its issue "Understanding Barriers", 2023; PyTorch's pull request
"Used float tensor for PG NCCL barrier all-reduce", 2024).
"""

from simcore.distributed.collectives.base import BARRIERS
from simcore.distributed.collectives.ring_all_reduce import ring_all_reduce
from simcore.distributed.payloads import Reduction, Virtual

FLOAT32_BYTES = 4


@BARRIERS.register("all-reduce")
def all_reduce_barrier(link):
    """2(N − 1) latencies."""
    ring_all_reduce(link, Virtual(FLOAT32_BYTES), Reduction.SUM)

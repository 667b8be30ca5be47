"""Reduce-scatter by an all-reduce of each part, all at once, of which a rank keeps its own.

That is what torch.distributed does over Gloo (PyTorch's pull request "ProcessGroupGloo: support
reduce_scatter", 2025): twice the bytes of a reduce-scatter proper. Here the parts go one after
another.
"""

from simcore.distributed.collectives.base import REDUCE_SCATTERS
from simcore.distributed.collectives.segmented_ring_all_reduce import segmented_ring_all_reduce


@REDUCE_SCATTERS.register("all-reduce of each part")
def all_reduce_reduce_scatter(link, parts, op):
    """N all-reduces."""
    for part in parts:
        segmented_ring_all_reduce(link, part, op)

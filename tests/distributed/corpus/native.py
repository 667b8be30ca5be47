"""Gloo's own collectives, in the place of our programs."""

from simcore.distributed import Reduction
from simcore.distributed.with_torch import torch

dist = torch.distributed

REDUCE = {
    Reduction.SUM: dist.ReduceOp.SUM,
    Reduction.MAX: dist.ReduceOp.MAX,
    Reduction.MIN: dist.ReduceOp.MIN,
    Reduction.PRODUCT: dist.ReduceOp.PRODUCT,
}


def native_profile(group):
    """For a `Profile`: the collectives of a process group, on arrays of numpy."""

    def broadcast(_link, flat, root):
        options = dist.BroadcastOptions()
        options.rootRank = root
        group.broadcast([torch.from_numpy(flat)], options).wait()

    def all_reduce(_link, flat, op):
        options = dist.AllreduceOptions()
        options.reduceOp = REDUCE[op]
        group.allreduce([torch.from_numpy(flat)], options).wait()

    def all_gather(link, pieces):
        tensors = [torch.from_numpy(piece) for piece in pieces]
        group.allgather([tensors], [tensors[link.rank].clone()]).wait()

    def all_to_all(_link, out, into):
        places = [torch.from_numpy(piece) for piece in into]
        given = torch.cat([torch.from_numpy(piece) for piece in out])
        got = torch.empty(sum(place.numel() for place in places), dtype=given.dtype)
        sizes = [place.numel() for place in places]
        group.alltoall_base(got, given, sizes, [piece.size for piece in out]).wait()
        for place, piece in zip(places, got.split(sizes), strict=True):
            place.copy_(piece)

    def barrier(_link):
        group.barrier().wait()

    return {
        "broadcast": broadcast,
        "all_reduce": all_reduce,
        "all_gather": all_gather,
        "all_to_all": all_to_all,
        "barrier": barrier,
    }

"""Tensors and reductions as calls of `torch.distributed` are given them."""

from simcore.distributed.payloads import Reduction
from simcore.distributed.with_torch import torch

_AVERAGE = torch.distributed.ReduceOp.AVG
_REDUCTIONS = (
    (torch.distributed.ReduceOp.SUM, Reduction.SUM),
    (torch.distributed.ReduceOp.MAX, Reduction.MAX),
    (torch.distributed.ReduceOp.MIN, Reduction.MIN),
    (torch.distributed.ReduceOp.PRODUCT, Reduction.PRODUCT),
    (_AVERAGE, Reduction.SUM),
)


def values(tensor, name: str):
    """The values of a tensor, apart from its gradient and from its count of changes.

    As in torch, what arrives is written behind the back of automatic differentiation. Raises
    TypeError for what is not a tensor.
    """
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, and is of type {type(tensor).__name__}")
    return tensor.data


def values_of_all(tensors, name: str, count: int) -> list:
    """The values of a list of tensors, one for each rank of the group."""
    if not isinstance(tensors, list | tuple):
        raise TypeError(f"{name} must be a list of tensors, and is a {type(tensors).__name__}")
    if len(tensors) != count:
        raise ValueError(f"{name} holds {len(tensors)} tensors; the group has {count} ranks")
    return [values(tensor, f"{name}[{i}]") for i, tensor in enumerate(tensors)]


def on_end(tensor, call: str, name: str):
    """The values of a tensor that this call wants contiguous.

    Gloo, as torch 2.13 calls it, refuses others in some of the calls, and mixes up their elements
    in the rest. Raises ValueError.
    """
    data = values(tensor, name)
    if not data.is_contiguous():
        raise ValueError(
            f"{call}: {name} is not contiguous, which Gloo refuses or gets wrong; give it "
            "contiguous()"
        )
    return data


def without_gaps(tensor, call: str, name: str):
    """The values of a tensor that lies in one piece of memory, though its dimensions may be turned.

    Of one with gaps, Gloo, as torch 2.13 calls it, takes what lies in them for the rest of the
    tensor. Raises ValueError.
    """
    data = values(tensor, name)
    if not data.is_contiguous():
        ends_at = 1
        for stride, size in sorted(zip(data.stride(), data.shape, strict=True)):
            if size > 1 and stride != ends_at:
                raise ValueError(
                    f"{call}: {name} has gaps in memory, which Gloo gets wrong; give it "
                    "contiguous(), and copy the result back"
                )
            ends_at *= size
    return data


def check_alike(call: str, name: str, tensor, like, count: int = 1) -> None:
    """Raises ValueError unless `tensor` has the element type of `like`, and its size × count."""
    if tensor.dtype != like.dtype or tensor.numel() != count * like.numel():
        wanted = f"{count} × {like.numel()}" if count > 1 else f"{like.numel()}"
        raise ValueError(
            f"{call}: {name} has {tensor.numel()} elements of {tensor.dtype}; it needs {wanted} of "
            f"{like.dtype}"
        )


def reduction_of(op) -> tuple[Reduction, bool]:
    """How to reduce, and whether to divide by the number of ranks afterwards.

    Raises NotImplementedError for a reduction that is not simulated.
    """
    for known, reduction in _REDUCTIONS:
        if op == known:
            return reduction, known is _AVERAGE
    raise NotImplementedError(
        f"{op} is not simulated; reduce with ReduceOp.SUM, AVG, PRODUCT, MIN or MAX"
    )


def averaged(tensor, count: int):
    """A sum over `count` ranks as their average, in place; whole numbers are cut off."""
    rounding = None if tensor.is_floating_point() or tensor.is_complex() else "trunc"
    return tensor.div_(count, rounding_mode=rounding)

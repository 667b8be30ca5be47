"""Torch, imported here and nowhere else, and its tensors as payloads."""

import numpy as np

from simcore.distributed.errors import ProgramError, TorchMissing
from simcore.distributed.payloads import Reduction, register_payload

try:
    import torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise TorchMissing(
        "this needs torch, which is not installed: pip install 'pdscope[torch]'"
    ) from error

__all__ = ["flat_bytes", "torch"]

_REDUCE = {
    Reduction.SUM: torch.add,
    Reduction.MAX: torch.maximum,
    Reduction.MIN: torch.minimum,
    Reduction.PRODUCT: torch.mul,
}
# Element types that numpy has, too, and that are their own bytes.
_IN_NUMPY = frozenset({torch.float16, torch.float32, torch.float64, torch.int32, torch.int64})


def flat_bytes(tensor: torch.Tensor) -> torch.Tensor:
    """The bytes of a tensor on end, on its device: a view where it lies on end, else a copy."""
    _check_strided(tensor)
    if tensor.requires_grad:
        tensor = tensor.detach()
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.resolve_conj().resolve_neg()
    flat = tensor.contiguous().reshape(-1)
    # Of no element or one, any stride counts as contiguous; a view of other elements wants 1.
    return flat.as_strided(flat.shape, (1,)).view(torch.uint8)


def _bytes_in_memory(tensor):
    """What `flat_bytes` gives, as an array; the commonest tensors take half the time."""
    if (
        tensor.dtype in _IN_NUMPY
        and tensor.layout is torch.strided
        and tensor.is_contiguous()
        and not (tensor.requires_grad or tensor.is_conj() or tensor.is_neg())
    ):
        return tensor.numpy().reshape(-1).view(np.uint8)
    return flat_bytes(tensor).numpy()


class TensorKind:
    """Tensors of any strides and element type; what is sent as bytes is in the CPU's memory.

    What arrives takes no part in automatic differentiation, as with torch.distributed.
    """

    def size(self, payload):
        try:
            return payload.nbytes
        except RuntimeError:
            _check_strided(payload)
            raise

    def element_type(self, payload):
        return str(payload.dtype).removeprefix("torch.")

    def outgoing(self, payload):
        _check_on_cpu(payload)
        return _bytes_in_memory(payload)

    def incoming(self, payload):
        _check_on_cpu(payload)
        if payload.is_contiguous() and not (payload.is_conj() or payload.is_neg()):
            return _bytes_in_memory(payload), None
        room = torch.empty(payload.shape, dtype=payload.dtype)

        def finish():
            _write(payload, room)

        return flat_bytes(room).numpy(), finish

    def flat_copy(self, payload):
        copy = payload.detach().clone(memory_format=torch.contiguous_format)
        return copy.resolve_conj().resolve_neg().reshape(-1)

    def flat_empty_like(self, payload):
        return torch.empty(payload.numel(), dtype=payload.dtype, device=payload.device)

    def count(self, flat):
        return flat.numel()

    def restored(self, flat, like):
        return flat.view(like.shape)

    def fill(self, payload, flat):
        _write(payload, flat.view(payload.shape))

    def reduce_into(self, target, source, reduction):
        _in_place(target, lambda: _REDUCE[reduction](target, source, out=target))


def _write(target, source):
    """Values alone: whatever requires gradients."""
    place = target.detach()
    _in_place(target, lambda: place.copy_(source))


def _in_place(target, change):
    if target.is_inference() and not torch.is_inference_mode_enabled():
        # The mode is one of a thread, and a collective may run beside the one that began it.
        with torch.inference_mode():
            change()
    else:
        change()


def _check_strided(tensor):
    if tensor.layout is not torch.strided or tensor.is_quantized:
        raise ProgramError(
            f"a tensor of {tensor.layout} {str(tensor.dtype).removeprefix('torch.')} cannot be "
            "sent; make it dense (to_dense) or dequantize it first"
        )


def _check_on_cpu(tensor):
    if not tensor.is_cpu:
        raise ProgramError(
            f"this tensor is on {tensor.device}; where messages are simulated, tensors are in the "
            "memory of the CPU: leave them there, or make a copy with .cpu()"
        )


register_payload(torch.Tensor, TensorKind())

"""Tensors as payloads, and what there is without torch."""

import subprocess
import sys

import numpy as np
import pytest

from simcore.distributed import ProgramError, Reduction, simulate
from simcore.distributed.payloads import kind_of

try:
    import torch
except ModuleNotFoundError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="it is about tensors; torch is missing")
DTYPES = (
    *("float32", "float64", "float16", "bfloat16", "float8_e4m3fn", "complex64"),
    *("int8", "int64", "uint8", "bool"),
)


def tensors(dtype):
    """One set of values in all the ways in which it can lie in memory."""
    whole = torch.arange(24).reshape(4, 6).to(getattr(torch, dtype))
    return [whole, whole.t(), whole[:, ::2], whole[:, 1], whole[1:3, 2], whole[0, 0], whole[:0]]


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bytes_of_a_tensor_bring_its_values(dtype):
    for tensor in tensors(dtype):
        kind = kind_of(tensor)
        sent = kind.outgoing(tensor)
        assert sent.dtype == np.uint8 and sent.shape == (kind.size(tensor),)
        assert sent.tobytes() == tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        contiguous = torch.zeros(tensor.shape).to(tensor.dtype)
        strided = torch.zeros((*tensor.shape, 2)).to(tensor.dtype)[..., 0]
        for place in (contiguous, strided):
            room, finish = kind.incoming(place)
            room[:] = sent
            if finish is not None:
                finish()
            assert kind.outgoing(place).tobytes() == sent.tobytes()


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_flat_copy_is_apart_and_can_be_put_back(dtype):
    for tensor in tensors(dtype):
        kind = kind_of(tensor)
        flat = kind.flat_copy(tensor)
        assert flat.shape == (tensor.numel(),) == kind.flat_empty_like(tensor).shape
        assert flat.is_contiguous() and flat.untyped_storage() is not tensor.untyped_storage()
        assert not tensor.numel() or flat.data_ptr() != tensor.data_ptr()
        again = kind.restored(flat, tensor)
        assert again.shape == tensor.shape and again.dtype == tensor.dtype
        place = torch.zeros(tensor.shape).to(tensor.dtype)
        kind.fill(place, flat)
        assert kind.outgoing(place).tobytes() == kind.outgoing(tensor).tobytes()


@needs_torch
def test_conjugates_are_sent_as_they_read():
    tensor = torch.tensor([1 + 2j, 3 - 4j]).conj()
    assert tensor.is_conj()
    kind = kind_of(tensor)
    assert kind.outgoing(tensor).view(np.complex64).tolist() == [1 - 2j, 3 + 4j]
    assert kind.flat_copy(tensor).tolist() == [1 - 2j, 3 + 4j]
    room, finish = kind.incoming(tensor)
    room[:] = np.array([5 + 1j, 6 + 1j], np.complex64).view(np.uint8)
    finish()
    assert tensor.tolist() == [5 + 1j, 6 + 1j]


@needs_torch
@pytest.mark.parametrize("op", Reduction)
def test_reductions_are_those_of_torch(op):
    one, other = torch.tensor([1.5, -2.0]).bfloat16(), torch.tensor([-3.0, 0.25]).bfloat16()
    expected = {
        Reduction.SUM: one + other,
        Reduction.PRODUCT: one * other,
        Reduction.MAX: torch.maximum(one, other),
        Reduction.MIN: torch.minimum(one, other),
    }
    kind_of(one).reduce_into(one, other, op)
    assert torch.equal(one, expected[op])


@needs_torch
def test_values_arrive_whether_gradients_are_wanted_or_inference_is_on():
    def program(comm):
        with torch.inference_mode():
            weights = torch.full((3,), float(comm.rank))
        layer = torch.nn.Linear(3, 1, bias=False)
        # Beside the program, where the mode of inference is off.
        works = [comm.all_reduce(payload, wait=False) for payload in (weights, layer.weight)]
        total = [work.wait() for work in works]
        comm.broadcast(weights, root=1)
        comm.broadcast(layer.weight, root=1)
        return weights.tolist(), layer.weight.requires_grad, total[0].tolist()

    assert simulate(program, 2).values == [([1.0] * 3, True, [1.0] * 3)] * 2


@needs_torch
def test_what_arrives_is_no_part_of_a_gradient():
    def program(comm):
        values = torch.ones(2, requires_grad=True)
        got = comm.all_reduce(values * 3)
        return got.requires_grad, got.tolist()

    assert simulate(program, 2).values == [(False, [6.0, 6.0])] * 2


@needs_torch
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: torch.ones(3, device="meta"), "this tensor is on meta.*with .cpu()"),
        (lambda: torch.ones(3).to_sparse(), "sparse_coo.*to_dense"),
    ],
)
def test_what_has_no_values_in_memory_is_refused(make, says):
    with pytest.raises(ProgramError, match=says):
        simulate(lambda comm: comm.isend(make(), 0), 1)


WITHOUT = """
import sys
import numpy as np
import simcore.distributed as lab

assert "torch" not in sys.modules
sys.modules["torch"] = None  # as if it were not installed
values = lab.simulate(lambda comm: comm.all_reduce(np.ones(3)).tolist(), 2).values
assert values == [[2.0] * 3] * 2
assert lab.simulate(lambda comm: comm.all_gather(lab.Virtual(10)), 3).seconds > 0
try:
    lab.deploy
except lab.TorchMissing as error:
    print(error)
"""


def test_without_torch_all_but_real_processes_is_there(repository):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "pip install 'pdscope[torch]'" in done.stdout

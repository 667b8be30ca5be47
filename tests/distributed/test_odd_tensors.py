"""Tensors of no element or one have any strides, and are sent all the same."""

import numpy as np
import pytest

from simcore.distributed import simulate

torch = pytest.importorskip("torch", reason="tensors need torch")

ODD = {
    "one of every fourth": lambda: torch.arange(4.0)[2::4],
    "one of a matrix": lambda: torch.arange(6.0).reshape(2, 3)[1:2, 1:2],
    "one in half precision": lambda: torch.arange(4.0)[1:2].bfloat16(),
    "none, from numpy": lambda: torch.from_numpy(np.empty(0)),
    "no columns": lambda: torch.ones(3, 4)[:, :0],
    "a number": lambda: torch.tensor(3.0),
}


def handed_on(comm, payload, like):
    if comm.rank == 0:
        comm.send(payload, 1)
        return payload
    return comm.recv(like, 0)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_tensor_arrives(name):
    payload, like = ODD[name](), ODD[name]() * 0 - 1
    got = simulate(handed_on, 2, args=(payload, like)).values[1]
    assert got.shape == payload.shape and torch.equal(got, payload)


@pytest.mark.parametrize("name", ODD)
def test_odd_tensors_are_added_up(name):
    payload = ODD[name]()
    got = simulate(lambda comm: comm.all_reduce(payload), 3).values
    assert all(torch.equal(value, 3 * payload) for value in got)

"""The collectives of Gloo itself, in place of our programs over its sends."""

import numpy as np
import pytest

from simcore.distributed import ProgramError, simulate

pytest.importorskip("torch", reason="real processes talk through torch.distributed")

import torch

from simcore.distributed import deploy
from tests.distributed.deployed import programs
from tests.distributed.deployed.alike import told


def close(here, there):
    match here:
        case list():
            return len(here) == len(there) and all(map(close, here, there))
        case torch.Tensor() if here.is_floating_point() or here.is_complex():
            # Gloo adds in another order: by half a unit in the last place for each addition, of
            # numbers of up to some 100.
            allowed = 400 * torch.finfo(here.dtype).eps
            return here.dtype == there.dtype and torch.allclose(here, there, atol=allowed)
        case np.ndarray():
            return here.dtype == there.dtype and np.allclose(here, there, atol=1e-4)
        case _:
            return told(here) == told(there)


def collectives(comm):
    """All of `everything` that Gloo has operations for."""
    results = {}
    for part in (
        *(programs.gatherings, programs.broadcasts, programs.groups, programs.in_background),
        *(reductions, scatterings),
    ):
        results |= {f"{part.__name__}: {name}": value for name, value in part(comm)}
    return results


def reductions(comm):
    for dtype in ("float32", "float64", "int64"):
        for layout, tensor in programs.layouts(comm, dtype):
            yield f"{dtype} {layout}", comm.all_reduce(tensor)
    yield "array", comm.all_reduce(np.arange(12.0).reshape(3, 4).T * comm.rank)


def scatterings(comm):
    yield from programs.scatterings(comm)


def test_gloo_gives_what_our_programs_give():
    simulated = simulate(collectives, 3, profile="gloo")
    deployed = deploy(collectives, 3, profile="gloo")
    for here, there in zip(simulated.values, deployed.values, strict=True):
        assert list(here) == list(there)
        assert [name for name in here if not close(here[name], there[name])] == []
    calls = deployed.trace.spans["name"].astype(str)
    assert {"all_reduce", "all_gather", "broadcast", "wait"} <= set(calls)


def test_the_collectives_of_nccl_need_nccl():
    with pytest.raises(ProgramError, match="with gloo, take gloo, or portable"):
        deploy(collectives, 2, profile="nccl-ring")

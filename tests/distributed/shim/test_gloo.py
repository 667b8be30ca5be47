"""A script on simulated ranks gives bit for bit what it gives on processes that talk over Gloo."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from simcore.distributed.shim import simulate_script  # noqa: E402

SCRIPT = Path(__file__).parent / "scripts" / "every_call.py"
RANKS = 2
FEWEST_CHECKS = 80


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def loaded(folder) -> list[dict]:
    return [torch.load(folder / f"{rank}.pt") for rank in range(RANKS)]


@pytest.fixture(scope="module")
def on_gloo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("on_gloo")
    done = subprocess.run(
        [sys.executable, SCRIPT, folder],
        env=os.environ | {"MASTER_PORT": free_port(), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return loaded(folder)


@pytest.fixture(scope="module", params=["gloo", "portable", "nccl-ring"])
def simulated(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    with pytest.MonkeyPatch.context() as patched, pytest.warns(UserWarning, match="not belong"):
        patched.delenv("MASTER_PORT", raising=False)
        simulate_script(SCRIPT, argv=[str(folder)], profile=request.param)
    return loaded(folder)


def alike(first, second) -> bool:
    """Bit for bit: tensors of one type, shape, and bytes; all else of one type and value."""
    if isinstance(first, torch.Tensor):
        return (
            isinstance(second, torch.Tensor)
            and first.dtype == second.dtype
            and first.shape == second.shape
            and as_bytes(first) == as_bytes(second)
        )
    if isinstance(first, list | tuple):
        return (
            type(first) is type(second)
            and len(first) == len(second)
            and all(map(alike, first, second))
        )
    return type(first) is type(second) and first == second


def as_bytes(tensor) -> bytes:
    if tensor.dtype is torch.bool:
        # Gloo adds bools as bytes: of two that are true it makes a 2, which is true, too.
        tensor = torch.where(tensor, 1.0, 0.0)
    return tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()


@pytest.mark.parametrize("rank", range(RANKS))
def test_every_call_gives_what_it_gives_on_gloo(on_gloo, simulated, rank):
    real, ours = on_gloo[rank], simulated[rank]
    assert list(ours) == list(real)
    assert len(real) >= FEWEST_CHECKS
    assert [name for name in real if not alike(real[name], ours[name])] == []


def test_a_difference_would_be_seen():
    values = torch.tensor([1.0, 0.0])
    assert alike(values, values.clone())
    assert not alike(values, torch.tensor([1.0, -0.0]))
    assert not alike(values, values.double())
    assert not alike([values], (values,))
    assert not alike(1, 1.0)

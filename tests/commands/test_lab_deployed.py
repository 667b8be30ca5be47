"""`pdscope lab` on real processes: what it tells of them has the right form, whatever they take."""

import json

import pytest

from simcore.__main__ import main
from simcore.distributed import simulate, star
from simcore.distributed.measuring.network_profile import fit_profile, profile_text, read_profile
from simcore.distributed.measuring.program import measure_network

pytest.importorskip("torch", reason="real processes talk through torch")

PROGRAM = """
import numpy as np


def program(comm, steps):
    payload = np.ones(5000, dtype=np.float32)
    for _ in range(int(steps)):
        comm.all_reduce(payload)
    return comm.rank
"""
SCRIPT = """
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
total = torch.ones(4) * (dist.get_rank() + 1)
dist.all_reduce(total)
print("rank", dist.get_rank(), "has", total.tolist())
dist.destroy_process_group()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "reduce.py").write_text(PROGRAM)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "fails.py").write_text("def program(comm):\n    return 1 // comm.rank\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_network_is_profiled(capsys, folder):
    sends = ["--operations", "send,all_reduce", "--max-bytes", "256KiB", "--rounds", "2"]
    assert main(["lab", "profile", "--quick", *sends, "--out", "net.json"]) == 0
    fits, *_ = capsys.readouterr().out.split("\n\n")
    # A line for each operation, and one more where there is a knee.
    told = dict.fromkeys(line.split()[0] for line in fits.splitlines()[1:])
    assert list(told) == ["send", "all_reduce"]
    profile = read_profile(folder / "net.json")
    assert (profile.backend, profile.collectives, profile.rounds) == ("gloo", "portable", 2)
    assert {(row.operation, row.nbytes) for row in profile.measured} == {
        (name, 4**power) for name in ("send", "all_reduce") for power in range(10)
    }
    assert all(row.seconds > 0 for row in profile.measured)


def test_a_program_is_compared_on_a_network_that_was_profiled(capsys, folder):
    # On a star, for what a busy machine measures in two rounds may have no bandwidth at all.
    samples = measure_network(
        lambda program, ranks, args: simulate(program, ranks, args=args, network=star(1e9, 5e-5)),
        ranks=(2,), sizes=(1, 2**16, 2**20), rounds=2, seed=1,
    )  # fmt: skip
    profile = fit_profile(samples, backend="gloo", collectives="portable", seed=1)
    (folder / "net.json").write_text(profile_text(profile))
    command = ["lab", "compare", "reduce.py", "--network-profile", "net.json", "--json"]
    assert main([*command, "--", "6"]) == 0
    found = json.loads(capsys.readouterr().out)
    (row,) = found["operations"]
    assert (row["operation"], row["bytes"]) == ("all_reduce", 20_000)
    # Six times on each of two ranks.
    assert (row["simulated"], row["deployed"]) == (12, 12)
    assert row["ratio"] == pytest.approx(row["simulated_s"] / row["deployed_s"])
    assert found["deployed_s"] > 0


def test_a_shipped_algorithm_runs_on_real_processes(capsys, folder):
    flags = ["--deploy", "--json", "--", "model=small Llama", "tokens=8", "layers=2"]
    assert main(["lab", "run", "tensor-parallel", *flags]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mode"] == "deployed"
    # Two all-reduces a layer.
    assert {row["operation"]: row["count"] for row in found["operations"]} == {"all_reduce": 8}


def test_a_rank_that_fails_is_told(capsys, folder):
    assert main(["lab", "run", "fails.py", "--deploy"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pdscope lab: rank 0 raised ZeroDivisionError")


def test_a_script_is_simulated_as_it_is(capsys, folder):
    assert main(["lab", "run", "script.py", "--ranks", "3", "--network", "star:1GB/s,1ms"]) == 0
    out = capsys.readouterr().out
    for rank in range(3):
        assert f"rank {rank} has [6.0, 6.0, 6.0, 6.0]" in out
    assert "all_reduce" in out


def test_what_a_script_prints_is_not_part_of_the_json(capsys, folder):
    (folder / "talks.py").write_text("import torch.distributed\nprint('from the script')\n")
    assert main(["lab", "run", "talks.py", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["ranks"] == 2
    assert err.splitlines() == ["from the script"] * 2


def test_a_script_is_not_deployed_and_it_is_said_how_it_can_be(capsys, folder):
    assert main(["lab", "run", "script.py", "--deploy", "--ranks", "3"]) == 2
    assert "torchrun --nproc-per-node 3" in capsys.readouterr().err

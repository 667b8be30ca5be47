"""Simulated against deployed over a real network stack, on links of 100 Mbit/s."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from simcore.distributed import simulate, star
from simcore.distributed.measuring.network_profile import fit_profile
from simcore.distributed.measuring.program import measure, samples_of
from simcore.distributed.measuring.shapes import OPERATIONS
from simcore.distributed.measuring.stars import star_of
from tests.distributed.measuring.namespaces import CannotBeMade, address, shaped_star

RANKS = 3
BITS_PER_S = 100_000_000
MARGIN = 0.10
SCRIPT = Path(__file__).with_name("measuring_rank.py")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """What real ranks measured, each in a namespace with a link of its own."""
    pytest.importorskip("torch", reason="real processes talk through torch")
    file = tmp_path_factory.mktemp("real") / "samples.csv"
    try:
        with shaped_star(RANKS, BITS_PER_S) as names:
            _run_in(names, file)
    except CannotBeMade as reason:
        pytest.skip(f"links of 100 Mbit/s cannot be made here: {reason}")
    return pd.read_csv(file)


def _run_in(names, file):
    usual = os.environ | {
        "WORLD_SIZE": str(RANKS),
        # All namespaces are on one machine, and so have one clock.
        "LOCAL_WORLD_SIZE": str(RANKS),
        "MASTER_ADDR": address(0),
        "MASTER_PORT": "29500",
        "GLOO_SOCKET_IFNAME": "nic",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    ranks = [
        subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, str(SCRIPT), str(file)],
            env=usual | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for rank, name in enumerate(names)
    ]  # fmt: skip
    try:
        for rank in ranks:
            out, _ = rank.communicate(timeout=120)
            assert rank.returncode == 0, out
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()


@pytest.fixture(scope="module")
def profile(samples):
    return fit_profile(samples, backend="gloo", collectives="portable", seed=11)


def test_a_large_send_takes_what_so_many_bytes_take(samples, profile):
    """100 Mbit/s are 12.5 MB/s: not 100 MB/s, nor one of many bits a byte."""
    sends = samples[samples["operation"] == "send"]
    largest = sends["nbytes"].max()
    seconds = sends[sends["nbytes"] == largest]["seconds"].median()
    allowed = max(MARGIN, 2 * profile["send"].repeatability)
    assert seconds == pytest.approx(largest / 12.5e6, rel=allowed)


def test_what_sends_tell_of_the_link_predicts_the_other_operations(samples, profile):
    """The star is fitted to sends alone. Each operation on it takes what real ranks took."""
    from tests.distributed.measuring.measuring_rank import TESTS

    bandwidth, latency = star_of(profile)
    run = simulate(measure, RANKS, args=(TESTS,), network=star(bandwidth, latency))
    keys = ["operation", "nbytes"]
    table = pd.DataFrame(
        {
            "simulated": samples_of(run, TESTS).groupby(keys)["seconds"].median(),
            "deployed": samples.groupby(keys)["seconds"].median(),
        }
    )
    table["error"] = table["simulated"] / table["deployed"] - 1
    for operation in OPERATIONS:
        floor = profile[operation].repeatability
        told = f"{operation}, which repeats to {floor:.1%}\n{table.loc[operation].to_string()}"
        print(told)  # `pytest -rP` shows it
        assert table.loc[operation]["error"].abs().mean() <= max(MARGIN, 2 * floor), told


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        (None, "no program 'ip'"),
        ("#!/bin/sh\necho Operation not permitted >&2\nexit 2\n", "Operation not permitted"),
    ],
    ids=["no tools", "not allowed"],
)
def test_where_links_cannot_be_made_the_reason_is_told(tmp_path, monkeypatch, tool, says):
    for name in ("ip", "tc") if tool else ():
        (tmp_path / name).write_text(tool)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotBeMade, match=says), shaped_star(2, BITS_PER_S):
        raise AssertionError("there is no such star")

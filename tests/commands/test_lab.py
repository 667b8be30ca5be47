"""`pdscope lab`, of what needs no torch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simcore.__main__ import main
from simcore.distributed.algorithms import ALGORITHMS

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = '''
import numpy as np


def program(comm, steps="2", words="x"):
    """Every rank reduces, then hands 4,000 bytes on while it computes for a millisecond."""
    payload = np.full(1000, comm.rank, dtype=np.float32)
    for _ in range(int(steps)):
        payload = comm.all_reduce(payload)
        work = comm.isend(payload, (comm.rank + 1) % comm.size)
        comm.compute(seconds=1e-3)
        comm.recv(np.empty_like(payload), (comm.rank - 1) % comm.size)
        work.wait()
'''
BOTH_RECEIVE = """
def program(comm):
    comm.recv(bytearray(8), 1 - comm.rank)
"""
FLOPS = """
def program(comm):
    comm.compute(flops=1e12, bytes=1e9)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    texts = {
        "ring.py": PROGRAM,
        "both.py": BOTH_RECEIVE,
        "flops.py": FLOPS,
        "broken.py": "def program(comm:\n",
        "raises.py": "x = 1\nraise ValueError('not today')\ndef program(comm):\n    pass\n",
        "helped.py": "from helper import program\n",
        "helper.py": "def program(comm):\n    comm.barrier()\n",
        "lambda.py": "program = lambda comm: comm.barrier()\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lab(capsys, *arguments):
    """Status, output and errors of the command."""
    try:
        status = main(["lab", *arguments])
    except SystemExit as left:
        status = left.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def run_of(capsys, *arguments):
    status, out, err = lab(capsys, "run", "--json", *arguments)
    assert status == 0, err
    return json.loads(out)


def test_a_run_is_told_by_rank_and_by_operation(capsys, folder):
    status, out, err = lab(capsys, "run", "ring.py", "--ranks", "3")
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert " ".join(lines[0]).startswith("ring.py on 3 ranks, simulated: star:100Gbit/s,10us")
    assert [line[0] for line in lines[4:7]] == ["0", "1", "2"]
    assert {line[0]: line[1] for line in lines[9:13]} == {
        "all_reduce": "6",
        "isend": "6",
        "recv": "6",
        "wait": "6",
    }


def test_of_very_many_ranks_the_first_are_told(capsys, folder):
    status, out, _ = lab(capsys, "run", "lambda.py", "--ranks", "300")
    assert status == 0
    assert "... 260 more, which --json has" in out
    assert len(out.splitlines()) < 60
    assert len(run_of(capsys, "lambda.py", "--ranks", "300")["per_rank"]) == 300


def test_the_network_is_the_one_that_is_named(capsys, folder):
    """Two steps of an all-reduce of 4,000 bytes, and the rest hidden behind a millisecond each."""
    found = run_of(capsys, "ring.py", "--network", "star:100Mbit/s,2ms", "--", "1")
    # Reduced: 2 (α + M/2β). The send meets its receive after the millisecond: α + M/β.
    expected = 2 * (2e-3 + 2000 / 12.5e6) + 1e-3 + 2e-3 + 4000 / 12.5e6
    assert found["seconds"] == pytest.approx(expected, rel=1e-9)
    half = run_of(capsys, "ring.py", "--network", "star:100Mbit/s,2ms,half", "--", "1")
    assert half["seconds"] > found["seconds"]


def test_the_critical_path_adds_up_to_the_run(capsys, folder):
    found = run_of(capsys, "ring.py", "--network", "star:100Mbit/s,2ms", "--", "3")
    path = found["critical_path"]
    assert sum(row["seconds"] for row in path) == pytest.approx(found["seconds"], rel=1e-9)
    computing = sum(row["seconds"] for row in path if row["kind"] == "compute")
    assert computing == pytest.approx(3 * 1e-3)


def test_small_sends_that_do_not_wait_are_hidden(capsys, folder):
    flags = ["ring.py", "--network", "star:100Mbit/s,200us", "--eager", "4KB", "--", "1"]
    rendezvous = run_of(capsys, *flags[:3], "--", "1")
    eager = run_of(capsys, *flags)
    assert eager["seconds"] == pytest.approx(rendezvous["seconds"] - 200e-6 - 320e-6)
    assert all(row["hidden_s"] > 0 for row in eager["per_rank"])


def test_a_topology_is_a_network(capsys, folder):
    found = run_of(capsys, "ring.py", "--ranks", "4", "--topology", "hgx-rail")
    assert found["network"] == "topology hgx-rail"
    assert found["ranks"] == 4


def test_computing_takes_what_the_gpu_needs(capsys, folder):
    fast = run_of(capsys, "flops.py", "--gpu", "NVIDIA H200")["seconds"]
    slow = run_of(capsys, "flops.py", "--gpu", "NVIDIA A100")["seconds"]
    assert 0 < fast < slow


def test_what_was_measured_is_replayed(capsys, folder):
    flags = ["ring.py", "--ranks", "2"]
    first = run_of(capsys, *flags, "--timing", "measured:2", "--record", "times.csv")
    again = [run_of(capsys, *flags, "--timing", "recorded:times.csv") for _ in range(2)]
    assert again[0] == again[1]
    assert again[0]["seconds"] == pytest.approx(first["seconds"], rel=1e-9)


@pytest.mark.parametrize("file", ["helped.py", "lambda.py"])
def test_a_program_may_be_imported_or_given_a_name(capsys, folder, file):
    assert run_of(capsys, file)["operations"][0]["operation"] == "barrier"


def test_a_deadlock_is_told_with_a_line_for_each_rank(capsys, folder):
    status, out, err = lab(capsys, "run", "both.py")
    assert (status, out) == (2, "")
    assert err.startswith("pdscope lab: no rank can go on")
    assert "both.py:3" in err
    assert "Traceback" not in err


def test_a_shipped_algorithm_is_run_by_its_name(capsys, folder):
    flags = ["--network", "star:100Mbit/s,10ms", "--ranks", "4"]
    slow = run_of(capsys, "voltage", *flags, "--", "tokens=40", "layers=2")
    direct = run_of(capsys, "voltage-direct", *flags, "--", "tokens=40", "layers=2")
    # One all-gather lies between two layers: three latencies around the ring, one directly.
    assert slow["seconds"] - direct["seconds"] == pytest.approx(2 * 10e-3, rel=0.05)
    fast = run_of(capsys, "voltage", *flags, "--gpu", "NVIDIA H100", "--", "tokens=40", "layers=2")
    assert fast["per_rank"][0]["compute_s"] < slow["per_rank"][0]["compute_s"]


def test_the_list_has_every_algorithm_with_settings_that_can_be_given(capsys, folder):
    status, out, _ = lab(capsys, "list")
    assert status == 0
    names = [line.split()[0] for line in out.splitlines()[1:]]
    assert names == list(ALGORITHMS.names())
    given = out.splitlines()[1].partition("model=")[2].split()
    run_of(capsys, names[0], "--ranks", "4", "--", f"model={given[0]}", *given[1:])


@pytest.mark.parametrize(("seconds", "shown"), [(0.25, True), (0.0, False)])
def test_idle_time_is_told_where_there_is_some(capsys, folder, seconds, shown):
    (folder / "idles.py").write_text(f"def program(comm):\n    comm.idle({seconds})\n")
    status, out, _ = lab(capsys, "run", "idles.py")
    assert status == 0
    assert ("idle ms" in out) is shown
    assert ("250.000" in out) is shown


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".perfetto.json"])
def test_the_trace_is_written(capsys, folder, ending):
    run_of(capsys, "ring.py", "--trace", f"trace{ending}")
    assert (folder / f"trace{ending}").stat().st_size > 500


BAD = {
    "no action": ([], "ACTION"),
    "an unknown action": (["walk"], "walk"),
    "no program": (["run"], "PROGRAM.py"),
    "no such file": (["run", "none.py"], "none.py: cannot be read"),
    "a folder": (["run", "."], "cannot be read"),
    "no Python": (["run", "broken.py"], "broken.py:1: is no Python"),
    "a program that fails as it is loaded": (["run", "raises.py"], "ValueError: not today"),
    "no ranks": (["run", "ring.py", "--ranks", "0"], "--ranks 0 is out of range"),
    "very many ranks": (["run", "ring.py", "--ranks", "1000000"], "use 1 to 4096"),
    "a word for ranks": (["run", "ring.py", "--ranks", "two"], "two"),
    "many processes": (["run", "ring.py", "--deploy", "--ranks", "65"], "use 1 to 64"),
    "both ways": (["run", "ring.py", "--deploy", "--simulate"], "not allowed with"),
    "a network for what is deployed": (
        ["run", "ring.py", "--deploy", "--network", "star:1GB/s,1us"], "no effect on a deployed"),
    "a back end for what is simulated": (
        ["run", "ring.py", "--backend", "gloo"], "--backend has no effect on a simulated run"),
    "two networks": (
        ["run", "ring.py", "--network", "star:1GB/s,1us", "--topology", "nvl72"], "exclude"),
    "no star": (["run", "ring.py", "--network", "ring:1GB/s,1us"], "star:RATE,LATENCY"),
    "a star of nothing": (["run", "ring.py", "--network", "star:"], "star:RATE,LATENCY"),
    "a bandwidth without unit": (["run", "ring.py", "--network", "star:100,1us"], "is not a band"),
    "a bandwidth of a size": (["run", "ring.py", "--network", "star:100MB,1us"], "is not a band"),
    "no bandwidth at all": (["run", "ring.py", "--network", "star:0GB/s,1us"], "out of range"),
    "a latency of a day": (["run", "ring.py", "--network", "star:1GB/s,90000s"], "out of range"),
    "an unknown topology": (["run", "ring.py", "--topology", "nvl73"], "did you mean 'nvl72'"),
    "a topology that is no file": (["run", "ring.py", "--topology", "x.toml"], "x.toml"),
    "an unknown GPU": (["run", "ring.py", "--topology", "nvl72", "--gpu", "NVIDIA H10"], "H100"),
    "no profile file": (["run", "ring.py", "--network-profile", "x.json"], "x.json: cannot be"),
    "a program for a profile": (["run", "ring.py", "--network-profile", "ring.py"], "is not JSON"),
    "unknown collectives": (["run", "ring.py", "--profile", "glo"], "did you mean 'gloo'"),
    "an unknown timing": (["run", "ring.py", "--timing", "guessed"], "none of declared"),
    "a slowdown of nothing": (["run", "ring.py", "--timing", "measured:0"], "a factor above 0"),
    "a slowdown in words": (["run", "ring.py", "--timing", "measured:much"], "a factor above 0"),
    "a recording that is not there": (
        ["run", "ring.py", "--timing", "recorded:x.csv"], "x.csv: cannot be read"),
    "a recording of something else": (
        ["run", "ring.py", "--timing", "recorded:ring.py"], "ring.py"),
    "flops on no GPU": (["run", "flops.py"], "name a GPU"),
    "an argument that the program does not like": (
        ["run", "ring.py", "--", "many"], "ValueError: invalid literal"),
    "too many arguments": (["run", "ring.py", "--", "1", "2", "3"], "TypeError"),
    "an eager size in words": (["run", "ring.py", "--eager", "small"], "--eager 'small'"),
    "a recording of nothing measured": (["run", "ring.py", "--record", "x.csv"], "measured"),
    "a recording to nowhere": (
        ["run", "ring.py", "--timing", "measured", "--record", "no/x.csv"], "cannot be written"),
    "a trace of no format": (["run", "ring.py", "--trace", "x.png"], "use one of .csv"),
    "a trace to nowhere": (["run", "ring.py", "--trace", "no/x.csv"], "cannot be written"),
    "an unknown algorithm": (["run", "voltag"], "did you mean 'voltage'"),
    "an unknown setting": (["run", "voltage", "--", "token=3"], "no setting 'token=3'"),
    "a setting in words": (["run", "voltage", "--", "tokens=many"], "'many' is not a number"),
    "a setting twice": (["run", "voltage", "--", "tokens=3", "tokens=4"], "stands twice"),
    "too little to share out": (["run", "voltage", "--", "tokens=1"], "positions"),
    "an argument for nobody": (["list", "--", "x"], "no program to give 'x' to"),
    "escape codes": (["run", "\x1b[31mred"], "\\x1b[31mred"),
    "profile: ranks in words": (["profile", "--ranks", "two"], "no list of whole numbers"),
    "profile: one rank": (["profile", "--ranks", "1"], "ranks = 1 is out of range"),
    "profile: a rank twice": (["profile", "--ranks", "2,2"], "stands twice"),
    "profile: an unknown operation": (["profile", "--operations", "scan"], "'scan'"),
    "profile: an operation twice": (["profile", "--operations", "send,send"], "stands twice"),
    "profile: small sizes": (["profile", "--max-bytes", "2B"], "sizes up to 2 bytes"),
    "profile: a size in words": (["profile", "--max-bytes", "big"], "--max-bytes 'big'"),
    "profile: a huge size": (["profile", "--max-bytes", "1TB"], "hold more than"),
    "profile: one round": (["profile", "--rounds", "1"], "rounds = 1 is out of range"),
    "profile: rounds without end": (["profile", "--rounds", "9999999"], "rounds = 9999999"),
    "profile: other collectives": (["profile", "--profile", "mine"], "use one of portable"),
    "profile: no time": (["profile", "--timeout", "0s"], "--timeout 0s"),
    "profile: to nowhere": (["profile", "--out", "none/x.json"], "cannot be written"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "says"), BAD.values(), ids=BAD)
def test_bad_input_is_answered_in_one_line(capsys, folder, arguments, says):
    status, out, err = lab(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("pdscope lab") and err.endswith("\n")
    assert err[:-1].isprintable()
    assert says in err


def test_every_action_has_help(capsys):
    for action in ("run", "compare", "profile", "list"):
        status, out, _ = lab(capsys, action, "--help")
        assert status == 0
        assert out.startswith(f"usage: pdscope lab {action}")


def test_a_file_that_is_neither_a_program_nor_a_script_is_told(capsys, folder):
    pytest.importorskip("torch")
    (folder / "typed.py").write_text("async def program(comm):\n    comm.barrier()\n")
    status, out, err = lab(capsys, "run", "typed.py")
    assert (status, out) == (2, "")
    assert "typed.py defines no function program(comm, ...), and is no script" in err
    (folder / "hello.py").write_text("import torch.distributed\nprint('hello')\n")
    status, out, _ = lab(capsys, "run", "hello.py")
    assert status == 0 and out.startswith("hello\nhello\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["profile", "--quick"],
        ["run", "ring.py", "--deploy"],
        ["run", "script.py"],
        ["compare", "ring.py"],
    ],
    ids=" ".join,
)
def test_what_needs_torch_says_so_where_there_is_none(folder, arguments):
    (folder / "script.py").write_text("import torch.distributed\n")
    without = "import sys; sys.modules['torch'] = None; from simcore.__main__ import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{without}sys.exit(main(sys.argv[1:]))", "lab", *arguments],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("pdscope lab: ")
    assert "pip install 'pdscope[torch]'" in line

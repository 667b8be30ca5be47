"""Bad input ends with status 2 and one line that says what to do; never with a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simcore.__main__ import main

FILES = {
    "bad.yaml": "pp: [1",
    "key.yaml": "promt_tokens: 5\n",
    "value.json": '{"pp": "eight"}',
    "list.json": "[1, 2]",
    "control.yaml": "pp: \x07",
    "digits.json": '{"pp": 1' + "0" * 400 + "}",
    "twice.json": '{"pp": 1, "pp": 2}',
    "alias.yaml": "pp: &a 4\nbatch_size: *a\n",
    "deep.json": "[" * 100_000,
    "empty.json": "",
    "no-flows.json": json.dumps({"channels": []}),
    "no-channel.json": json.dumps(
        {"channels": [], "flows": [{"name": "f", "size_bytes": 1, "path": [0]}]}
    ),
    "nan.json": '{"channels": [{"name": "c", "bandwidth_Bps": NaN}], "flows": []}',
    "far.json": '{"channels": [{"name": "c", "bandwidth_Bps": 1e-300}], "flows": '
    '[{"name": "f", "size_bytes": 1e308, "path": [0]}]}',
    "digits-flow.json": '{"channels": [], "flows": [{"name": "f", "path": [], "size_bytes": 1'
    + "0" * 400
    + "}]}",
}
SWEEP = ["sweep", "mt", "--out", "x.csv", "--jobs", "1"]
BAD = {
    "no command": ([], "COMMAND"),
    "an unknown command": (["simulate"], "simulate"),
    "an unknown flag": (["run", "--speed", "3"], "--speed"),
    "an abbreviated flag": (["run", "--llms", "x"], "--llms"),
    "a flag without a value": (["run", "--pp"], "--pp"),
    "a word for a number": (["run", "--pp", "eight"], "pp = 'eight' is not a number"),
    "a fraction of a stage": (["run", "--pp", "1.5"], "whole number"),
    "no stages": (["run", "--pp", "0"], "from 1 to 256"),
    "not a number": (["run", "--pp", "nan"], "pp"),
    "infinity": (["run", "--pp", "inf"], "pp"),
    "400 digits": (["run", "--pp", "1" + "0" * 400], "pp"),
    "5000 digits": (["run", "--pp", "1" + "0" * 5000], "pp"),
    "a huge prompt": (["run", "--prompt-tokens", "1e12"], "prompt_tokens"),
    "a share above one": (["run", "--vram-limit-ratio", "1.5"], "vram_limit_ratio"),
    "an unknown GPU": (["run", "--decode-gpu", "NVIDIA H10"], "did you mean 'NVIDIA H100'"),
    "an unknown model": (["run", "--llm", "LLaMA-3.1-7OB"], "did you mean 'LLaMA-3.1-70B'"),
    "an unknown cost model": (["run", "--cost-model", "real"], "physical, reference"),
    "what does not fit": (["run", "--pp", "1"], "it fits with pp = "),
    "more stages than layers": (["run", "--pp", "100"], "80 layers"),
    "unlike pools in reference": (
        ["run", "--cost-model", "reference", "--decode-pp", "4"], "one PP for both pools"),
    "too long a run": (
        ["run", "--prompt-tokens", "1048576", "--chunk-tokens", "1"], "events"),
    "no such file": (["run", "none.yaml"], "none.yaml: cannot be read"),
    "an empty file name": (["run", ""], "cannot be read"),
    "a folder": (["run", "."], "cannot be read"),
    "broken YAML": (["run", "bad.yaml"], "bad.yaml: line 1"),
    "an unknown key": (["run", "key.yaml"], "did you mean prompt_tokens"),
    "a text for a number": (["run", "value.json"], "value.json: pp = 'eight'"),
    "a list": (["run", "list.json"], "mapping"),
    "a control character": (["run", "control.yaml"], "control.yaml"),
    "400 digits in a file": (["run", "digits.json"], "digits.json: pp"),
    "a key twice": (["run", "twice.json"], "twice"),
    "an alias": (["run", "alias.yaml"], "aliases are not allowed"),
    "deep nesting": (["run", "deep.json"], "deep.json"),
    "a folder with a slash": (["run", "folder.csv/"], "cannot be read"),
    "a pipe": (["run", "pipe.yaml"], "pipe.yaml: cannot be read: it is no regular file"),
    "a device": (["run", "/dev/zero"], "/dev/zero: cannot be read: it is no regular file"),
    "a line break in a name": (["run", "no\nsuch.yaml"], "no\\nsuch.yaml: cannot be read"),
    "escape codes in a name": (["run", "\x1b[31mred"], "\\x1b[31mred: cannot be read"),
    "a name in no encoding": (["run", "a\udcffb"], "a\\udcffb: cannot be read"),
    "a line break in a flag": (["run", "--sp\need"], "--sp\\need"),
    "a long file": (["run", "long.yaml"], "long.yaml: is larger than 64 KiB"),
    "a trace to nowhere": (["run", "--trace", "none/x.csv"], "none/x.csv: cannot be written"),
    "a trace to a folder": (["run", "--trace", "folder.csv"], "folder.csv: cannot be written"),
    "a trace of no format": (["run", "--trace", "x.png"], "use one of .csv, .parquet"),
    "a trace without an ending": (["run", "--trace", "."], "use one of .csv, .parquet"),
    "a trace without a name": (["run", "--trace", ""], "use one of .csv, .parquet"),
    "no grid": (["sweep"], "GRID"),
    "an unknown grid": (["sweep", "tm", "--out", "x.csv"], "tm"),
    "no output": (["sweep", "mt"], "--out"),
    "an unknown ending": (["sweep", "mt", "--out", "x.png"], "use one of .csv"),
    "no ending": (["sweep", "mt", "--out", "x"], "use one of .csv"),
    "no jobs": (["sweep", "mt", "--out", "x.csv", "--jobs", "0"], "--jobs 0"),
    "many jobs": (["sweep", "mt", "--out", "x.csv", "--jobs", "100000"], "--jobs 100000"),
    "no range": ([*SWEEP, "--x", "a:b"], "FROM:TO:STEP"),
    "an empty range": ([*SWEEP, "--x", "9:3"], "is empty"),
    "no step": ([*SWEEP, "--x", "1:9:0"], "is empty"),
    "four parts": ([*SWEEP, "--x", "1:2:3:4"], "FROM:TO:STEP"),
    "half a range": ([*SWEEP, "--y", "5:"], "FROM:TO:STEP"),
    "no range at all": ([*SWEEP, "--y", ""], "FROM:TO:STEP"),
    "a range beyond the field": ([*SWEEP, "--x", "0:5"], "chunk_tokens = 0"),
    "400 digits in a range": ([*SWEEP, "--x", "1:1" + "0" * 400], "chunk_tokens"),
    "too many values": ([*SWEEP, "--x", "1:30000"], "more than 20,000"),
    "too many cells": ([*SWEEP, "--x", "1:2000", "--y", "1:2000"], "cells"),
    "a hole in a list": ([*SWEEP, "--x", "64,,128"], "chunk_tokens"),
    "a word in a list": ([*SWEEP, "--x", "64,many"], "chunk_tokens = 'many'"),
    "a number twice": ([*SWEEP, "--x", "64,128,64"], "64 stands twice"),
    "a GPU there is not": (
        ["sweep", "gpus", "--x", "NVIDIA H100,H20", "--out", "x.csv"], "did you mean"),
    "a GPU twice": (
        ["sweep", "gpus", "--y", "NVIDIA H100,NVIDIA H100", "--out", "x.csv"], "stands twice"),
    "a range of GPUs": (["sweep", "gpus", "--y", "1:5", "--out", "x.csv"], "prefill_gpu = '1:5'"),
    "a swept field as a flag": ([*SWEEP, "--chunk-tokens", "5"], "--chunk-tokens"),
    "a sweep's bad base": ([*SWEEP, "--pp", "0"], "pp = 0"),
    "a sweep to nowhere": (
        ["sweep", "mt", "--x", "512", "--y", "1024", "--jobs", "1", "--out", "none/x.csv"],
        "none/x.csv: cannot be written"),
    "no flows file": (["flows", "none.json"], "none.json: cannot be read"),
    "flows that are no JSON": (["flows", "bad.yaml"], "bad.yaml: is not JSON"),
    "flows of nothing": (["flows", "empty.json"], "empty.json: is not JSON"),
    "flows of a list": (["flows", "list.json"], "must be an object"),
    "flows too deep": (["flows", "deep.json"], "deep.json"),
    "flows from a pipe": (["flows", "pipe.yaml"], "it is no regular file"),
    "flows from a device": (["flows", "/dev/zero"], "it is no regular file"),
    "flows from a folder": (["flows", "."], "cannot be read"),
    "flows that are too long": (["flows", "huge.json"], "huge.json: is larger than 32 MB"),
    "flows with a key twice": (["flows", "twice.json"], "the key 'pp' stands twice"),
    "flows left out": (["flows", "no-flows.json"], "flows is missing"),
    "flows over no channels": (["flows", "no-channel.json"], "no channel"),
    "flows over nothing known": (["flows", "nan.json"], "bandwidth"),
    "flows without end": (["flows", "far.json"], "far.json"),
    "flows of 400 digits": (["flows", "digits-flow.json"], "digits-flow.json"),
    "an unknown list": (["list", "cars"], "cars"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, size in (("long.yaml", 100_000_000), ("huge.json", 100_000_000)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "says"), BAD.values(), ids=BAD)
def test_bad_input_is_answered_in_one_line(capsys, folder, arguments, says):
    try:
        status = main(arguments)
    except SystemExit as exit_:
        status = exit_.code
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert err.startswith("pdscope")
    assert err.endswith("\n")
    assert err[:-1].isprintable()
    assert says in err
    assert "Traceback" not in err
    assert not (folder / "x.csv").exists()


def test_help_ends_well(capsys):
    for arguments in (["--help"], ["run", "--help"], ["sweep", "mt", "--help"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
        assert "usage: pdscope" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_output_that_cannot_be_written_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "simcore", "list", "gpus"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "pdscope list: cannot write: No space left on device\n"

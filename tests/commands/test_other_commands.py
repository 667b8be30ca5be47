"""`pdscope sweep`, `flows` and `list`."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

import gpu_catalog
from simcore import Scenario, run
from simcore.__main__ import main
from tests.simcore.test_flows import DESCRIPTION


def test_a_sweep_is_written_as_csv(capsys, tmp_path):
    path = tmp_path / "mt.csv"
    arguments = ["--x", "256:1024:512", "--y", "512:1000:488", "--batch-size", "2", "--jobs", "1"]
    assert main(["sweep", "mt", *arguments, "--out", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 4 cells, 0 infeasible, 1 skipped\n"
    table = pd.read_csv(path, keep_default_na=False, na_values={"ttds_s": [""]})
    points = list(zip(table.chunk_tokens, table.prompt_tokens, strict=True))
    assert points == [(256, 512), (256, 1000), (768, 512), (768, 1000)]
    assert [bool(reason) for reason in table.reason] == [False, False, True, False]
    base = Scenario(batch_size=2)
    for row in table[table.reason == ""].itertuples():
        scenario = base.replace(chunk_tokens=row.chunk_tokens, prompt_tokens=row.prompt_tokens)
        assert row.ttds_s == pytest.approx(run(scenario).metrics.ttds_s, rel=1e-15)


def test_an_axis_of_names_is_a_list_with_commas(capsys, tmp_path):
    path = tmp_path / "gpus.csv"
    names = ["--x", "NVIDIA H100, AMD Instinct MI300X", "--y", "NVIDIA H200"]
    assert main(["sweep", "gpus", *names, "--jobs", "1", "--out", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 2 cells, 0 infeasible\n"
    table = pd.read_csv(path)
    assert list(table.decode_gpu) == ["NVIDIA H100", "AMD Instinct MI300X"]
    assert list(table.prefill_gpu) == ["NVIDIA H200"] * 2
    scenario = Scenario(prefill_gpu="NVIDIA H200", decode_gpu="AMD Instinct MI300X")
    assert table.ttft_s[1] == pytest.approx(run(scenario).metrics.ttft_s, rel=1e-15)


def test_an_axis_of_numbers_may_be_a_list_too(tmp_path):
    path = tmp_path / "mt.csv"
    grid = ["--x", "1024,96", "--y", "2048", "--jobs", "1", "--out", str(path)]
    assert main(["sweep", "mt", *grid]) == 0
    assert list(pd.read_csv(path).chunk_tokens) == [1024, 96]


def test_processes_write_the_same_file(tmp_path):
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for path, jobs in ((one, "1"), (two, "2")):
        grid = ["--x", "4:5", "--y", "1024", "--jobs", jobs, "--out", str(path)]
        assert main(["sweep", "ppt", *grid]) == 0
    assert one.read_bytes() == two.read_bytes()


def test_a_sweep_over_pp_has_both_pools_at_it(tmp_path):
    path = tmp_path / "ppt.csv"
    assert main(["sweep", "ppt", "--x", "5", "--y", "1024", "--jobs", "1", "--out", str(path)]) == 0
    row = pd.read_csv(path).iloc[0]
    metrics = run(Scenario(pp=5, decode_pp=5, prompt_tokens=1024, chunk_tokens=320)).metrics
    assert row.tpot_s == pytest.approx(metrics.tpot_s, rel=1e-15)


def test_a_writer_that_is_lent_gets_the_table_the_plan_and_the_path(tmp_path):
    seen = []

    def write(table, plan, path):
        seen.append((len(table), plan.name, path))

    path = str(tmp_path / "x.picture")
    arguments = ["sweep", "ppt", "--x", "4:6", "--y", "1024", "--jobs", "1", "--out", path]
    assert main(arguments, sweep_writers={".picture": write}) == 0
    assert seen == [(3, "ppt", path)]


def test_flows_as_json(capsys, tmp_path):
    path = tmp_path / "flows.json"
    path.write_text(json.dumps(DESCRIPTION))
    assert main(["flows", str(path), "--json"]) == 0
    flows = json.loads(capsys.readouterr().out)["flows"]
    assert [list(flow) for flow in flows] == [
        ["name", "finish_s", "mean_rate_Bps", "bottleneck"]
    ] * 5
    # As worked out by hand in tests/simcore/test_flows.py.
    assert [flow["finish_s"] for flow in flows] == pytest.approx([2.8, 2.3, 1.5, 2, 2])
    assert [flow["bottleneck"] for flow in flows] == ["right", "left", "right", None, None]
    assert flows[3]["mean_rate_Bps"] is None


def test_flows_as_a_table(capsys, tmp_path):
    path = tmp_path / "flows.json"
    path.write_text(json.dumps(DESCRIPTION))
    assert main(["flows", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[2].split() == ["left", "only", "2300.000000", "0.000000", "left"]


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("gpus", [gpu.name for gpu in gpu_catalog.gpus()]),
        ("llms", [llm.name for llm in gpu_catalog.llms()]),
        ("links", [link.name for link in gpu_catalog.links()]),
    ],
)
def test_list_shows_each_item_of_the_catalog_in_its_order(capsys, what, names):
    assert main(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) == len(names)
    assert all(line.startswith(name) for line, name in zip(lines, names, strict=True))


def test_a_command_that_is_lent_is_run(capsys):
    class Hello:
        name, help = "hello", "say hello"

        def add_arguments(self, parser):
            parser.add_argument("--to", default="world")

        def execute(self, arguments):
            print("hello", arguments.to)
            return 7

    assert main(["hello", "--to", "you"], commands=[Hello()]) == 7
    assert capsys.readouterr().out == "hello you\n"


def test_a_sweep_is_read_from_the_cache_and_does_without_one_that_is_broken(tmp_path):
    """In a process of its own: a warning goes where a logger of last resort writes."""
    (tmp_path / "broken").write_text("this is no folder")
    seen = []
    for cache in ("", "cells", "cells", "broken"):
        done = subprocess.run(
            [sys.executable, "-m", "simcore", "sweep", "ppt", "--x", "4:5", "--y", "1024",
             "--jobs", "1", "--out", f"{len(seen)}.csv"],
            env=os.environ | {"PDSCOPE_CACHE": cache, "PYTHONPATH": os.getcwd()},
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        seen.append((tmp_path / f"{len(seen)}.csv").read_bytes())
    assert len(set(seen)) == 1
    assert (tmp_path / "cells" / "cache.db").exists()
    assert done.stderr.startswith("warning: the cache in 'broken' cannot be used (")
    assert done.stderr.count("\n") == 1

"""Slices of a sweep: together they are the sweep, and what is hostile only gets an error."""

import itertools
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import pytest
from plotly.utils import PlotlyJSONEncoder

from app.__main__ import main
from app.figures.surface import LIFT
from app.pages.gpu_matrix import GPUMatrix
from app.share import query_of
from app.shell import create_app
from app.single_file import PLACE
from app.sweeps.axes import MOST_CELLS, BadRequest
from app.sweeps.html import blank_page, write_html
from app.sweeps.page import DASK_VARIABLE
from app.sweeps.slices import Worker, answer, read
from app.sweeps.terms import (
    axis_of,
    describe,
    filename_of,
    filename_suffix,
    metrics_of,
    table_filename_of,
    usual_metric,
)
from simcore import SWEEPS, PdscopeError, Scenario, ScenarioError, sweep
from simcore.cell_cache import CellCache

MT, GPUS = SWEEPS["mt"], SWEEPS["gpus"]
HERE = Worker()


def body(first=0, scenario=None, *, m=(512, 1536, 512), t=(1024, 2048, 1024), **more):
    spans = {"chunk_tokens": m, "prompt_tokens": t}
    axes = {field: dict(zip(("from", "to", "step"), span, strict=True))
            for field, span in spans.items()}  # fmt: skip
    return {"scenario": scenario or {}, "carried": {}, "axes": axes, "first": first, **more}


def pairs(decode, prefill, first=0):
    axes = {"decode_gpu": decode, "prefill_gpu": prefill}
    return {"scenario": {}, "carried": {}, "axes": axes, "first": first}


def asked(*args, **options):
    return read(json.dumps(body(*args, **options)).encode(), MT)


@pytest.fixture(scope="module")
def client():
    return create_app().server.test_client()


def post(client, content, path="/mt-sweep/slice"):
    return client.post(path, data=content, content_type="application/json")


@pytest.fixture(scope="module")
def whole():
    """The sweep of `body()`, as the Python API has it."""
    axes = {"chunk_tokens": (512, 1024, 1536), "prompt_tokens": (1024, 2048)}
    with ThreadPoolExecutor(1) as executor:
        return sweep(MT.base, axes, executor=executor)


def test_slices_laid_end_to_end_are_the_sweep(client, whole):
    rows, first, total = [], 0, math.inf
    while first < total:
        reply = post(client, json.dumps(body(first))).get_json()
        assert reply["next"] > first
        rows, first, total = rows + reply["rows"], reply["next"], reply["total"]
    table = pd.DataFrame(rows).astype(whole.dtypes)
    pd.testing.assert_frame_equal(table, whole, check_exact=True)


@pytest.mark.parametrize("budget_s", [0.0, 1.5, 2.5, 100.0])
def test_a_slice_ends_with_its_time_but_does_one_cell_at_least(budget_s):
    ticks = itertools.count()  # every look at this clock takes a second
    rows = HERE.compute(asked(first=1), budget_s=budget_s, clock=lambda: float(next(ticks)))
    assert len(rows) == min(5, max(1, math.ceil(budget_s)))


def test_an_answer_says_what_the_grid_is():
    request = asked(first=4)
    told = answer(request, HERE.compute(request, budget_s=100))
    assert told["axes"] == {"chunk_tokens": [512, 1024, 1536], "prompt_tokens": [1024, 2048]}
    assert (told["next"], told["total"]) == (6, 6)
    assert [row["ttds_s"] is None for row in told["rows"]] == [True, False]
    assert "chunk longer than the prompt" in told["rows"][0]["reason"]


def test_a_cell_that_costs_too_much_is_infeasible_and_says_so():
    request = asked(scenario={"pp": 64, "output_tokens": 8192}, m=(1, 1, 1), t=(8192, 8192, 1))
    [row] = HERE.compute(request)
    assert math.isnan(row["ttds_s"])
    assert "events, more than 100,000" in row["reason"]


def test_the_base_scenario_is_the_plans_where_nothing_else_is_said():
    plan = SWEEPS["ppt"]
    axes = {field: {"from": 1, "to": 2, "step": 1} for field in (plan.x, plan.y)}
    request = {"scenario": {"batch_size": 3}, "carried": {}, "axes": axes, "first": 0}
    base = read(json.dumps(request).encode(), plan).base
    assert base == plan.base.replace(batch_size=3)
    assert base.chunk_tokens == 320


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"m": (1, MOST_CELLS + 1, 1), "t": (1, 1, 1)}, "chunk_tokens", "2\u202f001 values"),
        ({"m": (1, 100, 1), "t": (1, 100, 1)}, None, "10\u202f000 cells, more than 2\u202f000"),
        ({"t": (1024, 1e12, 1024)}, "prompt_tokens", "out of range"),
        ({"t": (2048, 1024, 1024)}, "prompt_tokens", "from 1\u202f024 to 2\u202f048"),
        ({"m": (64, 128, 0)}, "chunk_tokens", "step"),
        ({"m": (64, 128, -1)}, "chunk_tokens", "step"),
        ({"m": (64, 128, 0.5)}, "chunk_tokens", "step"),
        ({"m": (64, 128, None)}, "chunk_tokens", "step"),
        ({"m": (64, 128, math.inf)}, "chunk_tokens", "step"),
        ({"m": (64, 128, math.nan)}, "chunk_tokens", "step"),
        ({"m": (None, 128, 1)}, "chunk_tokens", "not a number"),
        ({"m": (64, "128", 1)}, "chunk_tokens", "not a number"),
        ({"m": (64, 1e400, 1)}, "chunk_tokens", "out of range"),
        ({"m": (64, 10**400, 1)}, "chunk_tokens", "out of range"),
        ({"scenario": {"pp": 10**400}}, "pp", "out of range"),
        ({"scenario": {"pp": 0}}, "pp", "Pipeline stages PP = 0 is out of range"),
        ({"scenario": {"pp": 0.5}}, "pp", "Pipeline stages PP = 0.5 is out of range"),
        ({"scenario": {"pp": 1.5}}, "pp", "Pipeline stages PP = 1.5 is not a whole number"),
        ({"scenario": {"pp": []}}, "pp", "not a number"),
        ({"scenario": {"llm": {}}}, "llm", "unknown"),
        ({"scenario": {"lm": 1}}, None, "did you mean llm?"),
        ({"scenario": {"self": 1}}, None, "unknown key"),
        ({"scenario": [1]}, None, "mapping"),
    ],
)
def test_what_the_reader_can_put_right_is_an_answer_that_names_the_field(
    client, options, field, words
):
    reply = post(client, json.dumps(body(**options)))
    assert reply.status_code == 200
    assert reply.get_json()["field"] == field
    assert words in reply.get_json()["error"]


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b'"' + b"a" * 1000,
    b"[" * 30_000,
    b'{"scenario":' * 5_000,
    json.dumps({}).encode(),
    json.dumps(body(extra=1)).encode(),
    json.dumps(body(first=-1)).encode(),
    json.dumps(body(first=6)).encode(),
    json.dumps(body(first=0.5)).encode(),
    json.dumps(body(first=math.nan)).encode(),
    json.dumps(body(first="0")).encode(),
    json.dumps(body(first=True)).encode(),
    json.dumps(body(first=[])).encode(),
    json.dumps(body() | {"axes": None}).encode(),
    json.dumps(body() | {"axes": {"pp": {}, "llm": {}}}).encode(),
    json.dumps(body() | {"axes": {"chunk_tokens": [1], "prompt_tokens": [2]}}).encode(),
    json.dumps(body(scenario={"chunk_tokens": 5})).encode(),
    json.dumps(body(carried=None)).encode(),
    json.dumps(body(carried={"batch_size": 5})).encode(),
    json.dumps(body(carried=[[]])).encode(),
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("path", ["/mt-sweep/slice", "/ppt-sweep/slice", "/gpu-matrix/slice"])
def test_what_no_page_sends_is_refused(client, path, content):
    reply = post(client, content, path)
    assert reply.status_code == 400
    assert 0 < len(reply.get_data()) < 200


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_it_is_refused_even_without_a_guard_before_the_page(content):
    with pytest.raises((BadRequest, RecursionError)):
        read(content, MT)


def test_a_scenario_nested_just_below_the_parsers_limit_is_no_error_of_ours(client):
    statuses = set()
    for depth in range(100, 1000, 20):
        nest = "[" * depth + "]" * depth
        content = json.dumps(body(scenario={"pp": "?"})).replace('"?"', nest)
        statuses.add(post(client, content).status_code)
    assert 200 in statuses and statuses <= {200, 400}


def test_the_sweep_of_pp_sets_both_pools():
    plan = SWEEPS["ppt"]
    axes = {field: {"from": 1, "to": 2, "step": 1} for field in (plan.x, plan.y)}
    request = {"scenario": {"decode_pp": 4}, "carried": {}, "axes": axes, "first": 0}
    with pytest.raises(BadRequest, match="decode_pp"):
        read(json.dumps(request).encode(), plan)


def test_the_grid_is_refused_before_it_is_made():
    with pytest.raises(ScenarioError, match="more than 2,000"):
        asked(m=(1, 2**20, 1), t=(1, 2**20, 1))


def test_the_subtitle_names_what_all_cells_share():
    base = Scenario(pp=4, decode_pp=2, batch_size=7)
    assert describe(base, MT) == [
        "LLaMA-3.1-70B, calibrated costs, vLLM 0.19",
        "NVIDIA H100 → NVIDIA RTX PRO 6000",
        "PP 4 → 2, N 7, K 1, O 1, 95 % of VRAM",
    ]
    assert describe(base, SWEEPS["ppt"])[2].startswith("M 128, N 7")
    assert describe(base, GPUS)[1].startswith("PP 4 → 2, T 8\u202f192, M 128")


# What a slice says besides its rows


def test_each_row_has_the_address_of_its_scenario():
    request = asked(scenario={"batch_size": 3})
    told = answer(request, HERE.compute(request, budget_s=100))
    scenario = Scenario(batch_size=3, chunk_tokens=512, prompt_tokens=1024)
    assert told["links"][0] == query_of(scenario) == "v=3&n=3&t=1024&m=512"
    assert len(told["links"]) == len(told["rows"]) == 6


def test_a_slice_says_the_sweeps_own_address():
    carried = {"chunk_tokens": 256, "prompt_tokens": 8192}
    reply = answer(asked(scenario={"batch_size": 3}, carried=carried), [])
    assert reply["query"] == "v=3&n=3&m=256&ms=512:1536:512&ts=1024:2048:1024"
    assert reply["scenario"] == "v=3&n=3&m=256"


def test_what_is_carried_changes_no_result(client):
    carried = {"chunk_tokens": 77, "prompt_tokens": 99}
    rows = [post(client, json.dumps(body(carried=more))).get_json()["rows"][0]
            for more in (carried, {})]  # fmt: skip
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("m", "end"), [((0, 9, 1), "from"), ((1, 0, 1), "to"), ((9, 1, 1), "to"), ((1, 9, 0), "step")]
)
def test_a_refusal_names_the_box(client, m, end):
    reply = post(client, json.dumps(body(m=m))).get_json()
    assert (reply["field"], reply["end"]) == ("chunk_tokens", end)
    assert reply["error"][0].isupper()


# Pairs of GPUs


def test_pairs_are_rows_in_the_order_asked_for(client):
    decode, prefill = ["NVIDIA H200", "NVIDIA H100"], ["NVIDIA RTX PRO 6000"]
    reply = post(client, json.dumps(pairs(decode, prefill)), "/gpu-matrix/slice").get_json()
    assert reply["axes"] == {"decode_gpu": decode, "prefill_gpu": prefill}
    assert reply["total"] == 2
    cell = GPUS.base.replace(decode_gpu="NVIDIA H200", prefill_gpu="NVIDIA RTX PRO 6000")
    assert reply["links"][0] == query_of(cell)
    with ThreadPoolExecutor(1) as executor:
        axes = {"decode_gpu": decode, "prefill_gpu": prefill}
        whole = sweep(GPUS.base, axes, executor=executor)
    assert reply["rows"][0]["ttft_s"] == whole["ttft_s"][0]


@pytest.mark.parametrize(
    ("names", "status", "words"),
    [
        ([], 200, "Decode GPU has no values"),
        (["NVIDIA H10"], 200, "did you mean 'NVIDIA H100'"),
        ([7], 200, "unknown"),
        ([[]], 200, "unknown"),
        (["NVIDIA H100"] * 2, 400, "each name once"),
        (["NVIDIA H100"] * 1_000, 400, "each name once"),
        ("NVIDIA H100", 400, "a list of names"),
        (None, 400, "a list of names"),
        ({"from": 1, "to": 2, "step": 1}, 400, "a list of names"),
    ],
)
def test_names_that_are_none_are_refused(client, names, status, words):
    reply = post(client, json.dumps(pairs(names, ["NVIDIA H100"])), "/gpu-matrix/slice")
    assert reply.status_code == status
    assert words in reply.get_json()["error"]


# Where it is computed


def test_what_is_known_already_is_not_computed_again(tmp_path, monkeypatch):
    worker, request = Worker(CellCache(tmp_path)), asked()
    first = worker.compute(request, budget_s=100)
    monkeypatch.setattr("simcore.cell_cache.run_cell", lambda *_, **__: pytest.fail("computed"))
    skipped = {row["chunk_tokens"] > row["prompt_tokens"] for row in first}
    assert skipped == {True, False}
    done = [cell for cell, row in zip(request.cells, first, strict=True) if row["reason"] == ""]
    again = Worker(CellCache(tmp_path))
    for cell in done:
        assert again.compute(replace(request, cells=[cell], first=0)) == [
            row for row in first if dict(cell.values).items() <= row.items()
        ]


class ClusterOfThreads:
    """As a `DaskCluster`, in threads of this process."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(2)

    def executor(self):
        return self.pool


def test_a_cluster_computes_the_same(whole):
    worker, request = Worker(None, ClusterOfThreads()), asked()
    rows, first = [], 0
    while first < 6:
        rows += worker.compute(replace(request, first=first))
        first = len(rows)
    pd.testing.assert_frame_equal(pd.DataFrame(rows), whole, check_exact=True)


def test_a_cluster_that_does_not_answer_is_said_to(monkeypatch):
    monkeypatch.setenv(DASK_VARIABLE, "tcp://127.0.0.1:1")
    reply = post(create_app().server.test_client(), json.dumps(body()))
    assert reply.status_code == 200
    assert "no dask scheduler answers" in reply.get_json()["error"]


# Words


def test_file_names_follow_the_metric():
    names = {(plan.name, key): filename_of(plan, metric)
             for plan in SWEEPS.values() for key, metric in metrics_of(plan).items()}  # fmt: skip
    assert names["mt", "ttds"] == "M_T_TTDS_sweep_3d"
    assert names["ppt", "tpot"] == "PP_T_TPOT_sweep_3d"
    assert len(set(names.values())) == len(names)


def test_a_tables_name_says_what_is_not_as_usual():
    assert [table_filename_of(plan) for plan in SWEEPS.values()] == [
        "M_T_sweep", "PP_T_sweep", "GPU_pairs_sweep",
        "PP_TP_prefill_sweep", "PP_TP_decode_sweep",
    ]  # fmt: skip
    assert filename_suffix(Scenario()) == ""
    other = Scenario(prefill_gpu="AMD Instinct MI300X", batch_size=3, vram_limit_ratio=0.5)
    assert filename_suffix(other) == "_prefill-AMD-Instinct-MI300X_n-3_vram-0.5"
    assert answer(asked(scenario={"batch_size": 3}), [])["suffix"] == "_n-3"


def test_pairs_of_gpus_open_with_a_metric_that_depends_on_both():
    assert {name: usual_metric(plan) for name, plan in SWEEPS.items()} == {
        "mt": "ttds", "ppt": "ttds", "gpus": "ttft",
        "prefill-pptp": "ttft", "decode-pptp": "tpot",
    }  # fmt: skip


def test_the_gpu_that_prefills_is_asked_for_first():
    shown = json.dumps(GPUMatrix().layout("").to_plotly_json(), cls=PlotlyJSONEncoder)
    first, second = (shown.index(f'"gpus-{pool}_gpu-control"') for pool in ("prefill", "decode"))
    assert first < second


def test_an_axis_has_symbol_label_and_unit():
    assert axis_of("chunk_tokens", MT).title == "Prefill chunk M [tokens]"
    assert axis_of("pp", SWEEPS["ppt"]).title == "Pipeline stages PP"
    decode = SWEEPS["decode-pptp"]
    assert axis_of("decode_pp", decode).title == "Decode pipeline stages PP"
    assert axis_of("decode_tp", decode).title == "Decode tensor parallel TP"
    assert axis_of("prefill_gpu", GPUS).name == "prefill GPU"


# The file to download


@pytest.fixture(scope="module")
def page(whole, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "M_T_TTDS_sweep_3d.html"
    write_html(whole, MT, path)
    return path.read_text(encoding="utf-8")


def without_scripts(text):
    return re.sub(r"(<script[^>]*>).*?</script>", r"\1</script>", text, flags=re.DOTALL)


def test_the_file_refers_to_nothing_outside_itself(page):
    markup = without_scripts(page)
    assert "//" not in markup and "src=" not in markup and "href=" not in markup
    assert "default-src 'none'" in markup


def test_the_library_is_inside_the_file(page):
    assert page.count("<script") == page.count("</script") == 3
    assert len(page) > 3_000_000


def test_the_file_holds_the_figures_in_both_schemes(page, whole):
    text = re.search(r'id="figures">(.*?)</script>', page, re.DOTALL)[1]
    figures = json.loads(text)
    assert set(figures) == {"light", "dark"}
    finite = whole["ttds_s"].dropna().tolist()
    for surface, heat in figures.values():
        assert surface["data"][1]["z"] == [height + LIFT * max(finite) for height in finite]
        assert heat["data"][0]["z"] == surface["data"][0]["z"]


def test_a_text_cannot_end_the_script_it_stands_in(whole, tmp_path):
    hostile = whole.assign(reason="</script><script>alert(1)</script>")
    write_html(hostile, MT, tmp_path / "page.html")
    assert "alert(1)</script>" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_named(whole, tmp_path):
    with pytest.raises(PdscopeError, match="nowhere"):
        write_html(whole, MT, tmp_path / "nowhere" / "page.html")


def test_the_command_line_writes_such_a_file(tmp_path):
    path = tmp_path / "PP_T_TTDS_sweep_3d.html"
    words = ["sweep", "ppt", "--x", "4:8:4", "--y", "1024:2048:1024", "--jobs", "1"]
    assert main([*words, "--out", str(path)]) == 0
    figures = json.loads(re.search(r'id="figures">(.*?)</script>', path.read_text("utf-8"))[1])
    assert figures["dark"][0]["data"][0]["x"] == [4, 8]


def test_a_file_of_pairs_has_their_matrix_alone(tmp_path):
    path = tmp_path / "pairs.html"
    words = ["sweep", "gpus", "--x", "NVIDIA H100", "--y", "NVIDIA H100,NVIDIA H200", "--jobs", "1"]
    assert main([*words, "--out", str(path)]) == 0
    figures = json.loads(re.search(r'id="figures">(.*?)</script>', path.read_text("utf-8"))[1])
    [matrix] = figures["light"]
    assert matrix["layout"]["yaxis"]["ticktext"] == ["NVIDIA<br>H100", "NVIDIA<br>H200"]


def test_the_browser_is_given_the_same_page_to_fill(client):
    reply = client.get("/mt-sweep/blank")
    assert reply.status_code == 200
    assert reply.mimetype == "text/plain"
    assert reply.get_data(as_text=True) == blank_page(MT.title)
    # The first of them is the place; the library follows it.
    assert 'id="figures">' + PLACE in blank_page(MT.title)

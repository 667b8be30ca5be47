"""Slices of a sweep: together they are the sweep, and what is hostile only gets an error."""

import itertools
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from app.__main__ import main
from app.shell import create_app
from app.sweep_html import PLACE, blank_page, write_html
from app.sweep_slices import MOST_CELLS, BadRequest, answer, compute, describe, read
from simcore import SWEEPS, PdscopeError, Scenario, ScenarioError, sweep

MT = SWEEPS["mt"]


def body(first=0, scenario=None, *, m=(512, 1536, 512), t=(1024, 2048, 1024), **more):
    spans = {"chunk_tokens": m, "prompt_tokens": t}
    axes = {field: dict(zip(("from", "to", "step"), span, strict=True))
            for field, span in spans.items()}  # fmt: skip
    return {"scenario": scenario or {}, "axes": axes, "first": first, **more}


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
    rows = compute(asked(first=1), budget_s=budget_s, clock=lambda: float(next(ticks)))
    assert len(rows) == min(5, max(1, math.ceil(budget_s)))


def test_an_answer_says_what_the_grid_is():
    request = asked(first=4)
    told = answer(request, compute(request, budget_s=100))
    assert told["axes"] == {"chunk_tokens": [512, 1024, 1536], "prompt_tokens": [1024, 2048]}
    assert (told["next"], told["total"]) == (6, 6)
    assert [row["ttds_s"] is None for row in told["rows"]] == [True, False]
    assert "chunk longer than the prompt" in told["rows"][0]["reason"]


def test_a_cell_that_costs_too_much_is_infeasible_and_says_so():
    request = asked(scenario={"pp": 64, "output_tokens": 8192}, m=(1, 1, 1), t=(8192, 8192, 1))
    [row] = compute(request)
    assert math.isnan(row["ttds_s"])
    assert "events, more than 400,000" in row["reason"]


def test_the_base_scenario_is_the_plans_where_nothing_else_is_said():
    plan = SWEEPS["ppt"]
    axes = {field: {"from": 1, "to": 2, "step": 1} for field in (plan.x, plan.y)}
    request = {"scenario": {"batch_size": 3}, "axes": axes, "first": 0}
    base = read(json.dumps(request).encode(), plan).base
    assert base == plan.base.replace(batch_size=3)
    assert base.chunk_tokens == 320


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"m": (1, MOST_CELLS + 1, 1), "t": (1, 1, 1)}, "chunk_tokens", "2,001 values"),
        ({"m": (1, 100, 1), "t": (1, 100, 1)}, None, "10,000 cells, more than 2,000"),
        ({"t": (1024, 1e12, 1024)}, "prompt_tokens", "out of range"),
        ({"t": (2048, 1024, 1024)}, "prompt_tokens", "from 1,024 to 2,048"),
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
        ({"scenario": {"pp": 0}}, "pp", "pp = 0 is out of range"),
        ({"scenario": {"pp": 0.5}}, "pp", "pp = 0.5 is out of range"),
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
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("path", ["/mt-sweep/slice", "/ppt-sweep/slice"])
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
    request = {"scenario": {"decode_pp": 4}, "axes": axes, "first": 0}
    with pytest.raises(BadRequest, match="decode_pp"):
        read(json.dumps(request).encode(), plan)


def test_the_grid_is_refused_before_it_is_made():
    with pytest.raises(ScenarioError, match="more than 2,000"):
        asked(m=(1, 2**20, 1), t=(1, 2**20, 1))


def test_the_subtitle_names_what_all_cells_share():
    base = Scenario(pp=4, decode_pp=2, batch_size=7)
    first, second = describe(base, ("chunk_tokens", "prompt_tokens"))
    assert first == "LLaMA-3.1-70B, NVIDIA H100 → NVIDIA RTX PRO 6000"
    assert second == "PP 4 → 2, N 7, K 1, O 1, 95% of VRAM, physical costs"
    assert describe(base, ("pp", "prompt_tokens"))[1].startswith("M 128, N 7")


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
    assert [figure["data"][1]["z"] for figure in figures.values()] == [finite, finite]


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
    assert figures["dark"]["data"][0]["x"] == [4, 8]


def test_the_browser_is_given_the_same_page_to_fill(client):
    reply = client.get("/mt-sweep/blank")
    assert reply.status_code == 200
    assert reply.mimetype == "text/plain"
    assert reply.get_data(as_text=True) == blank_page(MT.title)
    # The first of them is the place; the library follows it.
    assert 'id="figures">' + PLACE in blank_page(MT.title)

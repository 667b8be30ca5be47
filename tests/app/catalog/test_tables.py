"""The catalog's tables: every item, in figures that can be put in order."""

import re
from dataclasses import replace
from html import unescape

import pytest

import gpu_catalog
from app import numbers
from app.catalog.columns import (
    GPUS,
    LINKS,
    LLMS,
    TABLES,
    attention_kind,
    kv_bytes_per_token,
    number_text,
)
from app.catalog.details import details_of, engine_details_of
from app.catalog.tables import tables
from gpu_catalog import Overlay, overlay
from gpu_catalog.parse import Entry
from simcore.costs.serving_engines import engine_names, serving_engine

THIN = "\u202f"


def rows(kind):
    """Name -> texts of its cells, as they are read."""
    found = {}
    for attributes, inside in re.findall(r"<tr([^>]*)>(.*?)</tr>", tables()[kind]):
        if name := re.search(r'data-name="([^"]*)"', attributes):
            cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", inside)
            found[unescape(name[1])] = [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in cells]
    return found


def test_every_item_has_a_row_in_the_catalog_s_order():
    assert list(rows("gpu")) == [gpu.name for gpu in gpu_catalog.gpus()]
    assert list(rows("llm")) == [llm.name for llm in gpu_catalog.llms()]
    assert list(rows("link")) == [link.name for link in gpu_catalog.links()]


def test_a_gpu_in_figures():
    _, name, *cells = rows("gpu")["NVIDIA H100"]
    assert name == "NVIDIA H100"
    assert cells == [
        "Hopper", "79.65", f"3{THIN}350", "989.4", f"1{THIN}979", f"1{THIN}979", "–", "450", "700",
        "1.99–5 2026-05", "high",
    ]  # fmt: skip


def test_a_model_in_figures():
    _name, *cells = rows("llm")["DeepSeek-V3"]
    assert cells == [
        "671", "37.55", "61", f"7{THIN}168", "70.27", "MLA, latent 512", "8 of 256 + 1", "FP8",
        "high",
    ]  # fmt: skip


def test_a_link_in_figures():
    _name, *cells = rows("link")["Ethernet 100G"]
    assert cells == ["12.5", "11–12", "2–5", "–", "–", "medium"]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.kind)
def test_cells_of_a_column_can_be_compared(table):
    for column in table.columns:
        keys = [column.cell(item).sort for item in table.items()]
        kinds = {type(key) for key in keys if key is not None}
        assert kinds and (kinds <= {int, float} if column.number else kinds == {str})
        assert column.help


def test_the_kind_of_attention_says_what_counts():
    llm = gpu_catalog.llm
    assert attention_kind(llm("LLaMA-2-7B")) == "MHA"
    assert attention_kind(llm("LLaMA-3.1-70B")) == "GQA 64:8"
    assert attention_kind(llm("GPT-OSS-20B")) == "GQA 64:8, window 128 in 1 of 2"
    assert attention_kind(llm("Mistral-7B")) == f"GQA 32:8, window 4{THIN}096"


def test_the_kv_cache_of_a_token():
    """2 (keys and values) x 80 layers x 8 heads x 128 wide x 2 byte."""
    assert kv_bytes_per_token(gpu_catalog.llm("LLaMA-3.1-70B")) == 2 * 80 * 8 * 128 * 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(80, "80"), (989.4, "989.4"), (1978.9, f"1{THIN}979"), (1.5, "1.5"), (0.75, "0.75")],
)
def test_numbers_have_no_zeros_at_their_end(value, text):
    assert number_text(value) == text


def test_items_of_the_session_s_own_are_there_and_say_so():
    mine = replace(gpu_catalog.gpu("NVIDIA H100"), name="My GPU", aliases=())
    with overlay(Overlay([Entry(mine, "mine.toml")])):
        assert rows("gpu")["My GPU"][1] == "My GPUown"
        assert rows("gpu")["NVIDIA H100"][1] == "NVIDIA H100"
    assert "My GPU" not in rows("gpu")


def test_what_somebody_writes_is_no_html():
    bad = "<script>alert(1)</script>\"'&"
    mine = replace(
        gpu_catalog.gpu("NVIDIA H100"), name="My GPU", aliases=(bad,), notes=bad, source=bad,
        architecture=bad, product=bad,
    )  # fmt: skip
    with overlay(Overlay([Entry(mine, "mine.toml")])):
        shown = tables()["gpu"] + details_of(mine, own=True)
    assert "<script>" not in shown and "&lt;script&gt;" in shown


@pytest.mark.parametrize("table", [GPUS, LLMS, LINKS], ids=lambda table: table.kind)
def test_details_hold_source_notes_and_every_number(table):
    for item in table.items():
        text = unescape(re.sub(r"<[^>]*>", " ", details_of(item, own=False)))
        for told in (item.source, item.notes, *item.aliases, str(item.checked), item.confidence):
            assert told in text
        assert "Edit a copy" in text and "Remove" not in text


def test_details_have_the_units_of_the_catalog():
    text = re.sub(r"<[^>]*>", " ", details_of(gpu_catalog.gpu("NVIDIA H100"), own=False))
    text = re.sub(r"\s+", " ", text.replace(THIN, ""))
    for told in ("memory 79.647 GiB", "bandwidth 3350 GB/s", "BF16, dense 989.4 TFLOP/s",
                 "TDP 700 W", "range 1.99–5 $", "all-reduce of 8 GPUs 482 GB/s"):  # fmt: skip
        assert told in text


def test_engines_say_what_their_constants_were_fitted_to():
    assert list(rows("engine")) == list(engine_names())
    for name in engine_names():
        engine = serving_engine(name)
        text = unescape(re.sub(r"<[^>]*>", " ", engine_details_of(engine, own=False)))
        known = engine.release.provenance
        assert known.measurements in text and known.fitted in text
        assert all(numbers.percent(error) in text for error in known.error.values())
        assert all(alias in text for alias in engine.aliases)

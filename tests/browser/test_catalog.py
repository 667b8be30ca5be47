"""The Catalog page: order, search, details, rooflines, and items of one's own on all pages."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

import gpu_catalog
from app.catalog.templates import TEMPLATES, templates
from tests.browser.test_accessibility import serious

CONFIGS = Path(__file__).parents[1] / "gpu_catalog" / "configs"
MINE = TEMPLATES["gpu"].replace("My GPU", "Fast GPU").replace("3350", "6700")


@pytest.fixture
def catalog(page):
    page.goto("/catalog?v=3&pp=8")
    expect(page.locator("#catalog-plot")).to_have_attribute("data-settled", "true")
    return page


def names(page, kind="gpu"):
    return page.locator(f"#catalog-{kind} tbody tr[data-name]:visible").evaluate_all(
        "(rows) => rows.map((row) => row.dataset.name)"
    )


def head(page, key, kind="gpu"):
    return page.locator(f'#catalog-{kind} th[data-key="{key}"]')


def row(page, name, kind="gpu"):
    return page.locator(f'#catalog-{kind} tr[data-name="{name}"]')


def add(page, text, name, kind="gpu"):
    page.locator(f"#catalog-tab-{kind}").click()
    page.locator("#catalog-add").click()
    page.locator("#catalog-editor-text").fill(text)
    page.get_by_role("button", name="Use it").click()
    expect(row(page, name, kind)).to_be_visible()


def test_it_is_reached_from_the_other_pages_with_their_scenario(page):
    page.goto("/?v=3&pp=4")
    expect(page.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    page.get_by_role("link", name="Catalog").click()
    expect(page).to_have_title("Catalog · pdscope")
    assert page.url.endswith("/catalog?v=3&pp=4")
    assert names(page) == [gpu.name for gpu in gpu_catalog.gpus()]


def test_a_column_orders_the_table_by_mouse_and_by_keys(catalog):
    memory = head(catalog, "memory")
    memory.get_by_role("button").click()
    expect(memory).to_have_attribute("aria-sort", "descending")
    largest = sorted(gpu_catalog.gpus(), key=lambda gpu: -gpu.memory)
    memories = [gpu_catalog.gpu(name).memory for name in names(catalog)]
    assert memories == [gpu.memory for gpu in largest]
    memory.get_by_role("button").focus()
    catalog.keyboard.press("Enter")
    expect(memory).to_have_attribute("aria-sort", "ascending")
    assert [gpu_catalog.gpu(name).memory for name in names(catalog)] == memories[::-1]
    catalog.keyboard.press("Enter")
    expect(memory).to_have_attribute("aria-sort", "none")
    assert names(catalog) == [gpu.name for gpu in gpu_catalog.gpus()]


def test_what_has_no_value_comes_last_in_either_order(catalog):
    for way in ("descending", "ascending"):
        head(catalog, "flops_fp4").get_by_role("button").click()
        expect(head(catalog, "flops_fp4")).to_have_attribute("aria-sort", way)
        have = [gpu_catalog.gpu(name).flops_fp4 is not None for name in names(catalog)]
        assert have == sorted(have, reverse=True) and any(have) and not all(have)


def test_names_are_put_in_order_as_texts(catalog):
    head(catalog, "name").get_by_role("button").click()
    expect(head(catalog, "name")).to_have_attribute("aria-sort", "ascending")
    assert [name[:3] for name in names(catalog)] == sorted(name[:3] for name in names(catalog))


def test_tabs_show_one_table_at_a_time(catalog):
    catalog.get_by_role("tab", name="GPUs").focus()
    known = {"llm": gpu_catalog.llms(), "link": gpu_catalog.links()}
    for kind, items in known.items():
        catalog.keyboard.press("ArrowRight")
        expect(catalog.locator(f"#catalog-tab-{kind}")).to_be_focused()
        expect(catalog.get_by_role("tabpanel")).to_have_count(1)
        assert names(catalog, kind) == [item.name for item in items]


def test_search_finds_aliases_in_all_tables_and_says_how_many(catalog):
    box = catalog.get_by_role("textbox", name="Search the catalog")
    box.fill("hopper nvidia")
    expect(row(catalog, "NVIDIA V100")).to_be_hidden()
    assert all(gpu_catalog.gpu(n).architecture == "Hopper" for n in names(catalog))
    box.fill("deepseek-r1")
    expect(catalog.locator("#catalog-nothing")).to_be_visible()
    catalog.get_by_role("tab", name="Models").click()
    assert "DeepSeek-V3" in names(catalog, "llm")
    catalog.get_by_role("tab", name="GPUs").click()
    catalog.get_by_role("button", name="Show all").click()
    assert len(names(catalog)) == len(gpu_catalog.gpus())


def test_a_row_opens_to_its_source_and_all_its_numbers(catalog):
    button = row(catalog, "NVIDIA H100").get_by_role("button")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    gpu = gpu_catalog.gpu("NVIDIA H100")
    for text in (gpu.source, gpu.notes, "79.647 GiB", "NVLink 4"):
        expect(catalog.locator(".catalog-detail")).to_contain_text(text)
    button.press("Enter")
    expect(catalog.locator(".catalog-detail")).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.press("ArrowDown")
    following = names(catalog)[names(catalog).index("NVIDIA H100") + 1]
    expect(row(catalog, following).get_by_role("button")).to_be_focused()


def test_what_is_open_stays_with_its_row(catalog):
    row(catalog, "NVIDIA H100").get_by_role("button").click()
    expect(catalog.locator(".catalog-detail")).to_be_visible()
    head(catalog, "memory").get_by_role("button").click()
    above = catalog.locator(".catalog-detail").evaluate(
        "(line) => line.previousElementSibling.dataset.name"
    )
    assert above == "NVIDIA H100"
    catalog.locator("#catalog-search").fill("v100")
    expect(catalog.locator(".catalog-detail")).to_be_hidden()


def traces(page):
    return page.locator("#catalog-roofline .js-plotly-plot").evaluate(
        "(plot) => plot.data.map((trace) => trace.name)"
    )


def test_the_roofline_has_the_scenario_s_gpus_and_passes_first(catalog):
    assert traces(catalog) == [
        "NVIDIA H100, BF16", "NVIDIA H100, FP8",
        "NVIDIA RTX PRO 6000, BF16", "NVIDIA RTX PRO 6000, FP8",
        "prefill passes", "decode passes",
    ]  # fmt: skip
    expect(catalog.locator("#catalog-plot-said")).to_contain_text("Prefill on NVIDIA H100: 1")


def test_gpus_and_formats_are_chosen_by_mouse_and_by_keys(catalog):
    box = catalog.get_by_role("checkbox", name="NVIDIA V100 on the roofline")
    box.click()
    expect(box).to_be_checked()
    expect(catalog.locator("#catalog-plot-said")).to_contain_text("NVIDIA V100 has no FP8")
    catalog.get_by_role("button", name="FP8", exact=True).click()
    expect(catalog.locator("#catalog-plot-said")).not_to_contain_text("has no FP8")
    assert traces(catalog)[:3] == [
        "NVIDIA H100, BF16", "NVIDIA RTX PRO 6000, BF16", "NVIDIA V100, BF16",
    ]  # fmt: skip
    box.focus()
    catalog.keyboard.press("Space")
    expect(box).not_to_be_checked()
    for name in ("NVIDIA H100", "NVIDIA RTX PRO 6000"):
        catalog.get_by_role("button", name=f"Take {name} off").click()
    expect(catalog.locator("#catalog-plot-nothing")).to_be_visible()


def test_the_roofline_has_a_largest_number_of_gpus(catalog):
    for name in ("NVIDIA V100", "NVIDIA L4", "NVIDIA L40", "NVIDIA A40", "NVIDIA B200"):
        row(catalog, name).get_by_role("checkbox").click()
    expect(catalog.get_by_role("alert")).to_contain_text("6 GPUs at most")
    expect(catalog.locator("#catalog-chips li")).to_have_count(6)


def test_a_scenario_that_cannot_be_run_has_roofs_and_a_reason(page):
    page.goto("/catalog?v=3&pp=200")
    expect(page.locator("#catalog-plot-wrong")).to_contain_text("pp = 200 exceeds the 80 layers")
    expect(page.locator("#catalog-plot")).to_have_attribute("data-settled", "true")


def test_an_item_of_one_s_own_is_in_the_pickers_of_all_pages_of_its_tab_alone(catalog, context):
    catalog.goto("/catalog?v=3&cost=physical")
    add(catalog, MINE, "Fast GPU")
    expect(row(catalog, "Fast GPU")).to_contain_text("own")
    expect(catalog.locator("#catalog-said")).to_contain_text("in the lists of all pages")
    catalog.get_by_role("link", name="Gantt6D").click()
    expect(catalog.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    before = catalog.locator("#gantt6d-card-ttds .card-number").inner_text()
    catalog.locator("#gantt6d-prefill_gpu").click()
    catalog.get_by_role("option", name="Fast GPU").click()
    expect(catalog.locator("#gantt6d-card-ttds .card-number")).not_to_have_text(before)
    expect(catalog).to_have_title(re.compile("^LLaMA-3.1-70B, Fast GPU → NVIDIA RTX PRO 6000, "))
    # Twice the bandwidth, and prefill is bound by memory.
    now = catalog.locator("#gantt6d-card-ttds .card-number").inner_text()
    assert float(now) / float(before) == pytest.approx(0.5, abs=0.01)
    catalog.reload()
    expect(catalog.locator("#gantt6d-prefill_gpu")).to_have_value("Fast GPU")
    expect(catalog.locator("#gantt6d-card-ttds .card-number")).to_have_text(now)
    other = context.new_page()
    other.goto(catalog.url)
    expect(other.locator(".notice").first).to_contain_text("Fast GPU")
    expect(other.locator("#gantt6d-prefill_gpu")).to_have_value("NVIDIA H100")


def test_a_sweep_knows_them_too(catalog):
    add(catalog, MINE, "Fast GPU")
    catalog.goto("/gpu-matrix?v=3&prefills=Fast+GPU,NVIDIA+H100&decodes=NVIDIA+H100")
    expect(catalog.locator("#gpus-count")).to_contain_text("2")
    expect(catalog.locator("#gpus-status")).to_contain_text("Fast GPU")


def test_a_copy_is_edited_and_removed(catalog):
    row(catalog, "NVIDIA H100").get_by_role("button").click()
    catalog.get_by_role("button", name="Edit a copy").click()
    box = catalog.locator("#catalog-editor-text")
    expect(box).to_have_value(re.compile(r'^name = "NVIDIA H100 \(copy\)"'))
    catalog.get_by_role("button", name="Use it").click()
    own = row(catalog, "NVIDIA H100 (copy)")
    expect(own.get_by_role("button")).to_be_focused()
    own.get_by_role("button").click()
    catalog.get_by_role("button", name="Edit", exact=True).click()
    box.fill(box.input_value().replace("bandwidth_GBps = 3350", "bandwidth_GBps = 1000"))
    catalog.get_by_role("button", name="Use it").click()
    expect(own.locator("td").nth(3)).to_have_text("1\u202f000")
    own.get_by_role("button").click()
    catalog.get_by_role("button", name="Remove").click()
    expect(own).to_have_count(0)
    assert catalog.evaluate("sessionStorage.getItem('pdscope-catalog')") is None


def test_a_mistake_is_told_beside_the_form_and_nothing_is_added(catalog):
    catalog.keyboard.press("a")
    expect(catalog.get_by_role("dialog")).to_be_visible()
    box = catalog.locator("#catalog-editor-text")
    box.fill(box.input_value().replace("81559", "0"))
    catalog.get_by_role("button", name="Use it").click()
    wrong = catalog.locator("#catalog-editor-wrong")
    expect(wrong).to_have_text("this item: memory_MiB = 0; use a number above 0, without quotes.")
    assert catalog.evaluate("sessionStorage.getItem('pdscope-catalog')") is None
    assert serious(catalog) == []
    catalog.get_by_role("button", name="Cancel").click()
    expect(catalog.get_by_role("dialog")).to_have_count(0)


def test_the_kind_changes_the_template_unless_something_is_written(catalog):
    catalog.locator("#catalog-add").click()
    kind, box = catalog.locator("#catalog-editor-kind"), catalog.locator("#catalog-editor-text")
    kind.select_option("link")
    expect(box).to_have_value(TEMPLATES["link"])
    box.fill("mine")
    kind.select_option("llm")
    expect(box).to_have_value("mine")


def choose(page, *files):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open file").click()
    chooser.value.set_files(
        [{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name, text in files]
    )


def test_a_config_json_is_a_model_as_it_stands(catalog):
    choose(catalog, ("Tiny Qwen.json", (CONFIGS / "Qwen3-8B.json").read_text()))
    expect(row(catalog, "Tiny Qwen", "llm")).to_be_visible()
    catalog.get_by_role("link", name="Gantt6D").click()
    expect(catalog.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    catalog.locator("#gantt6d-more > summary").click()
    catalog.locator("#gantt6d-llm").click()
    catalog.get_by_role("option", name="Tiny Qwen").click()
    expect(catalog).to_have_title(re.compile("^Tiny Qwen, "))


def test_calibrated_constants_are_an_engine_of_the_tab_s_scenarios(catalog):
    choose(catalog, ("constants.toml", templates()["engine"]))
    expect(row(catalog, "own mine", "engine")).to_contain_text("own")
    catalog.goto("/?v=3&engine=own+mine")
    expect(catalog.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    expect(catalog.locator("#gantt6d-engine")).to_have_value("own mine")
    expect(catalog.locator("#gantt6d-page")).not_to_contain_class("stale")


def test_files_are_used_all_or_not_at_all(catalog):
    config = json.loads((CONFIGS / "Qwen3-8B.json").read_text())
    del config["hidden_size"]
    choose(catalog, ("good.toml", MINE), ("bad.json", json.dumps(config)))
    problem = catalog.locator("#catalog-problem")
    expect(problem).to_contain_text("bad.json: hidden_size is missing; add it")
    expect(problem).to_contain_text("None of the 2 files is used.")
    assert catalog.evaluate("sessionStorage.getItem('pdscope-catalog')") is None
    problem.get_by_role("button").click()
    expect(problem).to_be_hidden()


def test_a_file_is_dropped_on_the_page(catalog):
    data = catalog.evaluate_handle(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "mine.toml"));
          return data;
        }""",
        MINE,
    )
    catalog.dispatch_event("#catalog-page", "dragenter", {"dataTransfer": data})
    expect(catalog.locator("#catalog-drop")).to_be_visible()
    catalog.dispatch_event("#catalog-page", "drop", {"dataTransfer": data})
    expect(row(catalog, "Fast GPU")).to_be_visible()
    expect(catalog.locator("#catalog-drop")).to_be_hidden()


def test_items_are_saved_as_they_were_written(catalog):
    add(catalog, MINE, "Fast GPU")
    row(catalog, "Fast GPU").get_by_role("button").click()
    with catalog.expect_download() as download:
        catalog.get_by_role("button", name="Save as TOML").click()
    assert download.value.suggested_filename == "fast-gpu.toml"
    assert Path(download.value.path()).read_text() == MINE
    with catalog.expect_download() as download:
        catalog.get_by_role("button", name="Save own items").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as file:
        assert file.namelist() == ["gpus/fast-gpu.toml"]


def test_items_that_the_server_no_longer_takes_keep_nobody_from_working(catalog, complaints):
    page = catalog
    bad = json.dumps([{"kind": "gpu", "name": "Old", "text": "a = 1"}])
    page.evaluate("(items) => sessionStorage.setItem('pdscope-catalog', items)", bad)
    page.reload()
    expect(page.locator("#catalog-problem")).to_contain_text("They are not used.")
    expect(page.locator("#catalog-plot")).to_have_attribute("data-settled", "true")
    page.get_by_role("button", name="Discard them").click()
    expect(page.locator("#catalog-problem")).to_be_hidden()
    assert page.evaluate("sessionStorage.getItem('pdscope-catalog')") is None
    assert all("422" in line for line in complaints)
    complaints.clear()


@pytest.mark.parametrize("width", [360, 900, 1440, 2560])
def test_it_is_as_wide_as_its_window_and_no_wider(catalog, width):
    catalog.set_viewport_size({"width": width, "height": 900})
    row(catalog, "NVIDIA H100").get_by_role("button").click()
    details = catalog.locator(".catalog-details")
    expect(details).to_be_visible()
    assert catalog.evaluate("document.documentElement.scrollWidth") <= width
    box = details.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_what_has_opened_can_be_read(catalog):
    found = []
    for scheme in ("light", "dark"):
        catalog.emulate_media(color_scheme=scheme)
        catalog.reload()
        expect(catalog.locator("#catalog-plot")).to_have_attribute("data-settled", "true")
        add(catalog, MINE.replace("Fast", f"Fast {scheme}"), f"Fast {scheme} GPU")
        row(catalog, "NVIDIA H100").get_by_role("button").click()
        expect(catalog.locator(".catalog-details")).to_be_visible()
        found += [f"{scheme}: {line}" for line in serious(catalog)]
    assert found == []

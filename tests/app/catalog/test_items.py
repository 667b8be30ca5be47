"""Items of one's own: copied, checked, refused by name, saved so that they can be read again."""

import io
import json
import zipfile
from pathlib import Path

import pytest

import gpu_catalog
from app.catalog.items import archive, check, file_name, item_for
from app.catalog.session import carried_as, entry_of, overlay_of, overlay_with
from app.catalog.templates import TEMPLATES, templates
from gpu_catalog import GPU, overlay, toml_text
from gpu_catalog.user import FOLDER_VARIABLE

CONFIGS = Path(__file__).parents[2] / "gpu_catalog" / "configs"


def asked(text, kind="any", file=None, instead=None):
    return check({"kind": kind, "text": text, "file": file, "instead": instead})


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_is_an_item_as_it_stands(kind):
    item = asked(TEMPLATES[kind], kind)["item"]
    assert item == asked(TEMPLATES[kind])["item"]
    # As it was written.
    assert (item["kind"], item["text"]) == (kind, TEMPLATES[kind])


@pytest.mark.parametrize("kind", TEMPLATES)
def test_what_a_template_has_in_comments_is_right_too(kind):
    lines = [
        line[2:] if line.startswith("# ") and (" = " in line or "[" in line) else line
        for line in TEMPLATES[kind].splitlines()
    ]
    assert "item" in asked("\n".join(lines), kind)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.json")), ids=lambda path: path.stem)
def test_a_config_json_becomes_the_model_that_the_catalog_reads_from_it(path):
    item = asked(path.read_text(), file="Mine.json")["item"]
    assert (item["kind"], item["name"]) == ("llm", "Mine")
    [mine] = overlay_of(json.dumps([item]).encode()).entries
    assert mine.item.layers == gpu_catalog.huggingface.model_file(path).item.layers
    assert gpu_catalog.parameters(mine.item) > 1e9


def test_a_config_json_without_a_name_of_its_own_gets_one():
    config = json.loads((CONFIGS / "Qwen3-8B.json").read_text())
    assert asked(json.dumps(config), file="config.json")["item"]["name"] == "Own qwen3"
    config["_name_or_path"] = "/data/Qwen/<My, Qwen>"
    assert asked(json.dumps(config), file="config.json")["item"]["name"] == "My Qwen"


def changed(path, **changes):
    config = json.loads((CONFIGS / path).read_text()) | changes
    return json.dumps({key: value for key, value in config.items() if value is not None})


@pytest.mark.parametrize(
    ("text", "file", "said"),
    [
        (changed("Qwen3-8B.json", hidden_size=None), "a.json", "a.json: hidden_size is missing"),
        (
            changed("Qwen3-8B.json", model_type="llama"),
            "a.json",
            "a.json: model_type = 'llama' contradicts architectures",
        ),
        (
            changed("Qwen3-8B.json", architectures=["Other"], model_type=None),
            "a.json",
            "a.json: architectures = 'Other' is not known",
        ),
        ("{", "a.json", "a.json: this is not JSON"),
        (TEMPLATES["gpu"].replace("81559", "0"), "a.toml", "a.toml: memory_MiB = 0; use a number"),
        (
            TEMPLATES["gpu"].replace("memory_MiB", "memory"),
            "a.toml",
            "a.toml: unknown key 'memory'",
        ),
        (TEMPLATES["gpu"].replace("1978.9", "3957.8"), "a.toml", "use the rate without sparsity"),
        (TEMPLATES["link"].replace("48", "480"), "a.toml", "more than peak_GBps = 50"),
        (TEMPLATES["llm"].replace("kv_heads = 8", "kv_heads = 5"), None, "attention.kv_heads = 5"),
        (
            TEMPLATES["gpu"].replace("My GPU", "H100"),
            None,
            "name = 'H100' is taken by 'NVIDIA H100",
        ),
        ("a = 1", "a.toml", "a.toml: has none of the keys of a GPU"),
        ("= 1", "a.toml", "a.toml: this is not TOML"),
        ("x" * 20_000, "a.toml", "16,384 characters at most"),
    ],
)
def test_what_cannot_be_is_refused_with_file_field_and_remedy(text, file, said):
    assert said in asked(text, file=file)["error"]


def test_an_own_item_may_take_the_place_of_itself_alone():
    mine = overlay_with([entry_of("gpu", TEMPLATES["gpu"])])
    with overlay(mine):
        other = TEMPLATES["gpu"].replace("3350", "3000")
        assert "is taken by 'My GPU'" in asked(other)["error"]
        assert asked(other, instead="My GPU")["item"]["text"] == other
        assert "item" in asked(other.replace("My GPU", "Another"))
        # A model of that name is none of its business.
        assert "is taken" in asked(other, kind="gpu", instead="My model")["error"]


ITEMS = [*gpu_catalog.gpus(), *gpu_catalog.llms(), *gpu_catalog.links()]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_a_copy_of_every_item_can_be_used_as_it_stands(item):
    kind = {GPU: "gpu", gpu_catalog.LLM: "llm", gpu_catalog.Link: "link"}[type(item)]
    told = item_for({"kind": kind, "name": item.name})
    assert told["text"] == toml_text(item)
    copy = asked(told["copy"], kind)["item"]
    assert copy["name"].startswith(item.name[:40]) and copy["name"].endswith(" (copy)")
    assert "[reference]" not in copy["text"]


def test_an_item_that_is_not_there_is_refused():
    assert "unknown GPU" in item_for({"kind": "gpu", "name": "H1000X"})["error"]
    assert "one of gpu, llm, link" in item_for({"kind": "cpu", "name": "H100"})["error"]


def test_saved_items_are_what_a_user_s_folder_holds(tmp_path, monkeypatch):
    mine = overlay_with([entry_of(kind, text) for kind, text in TEMPLATES.items()])
    with overlay(mine):
        content = archive()
        assert archive() == content
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.namelist() == ["gpus/my-gpu.toml", "llms/my-model.toml", "links/my-link.toml"]
        file.extractall(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    gpu_catalog.reload()
    try:
        assert gpu_catalog.gpu("My GPU").bandwidth == 3350e9
        assert gpu_catalog.llm("My model").layers == 32
        assert gpu_catalog.link("My link").peak == 50e9
    finally:
        monkeypatch.undo()
        gpu_catalog.reload()


def test_an_item_that_replaces_one_of_the_catalog_says_so_in_its_text():
    text = "replaces = true\n" + TEMPLATES["gpu"].replace("My GPU", "NVIDIA H100")
    entry = entry_of("gpu", text)
    with overlay(overlay_with([entry])):
        told = item_for({"kind": "gpu", "name": "NVIDIA H100"})
    assert told["text"] == carried_as(entry)["text"] and told["text"].startswith("replaces = true")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("My GPU", "my-gpu.toml"),
        ("../../x", "x.toml"),
        ("Ä", "item.toml"),
        ("A (b)/c", "a-b-c.toml"),
    ],
)
def test_files_have_harmless_names(name, file):
    assert file_name(name) == file


ENGINE = templates()["engine"]


def test_constants_are_recognised_and_named_after_their_engine():
    item = asked(ENGINE, file="constants.toml")["item"]
    assert item == {"kind": "engine", "name": "own mine", "text": ENGINE}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('engine = "mine"', 'engine = "a,b"', "c.toml: engine = 'a,b'; use 60 characters"),
        ("step_s = ", "step_s = 1000\nold = ", "c.toml.old: unknown key"),
        ("step_s", "host_s", "c.toml: these are constants of whole steps"),
        ("tpot = ", "tpot = 101.0 #", "provenance.error.tpot = 101 is impossible"),
        ("step_s = 0.0", "step_s = 99.0", "c.toml: step_s = 99.0"),
        (
            "prefill = 1",
            "prefill = 0.0 #",
            "prefill = 0.0 is impossible; use 0.001 to 1000",
        ),
        ("rows = ", "rows = -", "provenance.rows is impossible"),
    ],
)
def test_constants_that_cannot_be_are_refused(old, new, said):
    assert old in ENGINE
    answer = asked(ENGINE.replace(old, new, 1), file="c.toml")
    assert said in answer.get("error", "")


def test_constants_of_one_engine_are_there_once():
    with overlay(overlay_with([], [ENGINE])):
        assert "is there already" in asked(ENGINE)["error"]
        assert "item" in asked(ENGINE, instead="own mine")
        told = item_for({"kind": "engine", "name": "own mine"})
        assert "Remove" in told["html"]
        copy = asked(told["copy"], "engine")["item"]
        assert copy["name"] == "own mine (copy)"
        with zipfile.ZipFile(io.BytesIO(archive())) as file:
            assert file.namelist() == ["constants/mine.toml"]
            assert file.read("constants/mine.toml").decode() == ENGINE

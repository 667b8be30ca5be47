"""What lies over the catalog: seen where it was laid, and by nobody else."""

import pickle
import threading
from dataclasses import replace

import pytest

import gpu_catalog
from gpu_catalog import GPU, LLM, CatalogError, Link, Overlay, gpu, gpus, llm, overlay
from gpu_catalog.parse import Entry, parse_text
from tests.gpu_catalog.my_gpu import MY_GPU


def mine(text=MY_GPU, where="mine.toml"):
    return Overlay([parse_text(GPU, text, where)])


def test_an_item_is_there_within_the_block_alone():
    before = gpus()
    with overlay(mine()):
        assert gpu("MINE").product == "a card"
        assert len(gpus()) == len(before) + 1
        assert [g.flops for g in gpus()] == sorted(g.flops for g in gpus())
        assert gpu_catalog.gpu_name("mine") == "My GPU"
    assert gpus() == before
    with pytest.raises(CatalogError, match="unknown GPU"):
        gpu("My GPU")


def test_another_thread_does_not_see_it():
    seen = []
    with overlay(mine()):
        other = threading.Thread(target=lambda: seen.append(gpu_catalog.gpu_name("mine")))
        other.start()
        other.join()
    assert seen == [None]


def test_it_ends_with_the_block_however_that_ends():
    with pytest.raises(ZeroDivisionError), overlay(mine()):
        _ = 1 / 0
    assert gpu_catalog.current_overlay() is None


def test_it_replaces_what_it_says_and_nothing_else():
    text = MY_GPU.replace('"My GPU"', '"NVIDIA H100"')
    with pytest.raises(CatalogError, match="is taken by 'NVIDIA H100'"), overlay(mine(text)):
        gpu("NVIDIA H100")
    with overlay(mine("replaces = true" + text)):
        assert gpu("NVIDIA H100").flops == 500e12
    assert gpu("NVIDIA H100").flops == 989.4e12


def test_nothing_can_be_replaced_that_is_not_there():
    added = mine("replaces = true" + MY_GPU)
    with pytest.raises(CatalogError, match="no GPU of the catalog"), overlay(added):
        gpus()


def test_it_is_what_it_says():
    one, same = mine(), mine(where="elsewhere.toml")
    other = mine(MY_GPU.replace("2000", "2001"))
    assert one == same and hash(one) == hash(same) and one != other
    assert pickle.loads(pickle.dumps(one)) == one
    with overlay(one):
        assert gpu_catalog.overlay_digest() == one.digest
    assert gpu_catalog.overlay_digest() == ""


def items():
    return [*gpu_catalog.gpus(), *gpu_catalog.llms(), *gpu_catalog.links()]


@pytest.mark.parametrize("item", items(), ids=lambda item: item.name)
def test_every_item_is_the_same_when_its_text_is_read(item):
    text = gpu_catalog.toml_text(item)
    assert parse_text(type(item), text, "x.toml") == Entry(item, "x.toml")


def test_any_text_in_an_item_comes_back():
    notes = 'a "quoted" \\ word\n\x00\x7f\u202e, ' + "and so on " * 40
    item = replace(gpu("NVIDIA H100"), notes=notes, aliases=())
    text = gpu_catalog.toml_text(item, replaces=True)
    assert parse_text(GPU, text, "x.toml") == Entry(item, "x.toml", replaces=True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("layers = 32", f"layers = {10**9}", "layers = 1000000000 is impossible; use 1,000"),
        ("layers = 32", f"layers = {'9' * 4000}", "layers = 99999999999999999999 is impossible"),
        ("kv_heads = 8", f"kv_heads = {8 * 10**9}", "attention.kv_heads = 8000000000 is imposs"),
        ("kv_bytes_per_element = 2", "kv_bytes_per_element = 1e999999999", "below 1e+20"),
        ("kv_bytes_per_element = 2", "kv_bytes_per_element = 1e-999999999", "above 0"),
        ("vocabulary = 128256", "vocabulary = " + "[" * 60_000, "this is not TOML"),
    ],
)
def test_what_is_beyond_all_measure_is_refused(old, new, said):
    text = gpu_catalog.toml_text(llm("LLaMA-3.1-8B"))
    assert old in text
    with pytest.raises(CatalogError) as error:
        parse_text(LLM, text.replace(old, new), "mine.toml")
    assert str(error.value).startswith("mine.toml: ") and said in str(error.value)


def test_a_link_may_take_the_place_of_another():
    link = replace(gpu_catalog.link("PCIe Gen5 x16"), bandwidth_range=(1e9, 1e9))
    text = gpu_catalog.toml_text(link, replaces=True)
    with overlay(Overlay([parse_text(Link, text, "slow.toml")])):
        assert gpu_catalog.link("PCIe Gen5 x16").bandwidth == 1e9

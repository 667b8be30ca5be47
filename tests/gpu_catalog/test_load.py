"""The loader: orders, look-ups, and what it says of a bad entry."""

import re
from pathlib import Path

import pytest

import gpu_catalog
from gpu_catalog import (
    GPU,
    LLM,
    CatalogError,
    Link,
    gpu,
    gpus,
    link,
    links,
    llm,
    llms,
    parameters,
)
from gpu_catalog.names import NameIndex
from gpu_catalog.parse import parse_folder

CATALOG = Path(gpu_catalog.__file__).parent

MY_GPU = """
name = "Mine"
product = "Mine 24GB"
vendor = "Me"
memory_MiB = 24564
bandwidth_GBps = 1008
dense_TFLOPS = { bf16 = 165.2 }
source = "data sheet"
checked = 2026-11-21
confidence = "low"
notes = ""
"""


@pytest.fixture
def read_gpu(tmp_path):
    """Reads a folder gpus/ that holds one file with the given text."""

    def read(text):
        folder = tmp_path / "gpus"
        folder.mkdir(exist_ok=True)
        (folder / "mine.toml").write_text(text, encoding="utf-8")
        return parse_folder(GPU, folder)

    return read


def test_orders():
    assert [g.flops for g in gpus()] == sorted(g.flops for g in gpus())
    assert [parameters(m) for m in llms()] == sorted(parameters(m) for m in llms())
    assert [k.bandwidth for k in links()] == sorted(k.bandwidth for k in links())
    assert (len(gpus()), len(llms()), len(links())) == (38, 34, 24)
    alike = [g.name for g in gpus() if g.flops == 989.4e12]
    assert alike == ["NVIDIA GH200", "NVIDIA H100", "NVIDIA H200", "NVIDIA H800"]


@pytest.mark.parametrize(
    ("look_up", "wrong", "says"),
    [
        (
            gpu,
            "NVIDIA H10O",
            "unknown GPU 'NVIDIA H10O'; closest: 'NVIDIA H100'; `pdscope list",
        ),
        (gpu, "b200sxm", "closest: 'NVIDIA B200'"),
        (llm, "llama-3.1-7b", "unknown model 'llama-3.1-7b'; closest: 'LLaMA-3.1-70B'"),
        (link, "NVLNK", "unknown link 'NVLNK'; closest: 'NVLink'"),
        (link, "?", "unknown link '?'; `pdscope list links` shows all 24"),
    ],
)
def test_an_unknown_name_gets_the_closest_one(look_up, wrong, says):
    with pytest.raises(CatalogError, match=re.escape(says)):
        look_up(wrong)


@pytest.mark.parametrize(
    ("look_up", "spelling", "name"),
    [
        (gpu, "nvidia h100", "NVIDIA H100"),
        (gpu, " NVIDIA_H100 ", "NVIDIA H100"),
        (llm, "llama_3.1_70b", "LLaMA-3.1-70B"),
        (link, "NVLINK", "NVLink"),
        (link, "nvlink-4", "NVLink"),
    ],
)
def test_case_and_separators_do_not_matter(look_up, spelling, name):
    assert look_up(spelling).name == name


def test_an_own_gpu_needs_few_keys_and_has_no_reference(read_gpu):
    (entry,) = read_gpu(MY_GPU)
    mine = entry.item
    assert (mine.memory, mine.flops, mine.flops_fp8) == (24564 * 2**20, 165.2e12, None)
    assert (mine.reference, mine.fabric, mine.rent, mine.aliases) == (None, None, None, ())


def test_peaks_by_format_fall_back_to_bf16(read_gpu):
    (entry,) = read_gpu(MY_GPU.replace("bf16 = 165.2", "bf16 = 165.2, int8 = 660.6"))
    assert [entry.item.peak(f) / 1e12 for f in ("bf16", "fp8", "int8", "fp4")] == [
        *(165.2, 165.2, 660.6, 165.2)
    ]


def test_the_examples_of_the_readme_are_entries(tmp_path):
    blocks = (CATALOG / "README.md").read_text(encoding="utf-8").split("```toml\n")[1:]
    for cls, block in zip([GPU, LLM, Link], blocks, strict=True):
        (tmp_path / "entry.toml").write_text(block.partition("```")[0], encoding="utf-8")
        assert len(parse_folder(cls, tmp_path)) == 1


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ("memory_MiB = 24564", "", "memory_MiB is missing; add it"),
        ("memory_MiB", "memory_GB", "unknown key 'memory_GB'; closest: 'memory_MiB'"),
        ("bf16", "bf61", "unknown key 'dense_TFLOPS.bf61'; closest: 'dense_TFLOPS.bf16'"),
        ("1008", "-1008", "bandwidth_GBps = -1008; use a number above 0"),
        ("1008", "nan", "bandwidth_GBps = NaN; use a number above 0"),
        ("165.2", "0.0", "dense_TFLOPS.bf16 = 0.0; use a number above 0"),
        ("1008", "'1008'", "bandwidth_GBps = '1008'; use a number above 0, without quotes"),
        ("1008", "true", "bandwidth_GBps = True; use a number"),
        ('"data sheet"', '" "', "source = ' '; use a text in quotes"),
        ("2026-11-21", '"2026-11-21"', "checked = '2026-11-21'; use a date"),
        ("notes = ", "notes ", "this is not TOML"),
        ('notes = ""', 'notes = ""\nreference = 1', "reference = 1; use a table"),
        ('notes = ""', 'notes = ""\n[reference]\nTFLOPS = 1', "reference.memory_GiB is missing"),
        ("24564", "24", "memory_MiB = 24 is impossible; use 1,024 to 4,194,304 MiB"),
        ("24564", "25757220864", "memory_MiB = 25,757,220,864 is impossible"),
        ("1008", "1.008", "bandwidth_GBps = 1.008 is impossible; use 10 to 100,000 GB/s"),
        ("1008", "1008000000000", "bandwidth_GBps = 1.008e+12 is impossible"),
        ("165.2", "165200000000000", "dense_TFLOPS.bf16 = 1.652e+14 is impossible"),
        (
            "bf16 = 165.2",
            "bf16 = 165.2, fp8 = 660.6",
            "dense_TFLOPS.fp8 = 660.6 is 4.0 times that of bf16, more than 2.05; use the rate",
        ),
        ('"low"', '"sure"', "confidence = 'sure'; use one of high, medium, low"),
        ('notes = ""', 'notes = ""\naliases = "me"', "aliases = 'me'; use a list of texts"),
        ('notes = ""', 'notes = ""\naliases = [1]', "aliases = 1; use a text in quotes"),
        ('notes = ""', 'notes = ""\nreplaces = 1', "replaces = 1; use true or false"),
        ('notes = ""', 'notes = ""\nfabric = { name = "x" }', "fabric.GBps is missing; add it"),
        (
            'notes = ""',
            'notes = ""\nfabric = { name = "x", GBps = 1, gpus = 2, wiring = "star" }',
            "fabric.wiring = 'star'; use one of switch, pairs, bridge, mesh",
        ),
        (
            'notes = ""',
            'notes = ""\nfabric = { name = "x", GBps = 1, gpus = 1 }',
            "fabric.gpus = 1 joins nothing; use 2 or more",
        ),
        ('notes = ""', 'notes = ""\nrent = { usd = [2, 1] }', "rent.usd = [2, 1]; put the lower"),
    ],
)
def test_a_bad_entry_is_refused_with_file_key_and_remedy(read_gpu, written, instead, says):
    assert written in MY_GPU
    with pytest.raises(CatalogError, match=r"^gpus/mine\.toml: ") as refusal:
        read_gpu(MY_GPU.replace(written, instead))
    assert says in str(refusal.value)


def test_two_files_cannot_share_a_name(read_gpu, tmp_path):
    read_gpu(MY_GPU)
    other = tmp_path / "gpus" / "other.toml"
    other.write_text(MY_GPU, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"gpus/other\.toml: name = 'Mine' .* gpus/mine\.toml"):
        NameIndex(read_gpu(MY_GPU))
    other.write_text(MY_GPU.replace('"Mine"', '"Yours"\naliases = ["MINE"]'), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"other\.toml: aliases = 'MINE' is taken by 'Mine'"):
        NameIndex(read_gpu(MY_GPU))


@pytest.mark.parametrize(
    ("cls", "source", "written", "instead", "says"),
    [
        (Link, "links/nvlink", "[348, 367]", "[367, 348]", "put the lower end first"),
        (Link, "links/nvlink", "[348, 367]", "348", "use a range [low, high]"),
        (
            LLM,
            "llms/gpt-oss-20b",
            "layers = 24",
            "layers = 24.0",
            "layers = 24.0; use a whole number",
        ),
        (LLM, "llms/gpt-oss-20b", "grouped-query", "gqa", "attention.kind = 'gqa'; use one of"),
        (LLM, "llms/gpt-oss-20b", "head_dim = 64", "", "attention.head_dim is missing"),
        (LLM, "llms/gpt-oss-20b", "active = 4", "active = 0", "experts.active = 0; use a whole"),
        (LLM, "llms/gpt-oss-20b", "active = 4", "active = 33", "experts.active = 33 of 32 experts"),
        (LLM, "llms/gpt-oss-20b", "dense_layers = 0", "dense_layers = 24", "of 24 layers leaves"),
        (LLM, "llms/gpt-oss-20b", "kv_heads = 8", "kv_heads = 7", "does not divide the 64 query"),
        (LLM, "llms/gpt-oss-20b", "period = 2", "period = 0", "attention.period = 0; use a whole"),
        (LLM, "llms/gpt-oss-20b", "local = 1", "local = 3", "attention.local = 3 of every 2"),
        (LLM, "llms/gpt-oss-20b", "window = 128", "", "window and attention.local go together"),
        (LLM, "llms/gpt-oss-20b", "mxfp4", "fp4", "experts.weight_dtype = 'fp4'; use one of"),
        (LLM, "llms/gpt-oss-20b", "0.53125", "2", "bytes_per_parameter = 2 contradicts experts.w"),
        (LLM, "llms/gpt-oss-20b", "20.9e9", "20.9e6", "= 2.09e+07, but the widths add up to 2.091"),
        (LLM, "llms/deepseek-v3", 'gemm_dtype = "fp8"', 'gemm_dtype = "f8"', "gemm_dtype = 'f8'"),
        (
            Link,
            "links/nvlink",
            "[348, 367]",
            "[348, 467]",
            "467, more than peak_GBps = 450",
        ),
        (Link, "links/nvlink", "[5, 8]", "[5, 8000000]", "latency_us reaches 8e+06; use micro"),
        (Link, "links/cross-dc-wan", "[0, 1]", "[0, 1e9]", "is impossible; use GB/s of one"),
    ],
)
def test_a_bad_link_or_model_is_refused(tmp_path, cls, source, written, instead, says):
    text = (CATALOG / f"{source}.toml").read_text(encoding="utf-8")
    assert written in text
    changed = text.replace(written, instead, 1)
    (tmp_path / "entry.toml").write_text(changed, encoding="utf-8")
    with pytest.raises(CatalogError, match=re.escape(says)):
        parse_folder(cls, tmp_path)

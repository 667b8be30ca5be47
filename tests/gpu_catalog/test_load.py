"""The loader: orders, look-ups, and what it says of a bad entry."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import gpu_catalog
from gpu_catalog import GPU, LLM, CatalogError, Link, gpu, gpus, link, links, llm, llms
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
    assert [g.name for g in gpus()] == [
        "NVIDIA L40",
        "NVIDIA A100-80GB",
        "NVIDIA RTX PRO 6000",
        "AMD Instinct MI300A",
        "NVIDIA H100",
        "NVIDIA H200",
        "AMD Instinct MI300X",
    ]
    assert [m.name for m in llms()] == [
        "GPT-OSS-20B",
        "Mistral-Small-24B",
        "LLaMA-3.1-70B",
        "Qwen2.5-72B",
        "Mixtral-8x22B",
        "LLaMA-3.1-405B",
        "DeepSeek-V3",
    ]
    assert [k.name for k in links()] == [
        "Cross-DC (WAN)",
        "Ethernet 25-40G",
        "Ethernet 100G",
        "Infiniband HDR",
        "PCIe G4-on-G5-Switch",
        "PCIe Gen4",
        "Infiniband NDR",
        "PCIe Gen5 x16",
        "NVLink",
    ]


@pytest.mark.parametrize(
    ("look_up", "wrong", "says"),
    [
        (gpu, "NVIDIA H10O", "unknown GPU 'NVIDIA H10O'; closest: 'NVIDIA H100'; one of 'NVI"),
        (gpu, "nvidia h100", "closest: 'NVIDIA H100'"),
        (llm, "llama-3.1-70b", "unknown model 'llama-3.1-70b'; closest: 'LLaMA-3.1-70B'"),
        (link, "NVLINK", "unknown link 'NVLINK'; closest: 'NVLink'"),
        (link, "?", "unknown link '?'; one of 'Cross-DC (WAN)', "),
    ],
)
def test_an_unknown_name_gets_the_closest_one(look_up, wrong, says):
    with pytest.raises(CatalogError, match=re.escape(says)):
        look_up(wrong)


def test_an_own_gpu_is_its_own_reference(read_gpu):
    (mine,) = read_gpu(MY_GPU)
    assert (mine.memory, mine.flops, mine.flops_fp8) == (24564 * 2**20, 165.2e12, None)
    assert mine.reference.memory == mine.memory
    assert mine.reference.bandwidth == mine.bandwidth
    assert mine.reference.flops == mine.flops


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
    ],
)
def test_a_bad_entry_is_refused_with_file_key_and_remedy(read_gpu, written, instead, says):
    assert written in MY_GPU
    with pytest.raises(CatalogError, match=r"^gpus/mine\.toml: ") as refusal:
        read_gpu(MY_GPU.replace(written, instead))
    assert says in str(refusal.value)


def test_two_files_cannot_share_a_name(read_gpu, tmp_path):
    read_gpu(MY_GPU)
    (tmp_path / "gpus" / "other.toml").write_text(MY_GPU, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"gpus/other\.toml: name = 'Mine' .* gpus/mine\.toml"):
        read_gpu(MY_GPU)


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
    ],
)
def test_a_bad_link_or_model_is_refused(tmp_path, cls, source, written, instead, says):
    text = (CATALOG / f"{source}.toml").read_text(encoding="utf-8")
    assert written in text
    (tmp_path / "entry.toml").write_text(text.replace(written, instead), encoding="utf-8")
    with pytest.raises(CatalogError, match=re.escape(says)):
        parse_folder(cls, tmp_path)


def test_a_model_and_a_link_without_reference_are_their_own(tmp_path):
    """For those formulas MLA is one KV head with a latent, and bytes are whole."""
    for cls, source in [(LLM, "llms/deepseek-v3"), (Link, "links/infiniband-hdr")]:
        folder = tmp_path / cls.__name__
        folder.mkdir()
        text = (CATALOG / f"{source}.toml").read_text(encoding="utf-8").partition("[reference]")[0]
        (folder / "entry.toml").write_text(text, encoding="utf-8")
    (model,) = parse_folder(LLM, tmp_path / "LLM")
    assert model.reference == replace(llm("DeepSeek-V3").reference, bytes_per_parameter=1)
    (wire,) = parse_folder(Link, tmp_path / "Link")
    assert wire.reference.bandwidth == wire.bandwidth == 23e9
    assert wire.reference.latency == wire.latency == pytest.approx(1.25e-6)

"""The entries: the specification's values to the last digit, and the true ones."""

from datetime import date

import pytest

from gpu_catalog import (
    GroupedQueryAttention,
    LatentAttention,
    active_parameters,
    gpu,
    gpus,
    kv_elements_per_token,
    link,
    links,
    llm,
    llms,
    parameters,
)
from gpu_catalog.names import folded
from gpu_catalog.schema import ReferenceGPU, ReferenceLink, ReferenceLLM

MIB, GIB = 2**20, 2**30

REFERENCE_GPUS = {  # GiB, byte/s, FLOP/s
    "NVIDIA RTX PRO 6000": (96, 1694.5e9, 440e12),
    "NVIDIA H100": (80, 3350e9, 989e12),
    "NVIDIA A100-80GB": (80, 2000e9, 312e12),
    "NVIDIA L40": (48, 864e9, 181e12),
    "NVIDIA H200": (141, 4800e9, 989e12),
    "AMD Instinct MI300A": (128, 5300e9, 981e12),
    "AMD Instinct MI300X": (192, 5300e9, 1307e12),
}

REFERENCE_LLMS = {  # parameters, layers, hidden, KV heads, query heads, latent
    "LLaMA-3.1-70B": (70554470400, 80, 8192, 8, 64, None),
    "GPT-OSS-20B": (20910000000, 24, 2880, 8, 64, None),
    "DeepSeek-V3": (671000000000, 61, 7168, 1, 128, 512),
    "Mistral-Small-24B": (24000000000, 40, 5120, 8, 32, None),
    "Qwen2.5-72B": (72700000000, 80, 8192, 8, 64, None),
    "LLaMA-3.1-405B": (405000000000, 126, 16384, 8, 128, None),
    "Mixtral-8x22B": (141000000000, 56, 6144, 8, 48, None),
}

REFERENCE_LINKS = {  # byte/s, s: midpoints of the specification's ranges
    "NVLink": (350e9, 1.5e-6),
    "PCIe Gen4": (13.5e9, 21.5e-6),
    "PCIe Gen5 x16": (57.5e9, 12.5e-6),
    "PCIe G4-on-G5-Switch": (29e9, 15e-6),
    "Infiniband HDR": (23e9, 6.5e-6),
    "Infiniband NDR": (46.5e9, 3.5e-6),
    "Ethernet 100G": (10.5e9, 15e-6),
    "Ethernet 25-40G": (3.25e9, 75e-6),
    "Cross-DC (WAN)": (0.5e9, 0.055),
}


def test_reference_gpus():
    for name, (gib, bandwidth, flops) in REFERENCE_GPUS.items():
        expected = ReferenceGPU(memory=gib * GIB, bandwidth=bandwidth, flops=flops)
        assert gpu(name).reference == expected


def test_reference_models():
    for name, (count, layers, hidden, kv_heads, query_heads, latent) in REFERENCE_LLMS.items():
        assert llm(name).reference == ReferenceLLM(
            parameters=count,
            layers=layers,
            hidden=hidden,
            kv_heads=kv_heads,
            query_heads=query_heads,
            bytes_per_parameter=2,
            latent=latent,
        )


def test_reference_links_are_the_midpoints_as_the_nearest_floats():
    for name, (bandwidth, latency) in REFERENCE_LINKS.items():
        assert link(name).reference == ReferenceLink(bandwidth=bandwidth, latency=latency)


@pytest.mark.parametrize(
    ("name", "mib", "bandwidth", "flops", "flops_fp8"),
    [
        ("NVIDIA RTX PRO 6000", 97887, 1792e9, 503.8e12, 1007.6e12),
        ("NVIDIA H100", 81559, 3350e9, 989.4e12, 1978.9e12),
        ("NVIDIA A100-80GB", 81920, 2039e9, 312e12, None),
        ("NVIDIA L40", 46068, 864e9, 181.05e12, 362e12),
        ("NVIDIA H200", 143771, 4800e9, 989.4e12, 1978.9e12),
        ("AMD Instinct MI300A", 131072, 5300e9, 980.6e12, 1961.2e12),
        ("AMD Instinct MI300X", 196592, 5300e9, 1307.4e12, 2614.9e12),
    ],
)
def test_true_gpus(name, mib, bandwidth, flops, flops_fp8):
    item = gpu(name)
    assert (item.memory, item.bandwidth) == (mib * MIB, bandwidth)
    assert (item.flops, item.flops_fp8) == (flops, flops_fp8)


def test_h100_memory_in_bytes():
    """81559 MiB written out: neither 80e9 nor 80 * 2**30."""
    assert gpu("NVIDIA H100").memory == 85_520_809_984


def test_what_the_specification_has_is_there_and_nothing_else_is_made_up():
    assert {g.name for g in gpus() if g.reference} == set(REFERENCE_GPUS)
    assert {m.name for m in llms() if m.reference} == set(REFERENCE_LLMS)
    assert {k.name for k in links() if k.reference} == set(REFERENCE_LINKS)


BOXES = {  # GB as sold
    "NVIDIA V100": 32, "NVIDIA A100-40GB": 40, "NVIDIA A100-80GB": 80, "NVIDIA A100 PCIe": 80,
    "NVIDIA A40": 48, "NVIDIA A10G": 24, "NVIDIA L4": 24, "NVIDIA L40": 48, "NVIDIA L40S": 48,
    "NVIDIA RTX 4090": 24, "NVIDIA RTX 5090": 32, "NVIDIA RTX 6000 Ada": 48,
    "NVIDIA RTX PRO 6000": 96, "NVIDIA RTX PRO 6000 Max-Q": 96, "NVIDIA RTX PRO 6000 Server": 96,
    "NVIDIA H100 PCIe": 80, "NVIDIA H100": 80, "NVIDIA H100 NVL": 94, "NVIDIA H200": 141,
    "NVIDIA B200": 180, "NVIDIA GB200": 186, "NVIDIA B300": 288, "NVIDIA GB300": 288,
    "NVIDIA GH200": 96, "AMD Instinct MI250X": 128, "AMD Instinct MI300A": 128,
    "AMD Instinct MI300X": 192, "AMD Instinct MI325X": 256, "AMD Instinct MI355X": 288,
    "Intel Gaudi 2": 96, "Intel Gaudi 3": 128, "Google TPU v5e": 16, "Google TPU v5p": 95,
    "Google TPU v6e": 32,
}  # fmt: skip
FOR_MEASUREMENTS = {
    "NVIDIA H800": 80, "NVIDIA H20-3e": 141, "AMD Instinct MI250": 128, "Intel Max 1550": 128,
}  # fmt: skip

# TFLOP/s in dense BF16 and GB/s that a generation reaches, far below twice the highest.
GENERATIONS = {
    "Volta": ((125, 125), (900, 900)),
    "Ampere": ((70, 312), (600, 2039)),
    "Ada Lovelace": ((121, 365), (300, 1008)),
    "Hopper": ((148, 990), (2000, 4800)),
    "Blackwell": ((209, 2500), (1597, 8000)),
    "Blackwell Ultra": ((2250, 2500), (7700, 8000)),
    "CDNA 2": ((362, 383), (3277, 3277)),
    "CDNA 3": ((980, 1308), (5300, 6000)),
    "CDNA 4": ((2500, 2517), (8000, 8000)),
    "Gaudi 2": ((432, 432), (2450, 2460)),
    "Gaudi 3": ((1835, 1835), (3670, 3700)),
    "Ponte Vecchio": ((832, 839), (3277, 3277)),
    "TPU v5e": ((197, 197), (819, 819)),
    "TPU v5p": ((459, 459), (2765, 2765)),
    "Trillium": ((918, 918), (1600, 1640)),
}
# Dense TFLOP/s whose double, with sparsity, stands in many tables.
SPARSE = {
    "NVIDIA A100-80GB": 624, "NVIDIA L4": 242, "NVIDIA L40S": 733, "NVIDIA H100": 1979,
    "NVIDIA H100 PCIe": 1513, "NVIDIA H200": 1979, "NVIDIA B200": 4500, "NVIDIA GB200": 5000,
    "NVIDIA A10G": 140, "NVIDIA RTX 4090": 330.3, "NVIDIA RTX 6000 Ada": 728,
    "AMD Instinct MI300X": 2614.9, "AMD Instinct MI355X": 5033,
}  # fmt: skip


def test_every_gpu_is_known_to_these_tests():
    assert {g.name for g in gpus()} == {*BOXES, *FOR_MEASUREMENTS}
    assert len(BOXES) == 34


@pytest.mark.parametrize("item", gpus(), ids=lambda g: g.name)
def test_memory_is_neither_gb_nor_gib_of_the_box_by_mistake(item):
    """What the driver reports: some of the GiB may be reserved, no more than the box says."""
    box = (BOXES | FOR_MEASUREMENTS)[item.name]
    assert item.memory % MIB == 0
    assert 0.93 * box * GIB <= item.memory <= box * GIB


@pytest.mark.parametrize("item", gpus(), ids=lambda g: g.name)
def test_rates_are_those_of_the_generation(item):
    (slowest, fastest), (narrowest, widest) = GENERATIONS[item.architecture]
    assert slowest <= item.flops / 1e12 <= fastest
    assert narrowest <= item.bandwidth / 1e9 <= widest


@pytest.mark.parametrize("item", gpus(), ids=lambda g: g.name)
def test_dense_peaks_only(item):
    """Half the bits twice the rate; a rate with sparsity would be twice that again."""
    if item.name in SPARSE:
        assert item.flops / 1e12 == pytest.approx(SPARSE[item.name] / 2, rel=0.02)
    if item.flops_fp8:
        assert 1 <= item.flops_fp8 / item.flops < 2.03  # the L40S, from two sources, 2.025
    if item.flops_fp4:
        assert item.flops_fp8 < item.flops_fp4 <= 4.01 * item.flops_fp8
    if item.flops_int8 and item.architecture not in ("Ada Lovelace", "Blackwell"):
        assert item.flops_int8 / item.flops < 2.01


@pytest.mark.parametrize("item", gpus(), ids=lambda g: g.name)
def test_nobody_measured_more_than_the_peak(item):
    if item.measured:
        for name in ("flops", "flops_fp8", "flops_fp4", "bandwidth"):
            found = getattr(item.measured, name)
            assert found is None or 0.4 < found / getattr(item, name) <= 1
        assert item.measured.source
    if item.fabric and item.measured and item.measured.peer:
        assert item.measured.peer <= item.fabric.bandwidth


@pytest.mark.parametrize("item", gpus(), ids=lambda g: g.name)
def test_prices_are_of_one_gpu_and_dated(item):
    for price, low, high in ((item.rent, 0.1, 15), (item.price, 1_000, 60_000)):
        if price:
            assert low <= price.usd[0] <= price.usd[1] <= high
            assert price.seen.startswith("20")
            assert price.source


def test_an_aliased_h100_is_the_sxm_card():
    for name in ("NVIDIA H100", "h100", "H100-SXM", "h100_sxm", "H100 SXM 80GB", "H100-SXM5-80GB"):
        assert gpu(name).name == "NVIDIA H100"
    assert gpu("H100 PCIe").flops == 756.5e12


SPELLINGS = {  # as the published tables of measurements have them
    "gpu": {
        "A100-SXM-80GB": "NVIDIA A100-80GB", "B200-SXM-180GB": "NVIDIA B200",
        "B300-SXM-288GB": "NVIDIA B300", "H200-SXM-141GB": "NVIDIA H200", "b300_sxm": "NVIDIA B300",
        "h200_sxm": "NVIDIA H200", "gb200": "NVIDIA GB200", "gb300": "NVIDIA GB300",
        "RTX4090": "NVIDIA RTX 4090", "RTXPRO6000": "NVIDIA RTX PRO 6000 Server",
        "RTX-PRO-6000-Server": "NVIDIA RTX PRO 6000 Server", "H800-SXM-80GB": "NVIDIA H800",
        "H20-3e": "NVIDIA H20-3e", "Nvidia A100 GPU": "NVIDIA A100-40GB",
        "Nvidia H100 GPU": "NVIDIA H100", "AMD MI250 GPU": "AMD Instinct MI250",
        "AMD MI300X GPU": "AMD Instinct MI300X", "Habana Gaudi2": "Intel Gaudi 2",
        "A40-PCIe(pairwise NVLink)": "NVIDIA A40", "Intel PVC GPU": "Intel Max 1550",
    },
    "llm": {
        "meta-llama/Llama-3.1-8B": "LLaMA-3.1-8B", "Llama-2-70B": "LLaMA-2-70B",
        "meta-llama/Llama-3.1-8B-Instruct": "LLaMA-3.1-8B", "openai/gpt-oss-120b": "GPT-OSS-120B",
        "MiniMaxAI/MiniMax-M2.5": "MiniMax-M2.5", "moonshotai/Kimi-K2.5": "Kimi-K2.5",
        "zhipuai/GLM-5": "GLM-5", "deepseek-ai/DeepSeek-R1": "DeepSeek-V3",
        "nvidia/DeepSeek-V3.1-NVFP4": "DeepSeek-R1-NVFP4", "Qwen/Qwen2-7B": "Qwen2.5-7B",
        "nvidia/Qwen3-32B-NVFP4": "Qwen3-32B-NVFP4", "huggyllama/llama-7b": "LLaMA-2-7B",
        "Qwen/Qwen3-235B-A22B-FP8": "Qwen3-235B-A22B-FP8",
        "Qwen/Qwen3-30B-A3B-Instruct-2507": "Qwen3-30B-A3B",
    },
    "link": {
        "NVLink3+NVSwitch": "NVLink 3", "NVLink4+NVSwitch": "NVLink",
        "NVLink5+NVSwitch": "NVLink 5",
        "PCIe4x16": "PCIe Gen4", "PCIe5x16": "PCIe Gen5 x16", "InfiniBand NDR400": "Infiniband NDR",
        "16x400G EFA (800 GB/s)": "EFA p6-b300",
        "4x CX-7 400GbE RoCEv2 per node (200 GB/s)": "RoCE 8x CX-7",
    },
}  # fmt: skip


@pytest.mark.parametrize("find", [gpu, llm, link], ids=["gpu", "llm", "link"])
def test_measured_rows_find_their_items(find):
    for spelling, name in SPELLINGS[find.__name__].items():
        assert find(spelling).name == name


@pytest.mark.parametrize("items", [gpus(), llms(), links()], ids=["gpus", "llms", "links"])
def test_no_two_items_answer_to_one_name(items):
    owners = {}
    for item in items:
        for name in {folded(n) for n in (item.name, *item.aliases)}:
            assert owners.setdefault(name, item.name) == item.name


@pytest.mark.parametrize(
    ("name", "peak", "bandwidth_range", "latency_range"),
    [
        ("NVLink", 450e9, (348e9, 367e9), (5e-6, 8e-6)),
        ("PCIe Gen4", 31.5e9, (20e9, 26e9), (1e-6, 2e-6)),
        ("PCIe Gen5 x16", 63e9, (50e9, 57e9), (1e-6, 2e-6)),
        ("PCIe G4-on-G5-Switch", 31.5e9, (20e9, 26e9), (1e-6, 2e-6)),
        ("Infiniband HDR", 25e9, (22e9, 24e9), (1e-6, 1.5e-6)),
        ("Infiniband NDR", 50e9, (46e9, 48.5e9), (1e-6, 2e-6)),
        ("Ethernet 100G", 12.5e9, (11e9, 12e9), (2e-6, 5e-6)),
        ("Ethernet 25-40G", 3.125e9, (2.7e9, 2.9e9), (20e-6, 50e-6)),
        ("Cross-DC (WAN)", None, (0, 1e9), (0.01, 0.1)),
    ],
)
def test_true_links(name, peak, bandwidth_range, latency_range):
    item = link(name)
    assert item.peak == peak
    assert (item.bandwidth_range, item.latency_range) == (bandwidth_range, latency_range)


def test_no_link_carries_more_than_its_peak():
    for item in links():
        assert item.peak is None or item.bandwidth_range[1] <= item.peak


def test_true_models():
    assert llm("GPT-OSS-20B").attention == GroupedQueryAttention(
        query_heads=64, kv_heads=8, head_dim=64, window=128, period=2, local=1,
        qkv_bias=True, output_bias=True, sinks=True,
    )  # fmt: skip
    assert llm("GPT-OSS-20B").experts.bytes_per_parameter == 4.25 / 8
    assert llm("Mistral-Small-24B").attention.head_dim == 128
    deepseek = llm("DeepSeek-V3")
    assert deepseek.attention == LatentAttention(
        query_heads=128,
        latent=512,
        query_latent=1536,
        rope_head_dim=64,
        plain_head_dim=128,
        value_head_dim=128,
    )
    assert [m.name for m in llms() if m.gemm_dtype == "fp8"] == [
        *("MiniMax-M2.5", "Qwen3-235B-A22B-FP8", "DeepSeek-V3", "Kimi-K2")
    ]
    assert (deepseek.bytes_per_parameter, deepseek.experts.bytes_per_parameter) == (1, 1)
    assert deepseek.kv_bytes_per_element == 2


ROUGH = {"Kimi-K2": 1e12, "Kimi-K2.5": 1e12}  # "1T" is all that their makers say


@pytest.mark.parametrize("model", llms(), ids=lambda m: m.name)
def test_the_architecture_adds_up_to_the_published_parameters(model):
    if model.name in ROUGH:
        assert round(parameters(model) / ROUGH[model.name]) == 1
    elif model.published_parameters:
        assert parameters(model) == pytest.approx(model.published_parameters, rel=0.01)


WEIGHT_FILES = {  # numbers in the files of weights, to the last one
    "LLaMA-3.1-8B": 8_030_261_248,
    "LLaMA-3.1-70B": 70_553_706_496,
    "LLaMA-3.1-405B": 405_853_388_800,
    "LLaMA-2-7B": 6_738_415_616,
    "LLaMA-2-70B": 68_976_648_192,
    "Mistral-7B": 7_241_732_096,
    "Mistral-Nemo-12B": 12_247_782_400,
    "Mistral-Small-24B": 23_572_403_200,
    "Mixtral-8x7B": 46_702_792_704,
    "Qwen2.5-7B": 7_615_616_512,
    "Qwen2.5-72B": 72_706_203_648,
    "Qwen3-8B": 8_190_735_360,
    "Qwen3-14B": 14_768_307_200,
    "Qwen3-32B": 32_762_123_264,
    "Qwen3-30B-A3B": 30_532_122_624,
    "Qwen3-235B-A22B": 235_093_634_560,
    "GPT-OSS-20B": 20_914_757_184,
    "GPT-OSS-120B": 116_829_156_672,
    "DeepSeek-V3": 671_026_419_200,
    "Gemma-3-27B": 27_009_346_304,
}


@pytest.mark.parametrize("name", WEIGHT_FILES)
def test_parameters_are_exact_where_norms_and_biases_are_known(name):
    assert parameters(llm(name)) == WEIGHT_FILES[name]


@pytest.mark.parametrize("model", llms(), ids=lambda m: m.name)
def test_active_parameters(model):
    """Published counts leave out one embedding or both, and are given to two digits."""
    if model.experts is None:
        assert active_parameters(model) == parameters(model)
    if model.published_active:
        tables = 2 * model.vocabulary * model.hidden
        found = active_parameters(model)
        assert (found - tables) / 1.035 <= model.published_active <= found * 1.035


KV_BYTES = {  # of one token in BF16, in all layers
    "LLaMA-3.1-8B": 131072, "LLaMA-3.1-70B": 327680, "LLaMA-3.3-70B": 327680,
    "LLaMA-3.1-405B": 516096, "LLaMA-2-7B": 524288, "Qwen2.5-7B": 57344, "Qwen2.5-72B": 327680,
    "Qwen3-8B": 147456, "Qwen3-14B": 163840, "Qwen3-32B": 262144, "Qwen3-30B-A3B": 98304,
    "Qwen3-235B-A22B": 192512, "Mistral-Small-24B": 163840, "Mistral-Nemo-12B": 163840,
    "Mixtral-8x7B": 131072, "Mixtral-8x22B": 229376, "DeepSeek-V3": 70272, "GPT-OSS-20B": 49152,
    "GPT-OSS-120B": 73728, "Gemma-3-27B": 507904, "Kimi-K2": 70272, "GLM-4.5": 376832,
    "Yi-34B": 245760, "CodeLlama-34B": 196608, "LLaMA-4-Scout": 196608,
}  # fmt: skip


def test_kv_cache_of_a_token():
    assert len(KV_BYTES) == 25
    for name, size in KV_BYTES.items():
        model = llm(name)
        assert kv_elements_per_token(model) * model.kv_bytes_per_element == size


@pytest.mark.parametrize("model", llms(), ids=lambda m: m.name)
def test_heads_windows_and_experts_are_possible(model):
    attention, experts = model.attention, model.experts
    if isinstance(attention, GroupedQueryAttention):
        assert attention.query_heads % attention.kv_heads == 0
        assert attention.local <= attention.period
        assert (attention.window is None) == (attention.local == 0)
    if experts:
        assert experts.active <= experts.experts
        assert experts.dense_layers < model.layers


@pytest.mark.parametrize("item", [*gpus(), *llms(), *links()], ids=lambda i: i.name)
def test_every_entry_is_sourced(item):
    assert item.source.strip()
    assert date(2026, 1, 1) <= item.checked
    assert item.confidence in {"high", "medium", "low"}

"""The entries: the specification's values to the last digit, and the true ones."""

from datetime import date

import pytest

from gpu_catalog import GroupedQueryAttention, LatentAttention, gpu, gpus, link, links, llm, llms
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
    for name, (parameters, layers, hidden, kv_heads, query_heads, latent) in REFERENCE_LLMS.items():
        assert llm(name).reference == ReferenceLLM(
            parameters=parameters,
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


def test_dense_peaks_only():
    """A rate with sparsity is twice the dense one, so it would break one of these bounds."""
    for item in gpus():
        assert item.flops < 1.5 * item.reference.flops
        assert item.flops_fp8 is None or 1 <= item.flops_fp8 / item.flops < 2.01


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
        query_heads=64, kv_heads=8, head_dim=64, window=128, period=2, local=1
    )
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
    assert [m.name for m in llms() if m.fp8_compute] == ["DeepSeek-V3"]
    assert (deepseek.bytes_per_parameter, deepseek.experts.bytes_per_parameter) == (1, 1)
    assert deepseek.kv_bytes_per_element == 2


@pytest.mark.parametrize("model", llms(), ids=lambda m: m.name)
def test_the_architecture_adds_up_to_the_published_parameters(model):
    """Norms and biases are below 0.1 % and left out; the publishers round to three digits."""
    assert _parameters(model) == pytest.approx(model.published_parameters, rel=0.01)


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


def _parameters(model):
    embeddings = model.vocabulary * model.hidden * (1 if model.tied_embeddings else 2)
    dense, sparse = model.layers, 0
    if model.experts:
        dense = model.experts.dense_layers
        sparse = model.layers - dense
    feed_forward = dense * 3 * model.hidden * model.intermediate
    if sparse:
        e = model.experts
        router = model.hidden * e.experts
        each = 3 * model.hidden * e.intermediate
        feed_forward += sparse * (router + (e.experts + e.shared) * each)
    return embeddings + model.layers * _attention_parameters(model) + feed_forward


def _attention_parameters(model):
    h, a = model.hidden, model.attention
    if isinstance(a, GroupedQueryAttention):
        return 2 * h * a.query_heads * a.head_dim + 2 * h * a.kv_heads * a.head_dim
    query = h * a.query_latent
    query += a.query_latent * a.query_heads * (a.plain_head_dim + a.rope_head_dim)
    key_value = h * (a.latent + a.rope_head_dim)
    key_value += a.latent * a.query_heads * (a.plain_head_dim + a.value_head_dim)
    return query + key_value + a.query_heads * a.value_head_dim * h

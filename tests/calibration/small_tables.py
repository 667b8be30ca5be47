"""A table of each kind, a few rows each, with names as measurements spell them."""

import pandas as pd

STEPS = pd.DataFrame(
    {
        "gpu": ["H100-SXM-80GB", "A100-SXM-80GB", "MI300X", "H100-SXM-80GB", "no-such"],
        "model": ["Llama-3.1-70B", "Llama-2-7B", "Qwen3-8B", "no-such-model", "Llama-2-7B"],
        "tp": [8, 1, 1, 1, 1],
        "phase": ["decode", "prefill", "decode", "decode", "decode"],
        "batch": [16, 1, 4, 1, 1],
        "new_tokens": [1, 2048, 1, 1, 1],
        "context": [1023, 0, 500, 10, 10],
    }
)
COLLECTIVES = pd.DataFrame(
    {
        "op": ["all_reduce", "all_gather", "all_reduce", "all_reduce", "broadcast"],
        "gpu": ["H100-SXM-80GB", "B200-SXM-180GB", "H200-SXM-141GB", "L40S", "L40S"],
        "link": [
            "NVLink4+NVSwitch",
            "NVLink5+NVSwitch",
            "NVLink4+NVSwitch",
            "PCIe4x16",
            "PCIe4x16",
        ],
        "n_ranks": [4, 8, 8, 2, 2],
        "n_nodes": [1, 1, 1, 1, 1],
        "lib": ["NCCL", "NCCL", "vLLM_custom_graph", "NCCL", "NCCL"],
        "bytes": [1 << 20, 1 << 26, 65536, 1 << 20, 1 << 20],
    }
)
TRANSFERS = pd.DataFrame(
    {
        "link": ["4x CX-7 400GbE RoCEv2 per node (200 GB/s)"] * 3,
        "engine": ["SGLang main@43124cdd + Mooncake TE", "another", "another"],
        "model": ["Qwen3-235B-A22B", "Qwen3-8B", None],
        "tp": [8.0, 8.0, None],
        "prompt_tokens": [2048.0, 2048.0, None],
        "bytes": [788703800.0, None, None],
    }
)
GEMM = pd.DataFrame(
    {
        "gpu": ["H100-SXM-80GB", "A100-SXM-80GB", "GB200", "H100-SXM-80GB"],
        "dtype": ["bfloat16", "fp8", "nvfp4", "int3"],
        "m": [1, 128, 4096, 1],
        "n": [8192] * 4,
        "k": [8192] * 4,
    }
)
HEADS = {"num_heads": [32, 8], "kv_heads": [8, 1], "head_dim": [128, 64], "window_size": [0, 128]}
DECODE = pd.DataFrame(
    {"gpu": ["L40S", "H200-SXM-141GB"], "batch_size": [1, 64], "context": [511, 8191], **HEADS}
)
PREFILL = DECODE.assign(new_tokens=[1024, 4096], context=0)
EXPERTS = pd.DataFrame(
    {
        "gpu": ["H100-SXM-80GB", "B200-SXM-180GB", "H100-SXM-80GB"],
        "dtype": ["bfloat16", "nvfp4", "fp8_block"],
        "num_tokens": [1, 4096, 64],
        "hidden_size": [4096, 7168, 7168],
        "inter_size": [1536, 2048, 2048],
        "topk": [8, 8, 8],
        "num_experts": [128, 256, 256],
        "moe_tp_size": [1, 1, 8],
        "moe_ep_size": [1, 8, 1],
        "distribution": ["balanced", "power_law_1.2", "unheard-of"],
    }
)
LAYERS = pd.DataFrame(
    {
        "gpu": ["RTX4090", "RTXPRO6000", "RTX4090"],
        "model": ["meta-llama/Llama-3.1-8B"] * 3,
        "tp": [1, 2, 1],
        "layer": ["qkv_proj", "layernorm", "unheard-of"],
        "axis": ["tokens"] * 3,
        "n": [1, 2048, 1],
    }
)
MIXED = pd.DataFrame(
    {
        "gpu": ["RTX4090"] * 3,
        "model": ["meta-llama/Llama-3.1-8B"] * 3,
        "tp": [1] * 3,
        "prefill_chunk": [0, 512, 512],
        "kv_prefill": [0, 0, 1024],
        "n_decode": [8, 0, 8],
        "kv_decode": [1024, 0, 1024],
    }
)
# Table, its kind, and which rows have a prediction.
TABLES = {
    "steps": (STEPS, [True, True, True, False, False]),
    "collectives": (COLLECTIVES, [True, True, True, True, False]),
    "kv_transfer": (TRANSFERS, [True, True, False]),
    "kernels_gemm": (GEMM, [True, True, True, False]),
    "kernels_attn_decode": (DECODE, [True, True]),
    "kernels_attn_prefill": (PREFILL, [True, True]),
    "kernels_moe": (EXPERTS, [True, True, False]),
    "kernels_vllm_layers": (LAYERS, [True, True, False]),
    "kernels_vllm_attention": (MIXED, [True, True, True]),
}

"""The requests, the GPUs of the two pools in stages, and how a run is reckoned."""

from dataclasses import dataclass

import gpu_catalog
from simcore.costs import COST_MODELS
from simcore.costs.serving_engines import engine_name, engine_names, nearest_engine
from simcore.parameters import Choice, Number, parameter


def _gpu_names():
    return tuple(gpu.name for gpu in gpu_catalog.gpus())


def _llm_names():
    return tuple(llm.name for llm in gpu_catalog.llms())


@dataclass(frozen=True, kw_only=True)
class BatchFields:
    """What is served on which GPUs, and what it costs."""

    llm: str = parameter(
        Choice(
            key="llm",
            symbol="",
            label="Model",
            help="The model that is served.",
            options=_llm_names,
            named=gpu_catalog.llm_name,
            nearest=gpu_catalog.nearest_llm,
        ),
        "LLaMA-3.1-70B",
    )
    prefill_gpu: str = parameter(
        Choice(
            key="prefill",
            symbol="",
            label="Prefill GPU",
            help="The GPU of the prefill pool, in order of peak dense BF16 FLOP/s.",
            options=_gpu_names,
            named=gpu_catalog.gpu_name,
            nearest=gpu_catalog.nearest_gpu,
        ),
        "NVIDIA H100",
    )
    decode_gpu: str = parameter(
        Choice(
            key="decode",
            symbol="",
            label="Decode GPU",
            help="The GPU of the decode pool, in order of peak dense BF16 FLOP/s.",
            options=_gpu_names,
            named=gpu_catalog.gpu_name,
            nearest=gpu_catalog.nearest_gpu,
        ),
        "NVIDIA RTX PRO 6000",
    )
    pp: int = parameter(
        Number(
            key="pp",
            symbol="PP",
            label="Pipeline stages",
            unit="",
            help="Pipeline-parallel degree of the prefill pool, and of the decode pool unless "
            "that has its own.",
            low=1,
            high=32,
            step=1,
            least=1,
            most=256,
        ),
        8,
    )
    decode_pp: int | None = parameter(
        Number(
            key="dpp",
            symbol="decode PP",
            label="Stages",
            unit="",
            help="Pipeline-parallel degree of the decode pool; empty for that of the prefill pool.",
            low=1,
            high=32,
            step=1,
            least=1,
            most=256,
            optional="the same as the prefill pool",
        ),
        None,
    )
    batch_size: int = parameter(
        Number(
            key="n",
            symbol="N",
            label="Batch size",
            unit="requests",
            help="Requests processed together.",
            low=1,
            high=128,
            step=1,
            least=1,
            most=4096,
        ),
        1,
    )
    prompt_tokens: int = parameter(
        Number(
            key="t",
            symbol="T",
            label="Sequence length",
            unit="tokens",
            help="Prompt length of each request.",
            low=1024,
            high=16384,
            step=1024,
            least=1,
            most=2**20,
        ),
        8192,
    )
    chunk_tokens: int = parameter(
        Number(
            key="m",
            symbol="M",
            label="Prefill chunk",
            unit="tokens",
            help="Tokens of each prompt that a stage prefills at a time; the last chunk is the "
            "remainder.",
            low=32,
            high=2048,
            step=32,
            least=1,
            most=2**20,
        ),
        128,
    )
    output_tokens: int = parameter(
        Number(
            key="o",
            symbol="O",
            label="Output tokens",
            unit="tokens",
            help="Decode steps simulated; the KV cache grows by one token a step.",
            low=1,
            high=64,
            step=1,
            least=1,
            most=8192,
        ),
        1,
    )
    prefill_nics: int | None = parameter(
        Number(
            key="k",
            symbol="K",
            label="Prefill NICs",
            unit="",
            help="NICs in use, of the prefill server or, on other topologies, of each machine; GPU "
            "i hands over through NIC i mod K unless the NIC mapping says otherwise. Empty for one "
            "on the reference drawing, and for all that a machine has elsewhere.",
            low=1,
            high=8,
            step=1,
            least=1,
            most=256,
            optional="1 on the reference drawing, all of a machine's elsewhere",
        ),
        None,
    )
    vram_limit_ratio: float = parameter(
        Number(
            key="vram",
            symbol="",
            label="VRAM share",
            unit="of VRAM",
            help="Share of a GPU's memory that weights and KV cache may fill.",
            low=0.5,
            high=1.0,
            step=0.01,
            least=0.01,
            most=1.0,
            whole=False,
        ),
        0.95,
    )
    cost_model: str = parameter(
        Choice(
            key="cost",
            symbol="",
            label="Cost model",
            help="calibrated: kernel by kernel, fitted to measurements. physical: a roofline on "
            "true hardware values. reference: the specification's program, to compare with.",
            options=COST_MODELS.names,
        ),
        "calibrated",
    )
    engine: str = parameter(
        Choice(
            key="engine",
            symbol="",
            label="Engine",
            help="The serving engine whose time the calibrated cost model adds to that of the "
            "kernels; the other cost models know of none.",
            options=engine_names,
            named=engine_name,
            nearest=nearest_engine,
        ),
        "vLLM 0.19",
    )

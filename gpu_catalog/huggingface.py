"""A model from the config.json of its Hugging Face repository, as it stands.

Which fields a family has, and what it takes for granted, is that of its configuration class in
transformers 4.57.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from gpu_catalog.checks import impossible
from gpu_catalog.config_fields import Fields, read_config
from gpu_catalog.config_formats import Formats, formats_of
from gpu_catalog.config_layers import experts, grouped, latent, no_windows_in_some_layers
from gpu_catalog.errors import CatalogError
from gpu_catalog.parse import Entry
from gpu_catalog.schema import LLM

MOST_LAYERS = 1000


@dataclass(frozen=True, kw_only=True)
class Family:
    """Models whose config.json has the same fields.

    Attributes
    ----------
    architectures, model_types : what the fields of those names say
    parts : attention and experts (or None), from fields, formats and the number of layers
    tied : whether embedding and head share weights where the file does not say
    norms : normalisations of the residual stream in a layer
    vocabulary : rows of the embedding where the file does not say
    """

    architectures: tuple[str, ...]
    model_types: tuple[str, ...]
    parts: Callable[[Fields, Formats, int], tuple]
    tied: bool = False
    norms: int = 2
    vocabulary: int | None = None


def _llama(f, formats, layers):
    bias = f.flag("attention_bias", False)
    return grouped(f, layers, qkv_bias=bias, output_bias=bias), None


def _mistral(f, formats, layers):
    # A window, where there is one, is every layer's.
    window = (None, 1, 1) if f.optional_count("sliding_window") else None
    return grouped(f, layers, window=window), None


def _mixtral(f, formats, layers):
    attention, _ = _mistral(f, formats, layers)
    return attention, experts(
        f, formats, layers, number="num_local_experts", width="intermediate_size"
    )


def _qwen2(f, formats, layers):
    no_windows_in_some_layers(f)
    return grouped(f, layers, qkv_bias=f.flag("qkv_bias", True)), None


def _qwen3(f, formats, layers):
    no_windows_in_some_layers(f)
    bias = f.flag("attention_bias", False)
    return grouped(f, layers, qk_norm=True, qkv_bias=bias, output_bias=bias), None


def _qwen2_moe(f, formats, layers):
    return _qwen2(f, formats, layers)[0], _qwen_experts(f, formats, layers)


def _qwen3_moe(f, formats, layers):
    return _qwen3(f, formats, layers)[0], _qwen_experts(f, formats, layers)


def _qwen_experts(f, formats, layers):
    return experts(f, formats, layers, number="num_experts", width="moe_intermediate_size")


def _deepseek(f, formats, layers):
    # The correction of its router is version 3's; version 2 names another method.
    bias = f.text("topk_method") in (None, "noaux_tc")
    return latent(f), experts(
        f, formats, layers,
        number="n_routed_experts", width="moe_intermediate_size", router_bias=bias,
    )  # fmt: skip


def _gpt_oss(f, formats, layers):
    bias = f.flag("attention_bias", True)
    window = (128, 2, 1)
    attention = grouped(
        f, layers, head_dim=64, window=window, qkv_bias=bias, output_bias=bias, sinks=True
    )
    return attention, experts(
        f, formats, layers,
        number="num_local_experts", width="intermediate_size", biases=True, router_bias=True,
    )  # fmt: skip


def _gemma3(f, formats, layers):
    usual = {"query_heads": 8, "kv_heads": 4, "head_dim": 256, "window": (4096, 6, 5)}
    return grouped(f, layers, qk_norm=True, **usual), None


def _glm4_moe(f, formats, layers):
    attention = grouped(
        f,
        layers,
        qk_norm=f.flag("use_qk_norm", False),
        qkv_bias=f.flag("attention_bias", False),
    )
    return attention, experts(
        f, formats, layers,
        number="n_routed_experts", width="moe_intermediate_size", router_bias=True,
    )  # fmt: skip


def _minimax(f, formats, layers):
    normed = f.flag("use_qk_norm", True)
    attention = grouped(f, layers, qk_norm=normed, joint_norm=normed)
    return attention, experts(
        f, formats, layers,
        number="num_local_experts", width="intermediate_size", router_bias=True,
    )  # fmt: skip


FAMILIES = (
    Family(architectures=("LlamaForCausalLM",), model_types=("llama",), parts=_llama),
    Family(
        architectures=("MistralForCausalLM", "Mistral3ForConditionalGeneration"),
        model_types=("mistral", "mistral3"),
        parts=_mistral,
    ),
    Family(architectures=("MixtralForCausalLM",), model_types=("mixtral",), parts=_mixtral),
    Family(architectures=("Qwen2ForCausalLM",), model_types=("qwen2",), parts=_qwen2),
    Family(architectures=("Qwen2MoeForCausalLM",), model_types=("qwen2_moe",), parts=_qwen2_moe),
    Family(architectures=("Qwen3ForCausalLM",), model_types=("qwen3",), parts=_qwen3),
    Family(architectures=("Qwen3MoeForCausalLM",), model_types=("qwen3_moe",), parts=_qwen3_moe),
    Family(
        architectures=(
            *("DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", "KimiK2ForCausalLM"),
            "KimiK25ForConditionalGeneration",
        ),
        model_types=("deepseek_v2", "deepseek_v3", "kimi_k2", "kimi_k25"),
        parts=_deepseek,
    ),
    Family(architectures=("GptOssForCausalLM",), model_types=("gpt_oss",), parts=_gpt_oss),
    Family(
        architectures=("Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"),
        model_types=("gemma3", "gemma3_text"),
        parts=_gemma3,
        tied=True,
        norms=4,
        vocabulary=262208,
    ),
    Family(architectures=("Glm4MoeForCausalLM",), model_types=("glm4_moe",), parts=_glm4_moe),
    Family(
        architectures=("MiniMaxM2ForCausalLM",), model_types=("minimax_m2",), parts=_minimax
    ),
)  # fmt: skip


def model_file(path: Path) -> Entry:
    """The model of a config.json; its name is the file's, or its folder's if that is "config".

    Raises CatalogError, naming file, field and remedy, for an architecture that is not known and
    for fields that are missing or contradict each other.
    """
    where = str(path)
    name = path.parent.name if path.stem == "config" else path.stem
    config = read_config(path, where)
    checked = date.fromtimestamp(path.stat().st_mtime)
    return Entry(model_of(config, name=name, checked=checked), where)


def model_of(config: Fields, *, name: str, checked: date) -> LLM:
    """The model that the fields of a config.json describe; raises CatalogError as above."""
    family = _family(config)
    text = config.inside("text_config") or config
    layers = text.count("num_hidden_layers", most=MOST_LAYERS)
    formats = formats_of(config, text, layers)
    attention, moe = family.parts(text, formats, layers)
    tied = config.flag("tie_word_embeddings", family.tied)
    llm = LLM(
        name=name,
        layers=layers,
        hidden=text.count("hidden_size"),
        intermediate=text.count("intermediate_size"),
        vocabulary=text.count("vocab_size", family.vocabulary),
        tied_embeddings=text.flag("tie_word_embeddings", tied),
        norms=family.norms,
        attention=attention,
        experts=moe,
        weight_dtype=formats.plain if moe else formats.experts,
        bytes_per_parameter=formats.plain_bytes if moe else formats.expert_bytes,
        embedding_bytes_per_parameter=formats.table_bytes,
        kv_bytes_per_element=formats.kv_bytes,
        activation_bytes_per_element=2,
        gemm_dtype=formats.gemm,
        source=f"{config.where}, a Hugging Face configuration file",
        checked=checked,
        confidence="medium",
        notes="",
    )
    wrong = impossible(llm)
    if wrong:
        raise CatalogError(f"{config.where}: {wrong}")
    return llm


def _family(config):
    """The family that both `architectures` and `model_type` name, where both are there."""
    named = config.texts("architectures")
    kind = config.text("model_type")
    if not named and kind is None:
        raise config.wrong("architectures", "is missing; give a model's config.json as it stands")
    by_architecture = {name: family for family in FAMILIES for name in family.architectures}
    by_type = {name: family for family in FAMILIES for name in family.model_types}
    if named:
        family = _known(config, "architectures", named[0], by_architecture)
        other = by_type.get(kind)
        if kind is not None and other is not None and other is not family:
            raise config.wrong(
                "model_type", f"= {kind!r} contradicts architectures = {named}; correct one of them"
            )
        return family
    return _known(config, "model_type", kind, by_type)


def _known(config, key, name, families):
    if name not in families:
        near = get_close_matches(name, families, n=1)
        hint = f"closest: {near[0]}; " if near else ""
        raise config.wrong(key, f"= {name!r} is not known; {hint}known are {', '.join(families)}")
    return families[name]

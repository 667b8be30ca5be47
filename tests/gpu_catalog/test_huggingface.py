"""Configuration files of Hugging Face repositories, as they stand, become models."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from gpu_catalog import CatalogError, active_parameters, llm, llms, parameters
from gpu_catalog.huggingface import FAMILIES, model_file

CONFIGS = Path(__file__).parent / "configs"
SHIPPED = sorted(
    path.stem for path in CONFIGS.glob("*.json") if path.stem in {m.name for m in llms()}
)
TOLD_APART = {
    *("aliases", "source", "checked", "confidence", "notes", "reference"),
    *("published_parameters", "published_active"),
}


@pytest.fixture
def read(tmp_path):
    """Reads a config.json that is one of the folder with some fields changed; None removes."""

    def reading(name, **changes):
        table = json.loads((CONFIGS / f"{name}.json").read_text(encoding="utf-8")) | changes
        kept = {key: value for key, value in table.items() if value is not None}
        path = tmp_path / "config.json"
        path.write_text(json.dumps(kept), encoding="utf-8")
        return model_file(path).item

    return reading


@pytest.mark.parametrize("name", SHIPPED)
def test_a_configuration_file_is_the_model_that_ships(name):
    found, ships = model_file(CONFIGS / f"{name}.json").item, llm(name)
    for field in fields(found):
        if field.name not in TOLD_APART:
            assert getattr(found, field.name) == getattr(ships, field.name), field.name


def test_every_family_has_an_example():
    seen = set()
    for path in CONFIGS.glob("*.json"):
        (architecture,) = json.loads(path.read_text(encoding="utf-8"))["architectures"]
        seen |= {i for i, family in enumerate(FAMILIES) if architecture in family.architectures}
    assert seen == set(range(len(FAMILIES)))
    assert len(SHIPPED) == 16


def test_models_that_do_not_ship():
    """Counts as published: 15.7e9 with 2.4e9 active, 57.4e9 with 14e9 active."""
    lite = model_file(CONFIGS / "DeepSeek-V2-Lite.json").item
    assert parameters(lite) == 15_706_484_224
    assert lite.attention.query_latent is None
    qwen = model_file(CONFIGS / "Qwen2-57B-A14B.json").item
    assert parameters(qwen) == pytest.approx(57.41e9, rel=1e-4)
    assert active_parameters(qwen) == pytest.approx(14.2e9, rel=0.01)
    assert qwen.experts.shared == 8  # one block, eight times as wide as an expert


def test_the_folder_names_a_file_that_is_called_config(tmp_path, read):
    assert read("Qwen3-8B").name == tmp_path.name
    assert model_file(CONFIGS / "Qwen3-8B.json").item.name == "Qwen3-8B"


def test_model_type_alone_is_enough(read):
    assert read("Qwen3-8B", architectures=None).attention.qk_norm
    assert read("Qwen3-8B", model_type=None).attention.qk_norm


def test_a_head_is_hidden_over_heads_where_the_file_does_not_say(read):
    assert read("LLaMA-3.1-8B").attention.head_dim == 128
    assert read("LLaMA-3.1-8B", num_key_value_heads=None).attention.kv_heads == 32


def test_a_list_of_layer_types_gives_the_pattern(read):
    local, full = "sliding_attention", "full_attention"
    kinds = ([local] * 3 + [full]) * 8
    changes = {"num_hidden_layers": 32, "sliding_window": 512}
    attention = read("Qwen3-8B", layer_types=kinds, **changes).attention
    assert (attention.window, attention.period, attention.local) == (512, 4, 3)
    with pytest.raises(CatalogError, match="layer_types does not repeat some sliding_attention"):
        read("Qwen3-8B", layer_types=kinds[::-1], **changes)
    plain = read("Qwen3-8B", layer_types=[full] * 36, sliding_window=512).attention
    assert (plain.window, plain.period, plain.local) == (None, 1, 0)


def quantised(method, **more):
    return {"quantization_config": {"quant_method": method, **more}}


def groups(bits, kind, activations=None, **weights):
    group = {"weights": {"num_bits": bits, "type": kind, **weights}}
    return {"config_groups": {"group_0": group | {"input_activations": activations}}}


ANY = {"num_bits": 8}
IN_LAYERS = [f"model.layers.{i}.self_attn" for i in range(48)]


@pytest.mark.parametrize(
    ("changes", "dtype", "size", "gemm"),
    [
        ({}, "bf16", 2, "bf16"),
        ({"torch_dtype": "float32"}, "fp32", 4, "bf16"),
        ({"torch_dtype": None, "dtype": "float16"}, "bf16", 2, "bf16"),
        (quantised("fp8"), "fp8", 1, "fp8"),
        (quantised("awq", bits=4, group_size=128, zero_point=True), "int4", 0.51953125, "bf16"),
        (quantised("gptq", bits=8, group_size=-1), "int8", 1, "bf16"),
        (quantised("modelopt", quant_algo="NVFP4"), "nvfp4", 0.5625, "fp4"),
        (quantised("modelopt", quant_algo="FP8"), "fp8", 1, "fp8"),
        (quantised("compressed-tensors", **groups(8, "float", ANY)), "fp8", 1, "fp8"),
        (quantised("compressed-tensors", **groups(8, "int", ANY)), "int8", 1, "int8"),
        (quantised("compressed-tensors", **groups(4, "float", ANY)), "nvfp4", 0.5625, "fp4"),
        (
            quantised("compressed-tensors", **groups(4, "int", group_size=32)),
            *("int4", 0.5625, "bf16"),
        ),
    ],
)
def test_formats(read, changes, dtype, size, gemm):
    model = read("Qwen3-30B-A3B", **changes)
    assert (model.weight_dtype, model.bytes_per_parameter) == (dtype, size)
    assert (model.experts.weight_dtype, model.experts.bytes_per_parameter) == (dtype, size)
    assert model.gemm_dtype == gemm
    assert model.embedding_bytes_per_parameter == (4 if dtype == "fp32" else 2)


@pytest.mark.parametrize("kept", [["lm_head", "re:.*self_attn.*"], ["self_attn"], IN_LAYERS])
def test_attention_that_is_left_as_it_was_stays_bf16(read, kept):
    model = read("Qwen3-30B-A3B", **quantised("fp8", modules_to_not_convert=kept))
    assert (model.weight_dtype, model.experts.weight_dtype) == ("bf16", "fp8")


def test_attention_of_some_layers_does_not_count(read):
    model = read("Qwen3-30B-A3B", **quantised("fp8", modules_to_not_convert=IN_LAYERS[:3]))
    assert (model.weight_dtype, model.experts.weight_dtype) == ("fp8", "fp8")


def test_a_kv_cache_in_fp8(read):
    scheme = {"num_bits": 8, "type": "float"}
    model = read("Qwen3-8B", **quantised("fp8", kv_cache_scheme=scheme))
    assert model.kv_bytes_per_element == 1
    model = read("Qwen3-8B", **quantised("modelopt", quant_algo="FP8", kv_cache_quant_algo="FP8"))
    assert model.kv_bytes_per_element == 1


MIXED = ["sliding_attention", "linear_attention"]


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("Qwen3-8B", {"architectures": ["Qwen4ForCausalLM"]},
         "architectures = 'Qwen4ForCausalLM' is not known; closest: Qwen"),
        ("Qwen3-8B", {"architectures": None, "model_type": "bert"}, "model_type = 'bert' is not"),
        ("Qwen3-8B", {"architectures": None, "model_type": None}, "architectures is missing"),
        ("Qwen3-8B", {"architectures": "Qwen3ForCausalLM"}, "use a list of texts"),
        ("Qwen3-8B", {"model_type": "llama"}, "model_type = 'llama' contradicts architectures"),
        ("Qwen3-8B", {"hidden_size": None}, "hidden_size is missing; add it"),
        ("Qwen3-8B", {"hidden_size": "4096"}, "hidden_size = '4096'; use a whole number from 1"),
        ("Qwen3-8B", {"hidden_size": True}, "hidden_size = True; use a whole number"),
        ("Qwen3-8B", {"vocab_size": 0}, "vocab_size = 0; use a whole number"),
        ("Qwen3-8B", {"vocab_size": 10**12}, "vocab_size = 1000000000000; use a whole number"),
        ("Qwen3-8B", {"num_hidden_layers": 10**6}, "use a whole number from 1 to 1,000"),
        ("Qwen3-8B", {"num_key_value_heads": 5},
         "num_key_value_heads = 5 does not divide num_attention_heads = 32; correct one of them"),
        ("Qwen3-8B", {"head_dim": None, "hidden_size": 4100},
         "hidden_size = 4100 is no multiple of num_attention_heads = 32"),
        ("Qwen3-8B", {"tie_word_embeddings": "no"}, "tie_word_embeddings = 'no'; use true or fal"),
        ("Qwen3-8B", {"use_sliding_window": True}, "use_sliding_window = true gives windows to t"),
        ("Qwen3-8B", {"layer_types": ["full_attention"]}, "has 1 entries for num_hidden_layers"),
        ("Qwen3-8B", {"layer_types": MIXED * 18}, "has 'linear_attention', which this catalog"),
        ("Qwen3-8B", {"layer_types": ["sliding_attention"] * 36}, "sliding_window is missing, tho"),
        ("Qwen3-8B", {"torch_dtype": "int3"}, "torch_dtype = 'int3'; use one of bfloat16"),
        ("Qwen3-8B", quantised("bitsandbytes"), "quantization_config.quant_method = 'bitsandby"),
        ("Qwen3-8B", quantised("awq", bits=3), "quantization_config.bits = 3; use 4 or 8"),
        ("Qwen3-8B", quantised("modelopt", quant_algo="W4"), "quant_algo = 'W4'; use one of FP8"),
        ("Qwen3-8B", quantised("compressed-tensors"), "quantization_config.config_groups is missi"),
        ("Qwen3-8B", {"quantization_config": 4}, "quantization_config = 4; use an object"),
        ("Qwen3-30B-A3B", {"num_experts_per_tok": 129},
         "num_experts_per_tok = 129 exceeds num_experts = 128; correct one of them"),
        ("Qwen3-30B-A3B", {"num_experts": None}, "num_experts is missing; add it"),
        ("Qwen3-30B-A3B", {"decoder_sparse_step": 2}, "decoder_sparse_step = 2 puts ordinary"),
        ("Qwen3-30B-A3B", {"mlp_only_layers": [3]}, "mlp_only_layers names layers other than"),
        ("Qwen2-57B-A14B", {"shared_expert_intermediate_size": 100}, "= 100 is no multiple of a"),
        ("DeepSeek-V3", {"kv_lora_rank": None}, "kv_lora_rank is missing; add it"),
        ("DeepSeek-V3", {"first_k_dense_replace": 61}, "leaves none of the num_hidden_layers = 61"),
        ("Gemma-3-27B", {"text_config": {}}, "text_config.num_hidden_layers is missing"),
        ("Gemma-3-27B", {"text_config": []}, "text_config = []; use an object"),
    ],
)  # fmt: skip
def test_a_bad_configuration_is_refused_with_file_field_and_remedy(
    read, tmp_path, name, changes, says
):
    with pytest.raises(CatalogError) as refusal:
        read(name, **changes)
    assert str(refusal.value).startswith(f"{tmp_path / 'config.json'}: ")
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "this is not JSON"),
        ("[]", "is no JSON object"),
        ('{"hidden_size": NaN}', "NaN is no number"),
        ("[" * 100_000, "this is not JSON"),
        (" " * 3_000_000, "has 3,000,000 characters, more than 2,000,000"),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path, text, says):
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=says):
        model_file(path)

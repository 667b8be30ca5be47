"""Attention and experts of a model, from the fields of its config.json."""

from gpu_catalog.config_fields import Fields
from gpu_catalog.config_formats import Formats
from gpu_catalog.schema import GroupedQueryAttention, LatentAttention, MixtureOfExperts

_FULL, _LOCAL = "full_attention", "sliding_attention"


def grouped(f: Fields, layers: int, **given) -> GroupedQueryAttention:
    """Grouped-query attention; `given` says what the file does not.

    Raises CatalogError where heads do not divide each other or the width.
    """
    hidden = f.count("hidden_size")
    queries = f.count("num_attention_heads", given.pop("query_heads", None))
    keys = f.count("num_key_value_heads", given.pop("kv_heads", queries))
    if queries % keys:
        raise f.wrong(
            "num_key_value_heads",
            f"= {keys} does not divide num_attention_heads = {queries}; correct one of them",
        )
    width = f.optional_count("head_dim") or given.pop("head_dim", None)
    if width is None:
        if hidden % queries:
            raise f.wrong(
                "hidden_size",
                f"= {hidden} is no multiple of num_attention_heads = {queries}; correct one of "
                "them, or add head_dim",
            )
        width = hidden // queries
    given.pop("head_dim", None)
    window, period, local = _windows(f, layers, given.pop("window", None))
    return GroupedQueryAttention(
        query_heads=queries,
        kv_heads=keys,
        head_dim=width,
        window=window,
        period=period,
        local=local,
        **given,
    )


def _windows(f, layers, usual):
    """Window, period and local layers in it; `usual` is the (window, period, local) of the family.

    The list `layer_types` comes first where there is one; then the pattern of the family.
    """
    window, period, local = usual or (None, 1, 0)
    window = f.optional_count("sliding_window") or window
    kinds = f.texts("layer_types")
    if kinds:
        period, local = _pattern(f, kinds, layers)
    elif f.optional_count("sliding_window_pattern"):
        period = f.count("sliding_window_pattern")
        local = period - 1
    if not local:
        return None, 1, 0
    if window is None:
        raise f.wrong(
            "sliding_window", "is missing, though layers have windows; add it, or correct them"
        )
    return window, period, local


def _pattern(f, kinds, layers):
    """The shortest period of the list, of which the first layers are local."""
    if len(kinds) != layers:
        raise f.wrong(
            "layer_types",
            f"has {len(kinds)} entries for num_hidden_layers = {layers}; correct one of them",
        )
    unknown = sorted(set(kinds) - {_FULL, _LOCAL})
    if unknown:
        raise f.wrong(
            "layer_types",
            f"has {unknown[0]!r}, which this catalog cannot describe; use {_FULL} and {_LOCAL}",
        )
    if _LOCAL not in kinds:
        return 1, 0
    for period in range(1, layers + 1):
        local = kinds[:period].count(_LOCAL)
        if all((kind == _LOCAL) == (i % period < local) for i, kind in enumerate(kinds)):
            return period, local
    raise f.wrong(
        "layer_types",
        f"does not repeat some {_LOCAL} and then some {_FULL}; write a TOML entry that comes close",
    )


def no_windows_in_some_layers(f: Fields) -> None:
    """Raises CatalogError for Qwen's windows in the later layers alone."""
    if f.flag("use_sliding_window", False) and not f.texts("layer_types"):
        raise f.wrong(
            "use_sliding_window",
            "= true gives windows to the layers from max_window_layers on, which this catalog "
            "cannot describe; set it to false",
        )


def latent(f: Fields) -> LatentAttention:
    """Multi-head latent attention."""
    return LatentAttention(
        query_heads=f.count("num_attention_heads"),
        latent=f.count("kv_lora_rank"),
        query_latent=f.optional_count("q_lora_rank"),
        rope_head_dim=f.count("qk_rope_head_dim"),
        plain_head_dim=f.count("qk_nope_head_dim"),
        value_head_dim=f.count("v_head_dim"),
    )


def experts(
    f: Fields, formats: Formats, layers: int, *, number: str, width: str, **given
) -> MixtureOfExperts:
    """The experts.

    Parameters
    ----------
    number, width : the fields that hold the number of routed experts, and their inner width

    Raises CatalogError where more experts are visited than there are, or no layer has any.
    """
    total, active = f.count(number), f.count("num_experts_per_tok")
    if active > total:
        raise f.wrong(
            "num_experts_per_tok", f"= {active} exceeds {number} = {total}; correct one of them"
        )
    if f.count("moe_layer_freq", 1) != 1 or f.count("decoder_sparse_step", 1) != 1:
        key = "moe_layer_freq" if f.count("moe_layer_freq", 1) != 1 else "decoder_sparse_step"
        raise f.wrong(
            key,
            f"= {f.count(key)} puts ordinary blocks between those with experts, which this catalog "
            "cannot describe; use 1",
        )
    dense = _dense_layers(f)
    if dense >= layers:
        raise f.wrong(
            "first_k_dense_replace" if "first_k_dense_replace" in f.table else "mlp_only_layers",
            f"leaves none of the num_hidden_layers = {layers} with experts; correct one of them",
        )
    inner = f.count(width)
    return MixtureOfExperts(
        experts=total,
        active=active,
        intermediate=inner,
        shared=_shared(f, inner),
        dense_layers=dense,
        weight_dtype=formats.experts,
        bytes_per_parameter=formats.expert_bytes,
        **given,
    )


def _dense_layers(f):
    listed = f.counts("mlp_only_layers")
    if sorted(listed) != list(range(len(listed))):
        raise f.wrong(
            "mlp_only_layers",
            "names layers other than the first ones, which this catalog cannot describe; use "
            "leading layers, or none",
        )
    return len(listed) or f.count("first_k_dense_replace", 0, least=0)


def _shared(f, inner):
    """Shared experts, in units of a routed one."""
    width = f.count("shared_expert_intermediate_size", 0, least=0)
    if width % inner:
        raise f.wrong(
            "shared_expert_intermediate_size",
            f"= {width} is no multiple of a routed expert's {inner}, which this catalog cannot "
            "describe; write a TOML entry that comes close",
        )
    return width // inner or f.count("n_shared_experts", 0, least=0)

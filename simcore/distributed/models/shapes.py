"""What transformers look like: the dimensions that say what is computed and what is sent."""

from dataclasses import dataclass
from difflib import get_close_matches

import gpu_catalog
from simcore.errors import ScenarioError


@dataclass(frozen=True, kw_only=True)
class TransformerShape:
    """A transformer of equal layers.

    Attributes
    ----------
    name : what screens say
    layers, hidden : depth, and width of the residual stream
    heads, kv_heads, head_dim : query heads, the key-value heads they share, width of a head
    intermediate : inner width of the feed-forward block, or of one expert
    outputs : rows of the output head: the vocabulary, or the classes of images
    gated : whether the feed-forward block has a gate (three matrices, not two)
    causal : whether a position looks back only
    experts, active : experts of each layer, and how many of them each token visits; 0: dense
    patch_values : numbers in one patch of an image, projected to `hidden`; 0: tokens are looked up
    value_bytes : of one weight and of one activation [byte]
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    outputs: int
    gated: bool = True
    causal: bool = True
    experts: int = 0
    active: int = 1
    patch_values: int = 0
    value_bytes: int = 4


# As their configuration files and papers state them, computed in 32 bits as on a CPU.
SHAPES = {
    shape.name: shape
    for shape in (
        # meta-llama/Llama-3.2-1B, config.json.
        TransformerShape(
            name="Llama-3.2-1B",
            layers=16,
            hidden=2048,
            heads=32,
            kv_heads=8,
            head_dim=64,
            intermediate=8192,
            outputs=128256,
        ),
        # Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021, table 1.
        TransformerShape(
            name="ViT-Base",
            layers=12,
            hidden=768,
            heads=12,
            kv_heads=12,
            head_dim=64,
            intermediate=3072,
            outputs=1000,
            gated=False,
            causal=False,
            patch_values=768,
        ),
        # Small enough to be computed with real values in a moment.
        TransformerShape(
            name="small Llama",
            layers=4,
            hidden=48,
            heads=8,
            kv_heads=4,
            head_dim=6,
            intermediate=80,
            outputs=97,
        ),
        TransformerShape(
            name="small ViT",
            layers=3,
            hidden=40,
            heads=5,
            kv_heads=5,
            head_dim=8,
            intermediate=72,
            outputs=10,
            gated=False,
            causal=False,
            patch_values=48,
        ),
        TransformerShape(
            name="small mixture of experts",
            layers=3,
            hidden=48,
            heads=8,
            kv_heads=4,
            head_dim=6,
            intermediate=32,
            outputs=97,
            experts=6,
            active=2,
        ),
    )
}


def shape_named(name: str) -> TransformerShape:
    """The shape of that name: one of `SHAPES`, or a model of the catalog.

    Raises
    ------
    ScenarioError
        No model whose layers are alike, in BF16, is called so.
    """
    if name in SHAPES:
        return SHAPES[name]
    known = _of_catalog()
    if name in known:
        return known[name]
    names = shape_names()
    near = get_close_matches(str(name), names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ScenarioError(
        f"unknown model {name!r}; {hint}use one of {', '.join(names)}", field="model"
    )


def shape_names() -> tuple[str, ...]:
    """Every name that `shape_named` knows."""
    return (*SHAPES, *_of_catalog())


def _of_catalog():
    return {llm.name: _shape_of(llm) for llm in gpu_catalog.llms() if _is_plain(llm)}


def _is_plain(llm):
    attention, experts = llm.attention, llm.experts
    grouped = isinstance(attention, gpu_catalog.GroupedQueryAttention) and not attention.window
    alike = experts is None or (experts.dense_layers == 0 and experts.shared == 0)
    formats = {llm.weight_dtype, experts.weight_dtype if experts else "bf16"}
    return grouped and alike and formats == {"bf16"}


def _shape_of(llm):
    experts = llm.experts
    return TransformerShape(
        name=llm.name,
        layers=llm.layers,
        hidden=llm.hidden,
        heads=llm.attention.query_heads,
        kv_heads=llm.attention.kv_heads,
        head_dim=llm.attention.head_dim,
        intermediate=experts.intermediate if experts else llm.intermediate,
        outputs=llm.vocabulary,
        experts=experts.experts if experts else 0,
        active=experts.active if experts else 1,
        value_bytes=2,
    )

"""Tensor parallelism: every rank holds some heads and some columns of every layer.

Shoeybi et al., "Megatron-LM", arXiv:1909.08053.
"""

from simcore.distributed.algorithms.base import Formula, Settings, register, run_seconds
from simcore.distributed.algorithms.closed_forms import activation_bytes, ring_all_reduce_s
from simcore.distributed.models import costs, shares
from simcore.distributed.network import Star


def block(comm, layer, x):
    """One layer, shared by the ranks of `comm`: two all-reduces."""
    layer = layer.sharded(comm.rank, comm.size)
    x = x + comm.all_reduce(layer.attention(x))
    return x + comm.all_reduce(layer.feed_forward(x))


def layer_seconds(settings: Settings, ranks: int, rows_of_batch: int) -> float:
    """Computing one layer of so many sequences, shared by `ranks` [s]."""
    shape, device = settings.shape, settings.known_device
    share = costs.Share(
        kv_heads=shares(shape.kv_heads, ranks)[0], columns=shares(shape.intermediate, ranks)[0]
    )
    tokens = settings.tokens
    parts = costs.layer(shape, share, batch=rows_of_batch, seeing=tokens, seen=tokens)
    return sum(device.seconds(part) for part in parts)


def _seconds(settings: Settings, star: Star) -> float:
    shape, device = settings.shape, settings.known_device
    reduced = ring_all_reduce_s(activation_bytes(settings), settings.ranks, star)
    layer = layer_seconds(settings, settings.ranks, settings.batch) + 2 * reduced
    return (
        device.seconds(costs.embedding(shape, settings.batch * settings.tokens))
        + shape.layers * layer
        + device.seconds(costs.head(shape, settings.batch))
    )


def check_heads(settings: Settings, ranks: int, field: str) -> None:
    """Every rank needs a key-value head, and the layers must be dense."""
    shape = settings.shape
    settings.need(
        ranks <= shape.kv_heads,
        f"{field} = {ranks}: {shape.name} has {shape.kv_heads} key-value heads to share; "
        f"use {field} up to {shape.kv_heads}",
        field,
    )
    settings.need(
        shape.experts == 0,
        f"{shape.name} has experts; take the algorithm expert-parallel, or a dense model",
        "model",
    )


def _check(settings):
    check_heads(settings, settings.ranks, "ranks")


@register(
    "tensor-parallel",
    label="Tensor parallel",
    text="Every rank holds some heads and some feed-forward columns of every layer; two "
    "all-reduces of all activations in each layer put the parts together.",
    uses=("ranks", "tokens", "batch"),
    formula=Formula(
        text="t_embed + L·(t_layer/P + 2·2(P−1)(α + M/(P·B))) + t_head; M: all activations of the "
        "batch [byte]",
        quantity="until the last rank ends",
        seconds=_seconds,
        measured=run_seconds,
    ),
    check=_check,
)
def tensor_parallel(comm, model, inputs, settings):
    """Outputs of the model, on every rank."""
    return model(inputs, lambda layer, x: block(comm, layer, x))

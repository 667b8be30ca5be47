"""Voltage and what became of it: ranks share out the positions, and gather before each layer.

Hu & Li, "When the Edge Meets Transformers: Distributed Inference with Transformer Models",
ICDCS 2024.
"""

from collections.abc import Callable

from simcore.distributed.algorithms.base import Formula, Settings, run_seconds
from simcore.distributed.models import costs, shares
from simcore.distributed.network import Star


def position_wise(comm, model, inputs, *, gather: Callable, overlapped: bool):
    """Outputs on the rank that holds the position which answers, None on the others.

    Every rank computes the queries, attention and feed-forward blocks of its own positions, and the
    keys and values of all of them, for which it gathers all activations before each layer but the
    first, whose inputs everyone has.

    Parameters
    ----------
    gather : one of `gathers`
    overlapped : whether queries are computed meanwhile, as they need one's own positions only
    """
    batch, positions = inputs.shape[0], model.positions(inputs)
    bounds = shares(positions, comm.size)
    start, stop = bounds[comm.rank]
    everything = model.embed(inputs)
    x = model.maths.cut(everything, start, stop)
    for layer in model.layers:
        if everything is None:
            into = [model.maths.room(batch, b - a) for a, b in bounds]
            if overlapped:
                gathering = gather(comm, x, into, wait=False)
                queries = layer.queries(x, start)
                pieces = gathering.wait()
            else:
                pieces = gather(comm, x, into, wait=True)
                queries = layer.queries(x, start)
            everything = model.maths.joined(pieces)
        else:
            queries = layer.queries(x, start)
        attended = layer.attend(queries, layer.keys_values(everything), start)
        x = x + layer.output(attended)
        x = x + layer.feed_forward(x)
        everything = None
    return model.head(x) if start <= model.answering(positions) < stop else None


def closed_form(
    settings: Settings, star: Star, *, gathering_s: Callable, overlapped: bool
) -> float:
    """(L−1) gatherings and L layers, less what is hidden [s]; `gathering_s` of (bytes, P, star)."""
    parts = closed_form_parts(settings, star, gathering_s=gathering_s)
    hidden = min(parts["gathering"], parts["queries"]) if overlapped else 0.0
    between = settings.shape.layers - 1
    return parts["ends"] + parts["computing"] + between * (parts["gathering"] - hidden)


def closed_form_parts(settings: Settings, star: Star, *, gathering_s: Callable) -> dict[str, float]:
    """Seconds of one gathering, of the queries of one layer, of all layers, and of both ends."""
    shape, device = settings.shape, settings.known_device
    start, stop = shares(settings.tokens, settings.ranks)[0]
    mine, batch = stop - start, settings.batch
    layer = costs.layer(shape, costs.whole(shape), batch=batch, seeing=mine, seen=settings.tokens)
    piece = batch * mine * shape.hidden * shape.value_bytes
    ends = costs.embedding(shape, batch * settings.tokens), costs.head(shape, batch)
    return {
        "gathering": gathering_s(piece, settings.ranks, star) if settings.ranks > 1 else 0.0,
        "queries": device.seconds(layer[0]),
        "computing": shape.layers * sum(device.seconds(part) for part in layer),
        "ends": sum(device.seconds(end) for end in ends),
    }


def formula(text: str, *, gathering_s: Callable, overlapped: bool) -> Formula:
    """The closed form of one of the family."""

    def seconds(settings, star):
        return closed_form(settings, star, gathering_s=gathering_s, overlapped=overlapped)

    return Formula(
        text=text,
        quantity="until the last rank ends",
        seconds=seconds,
        measured=run_seconds,
    )


def check(settings: Settings) -> None:
    """Every rank needs a position, and the layers must be dense."""
    settings.need(
        settings.ranks <= settings.tokens,
        f"ranks = {settings.ranks}: there are {settings.tokens} positions to share out; use more "
        "tokens, or fewer ranks",
        "ranks",
    )
    shape = settings.shape
    settings.need(
        shape.experts == 0,
        f"{shape.name} has experts; take the algorithm expert-parallel, or a dense model",
        "model",
    )

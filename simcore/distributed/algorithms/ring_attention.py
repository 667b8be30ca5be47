"""Ring attention: ranks share out the positions; keys and values go around a ring.

Liu, Zaharia & Abbeel, "Ring Attention with Blockwise Transformers for Near-Infinite Context",
arXiv:2310.01889.
"""

from simcore.distributed.algorithms.base import Formula, Settings, register, run_seconds
from simcore.distributed.algorithms.closed_forms import message_s
from simcore.distributed.algorithms.position_wise import check
from simcore.distributed.models import costs, shares


def ring(comm, layer, queries, mine, bounds):
    """Attention of the positions of this rank over all that they may see.

    Each block of keys and values is passed on while it is attended to. What lies wholly behind the
    causal mask is passed on only.
    """
    to, source = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    start = bounds[comm.rank][0]
    maths, causal = layer.maths, layer.model.shape.causal
    attended, block = None, mine
    for step in range(comm.size):
        owner = (comm.rank - step) % comm.size
        moving = []
        if step < comm.size - 1:
            begin, stop = bounds[(owner - 1) % comm.size]
            room = maths.room_for_keys_values(queries.shape[0], stop - begin)
            moving = [comm.irecv(room, source, tag=step), comm.isend(block, to, tag=step)]
        if owner <= comm.rank or not causal:
            part = layer.partial(queries, block, start, bounds[owner][0])
            attended = part if attended is None else layer.merged(attended, part)
        for work in moving:
            work.wait()
        if moving:
            block = room
    return layer.finished(attended)


def _seconds(settings, star):
    shape, device, ranks = settings.shape, settings.known_device, settings.ranks
    start, stop = shares(settings.tokens, ranks)[0]
    mine, batch = stop - start, settings.batch
    parts = costs.layer(shape, costs.whole(shape), batch=batch, seeing=mine, seen=mine)
    attending = device.seconds(parts[2])
    rest = sum(device.seconds(part) for part in parts) - attending
    block = 2 * batch * mine * shape.kv_heads * shape.head_dim * shape.value_bytes
    around = (ranks - 1) * max(attending, message_s(block, star)) + attending
    return (
        device.seconds(costs.embedding(shape, batch * mine))
        + shape.layers * (rest + around)
        + device.seconds(costs.head(shape, batch))
    )


@register(
    "ring-attention",
    label="Ring attention",
    text="Every rank computes its own positions, keys and values included; blocks of keys and "
    "values go around a ring, each passed on while it is attended to.",
    uses=("ranks", "tokens", "batch"),
    formula=Formula(
        text="t_embed + L·(t_rest + (P−1)·max(a, α + K/B) + a) + t_head; a: attention over one "
        "block of keys and values, K its size [byte]",
        quantity="until the last rank ends",
        seconds=_seconds,
        measured=run_seconds,
    ),
    defaults=Settings(tokens=1024),
    check=check,
)
def ring_attention(comm, model, inputs, settings):
    """Outputs on the rank that holds the position which answers, None on the others."""
    positions = model.positions(inputs)
    bounds = shares(positions, comm.size)
    start, stop = bounds[comm.rank]
    x = model.embed(inputs, start, stop)
    for layer in model.layers:
        queries = layer.queries(x, start)
        x = x + layer.output(ring(comm, layer, queries, layer.keys_values(x, start), bounds))
        x = x + layer.feed_forward(x)
    return model.head(x) if start <= model.answering(positions) < stop else None

"""Expert parallelism: ranks share out sequences and experts; tokens travel to their experts.

Lepikhin et al., "GShard", ICLR 2021; Shazeer et al., "Outrageously large neural networks",
ICLR 2017, for the mixture itself.
"""

import numpy as np

from simcore.distributed.algorithms.base import Formula, Settings, register, run_seconds
from simcore.distributed.algorithms.closed_forms import message_s
from simcore.distributed.models import costs, shares

COUNT_BYTES = 8


def visit_experts(comm, layer, x):
    """What the experts add to `x`: counts, then tokens, go out, and answers come back."""
    maths = layer.maths
    chosen, weights = layer.route(x)
    rows_of = [np.flatnonzero((chosen == e).any(axis=1)) for e in range(layer.model.shape.experts)]
    going = np.array([len(rows) for rows in rows_of], np.int64)
    held = shares(len(rows_of), comm.size)
    first, last = held[comm.rank]

    room = [np.empty(last - first, np.int64) for _ in held]
    coming = comm.all_to_all([going[a:b] for a, b in held], into=room)
    tokens = comm.all_to_all(
        [maths.rows_for(layer.index, x, np.concatenate(rows_of[a:b])) for a, b in held],
        into=[maths.room_for_rows(int(counts.sum())) for counts in coming],
    )
    by_source = [
        maths.cut_rows(rows, counts.tolist()) for rows, counts in zip(tokens, coming, strict=True)
    ]
    by_expert = []
    with layer.model.as_one():
        for expert, parts in enumerate(zip(*by_source, strict=True)):
            answers = layer.expert(first + expert, maths.joined_rows(parts))
            by_expert.append(maths.cut_rows(answers, [int(c[expert]) for c in coming]))
    back = comm.all_to_all(
        [maths.joined_rows(parts) for parts in zip(*by_expert, strict=True)],
        into=[maths.room_for_rows(int(going[a:b].sum())) for a, b in held],
    )
    answers = []
    for rows, (a, b) in zip(back, held, strict=True):
        answers += maths.cut_rows(rows, going[a:b].tolist())
    return maths.combined(x, chosen, weights, answers)


def _seconds(settings, star):
    shape, device, ranks = settings.shape, settings.known_device, settings.ranks
    batch, tokens = shares(settings.batch, ranks)[0][1], settings.tokens
    rows = batch * tokens
    share = costs.whole(shape)
    attention = costs.layer(shape, share, batch=batch, seeing=tokens, seen=tokens)[:4]
    held = shares(shape.experts, ranks)[0][1]
    sent = rows * shape.active * held / shape.experts
    each = costs.feed_forward(shape, share, rows * shape.active * ranks // shape.experts)
    row_bytes = shape.hidden * shape.value_bytes
    exchanges = 0.0
    if ranks > 1:
        exchanges = message_s((ranks - 1) * held * COUNT_BYTES, star)
        exchanges += 2 * message_s((ranks - 1) * sent * row_bytes, star)
    layer = (
        sum(device.seconds(part) for part in attention)
        + device.seconds(costs.routing(shape, rows))
        + held * device.seconds(each)
        + exchanges
    )
    return (
        device.seconds(costs.embedding(shape, rows))
        + shape.layers * layer
        + device.seconds(costs.head(shape, batch))
    )


def _check(settings):
    shape = settings.shape
    settings.need(shape.experts > 0, f"{shape.name} has no experts; take a mixture", "model")
    settings.need(
        settings.ranks <= shape.experts,
        f"ranks = {settings.ranks}: {shape.name} has {shape.experts} experts to share; use ranks "
        f"up to {shape.experts}",
        "ranks",
    )
    settings.need(
        settings.ranks <= settings.batch,
        f"ranks = {settings.ranks}: there are {settings.batch} sequences to share; raise batch, or "
        "use fewer ranks",
        "ranks",
    )


@register(
    "expert-parallel",
    label="Expert parallel",
    text="Ranks share out the sequences, and the experts of every layer. Each token is sent to the "
    "ranks of the experts that it visits, and their answers come back: two all-to-alls.",
    uses=("ranks", "tokens", "batch"),
    formula=Formula(
        text="t_embed + L·(t_attention + t_route + t_experts + 2·(α + (P−1)·m/B) + α + (P−1)·c/B) "
        "+ t_head; m: tokens for one rank's experts, c: their counts [byte]; tokens spread evenly",
        quantity="until the last rank ends",
        seconds=_seconds,
        measured=run_seconds,
    ),
    defaults=Settings(model="Mixtral-8x7B", layers=4, batch=4),
    check=_check,
)
def expert_parallel(comm, model, inputs, settings):
    """Outputs of this rank's sequences."""
    mine = model.maths.split_batch(inputs, [shares(inputs.shape[0], comm.size)[comm.rank]])[0]

    def block(layer, x):
        x = x + layer.attention(x)
        return x + visit_experts(comm, layer, x)

    return model(mine, block)

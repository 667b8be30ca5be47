"""Pipeline parallelism: every rank holds some layers; micro-batches follow each other through them.

Huang et al., "GPipe", NeurIPS 2019, section 2.3.
"""

from simcore.distributed.algorithms.base import Formula, Settings, register, run_seconds
from simcore.distributed.algorithms.closed_forms import message_s
from simcore.distributed.algorithms.tensor_parallel import layer_seconds
from simcore.distributed.models import costs, shares
from simcore.distributed.network import Star


def pipeline(comm, model, inputs, micro_batches, block):
    """Outputs of each micro-batch on the last rank of `comm`, None on the others.

    What arrives next is asked for before what is there is computed, and what is computed is sent
    while the next is: transfers hide behind computing.
    """
    layers = _mine(model.layers, comm)
    bounds = shares(inputs.shape[0], micro_batches)
    positions = model.positions(inputs)
    first, last = comm.rank == 0, comm.rank == comm.size - 1
    pieces = model.maths.split_batch(inputs, bounds) if first else None

    def ask(index):
        if first or index == len(bounds):
            return None
        start, stop = bounds[index]
        return comm.irecv(model.maths.room(stop - start, positions), comm.rank - 1, tag=index)

    outputs, sent, coming = [], [], ask(0)
    for index in range(len(bounds)):
        x = model.embed(pieces[index]) if first else coming.wait()
        coming = ask(index + 1)
        for layer in layers:
            x = block(layer, x)
        if last:
            outputs.append(model.head(x))
        else:
            sent.append(comm.isend(x, comm.rank + 1, tag=index))
    for work in sent:
        work.wait()
    return outputs if last else None


def plain_block(layer, x):
    """One layer on one rank."""
    with layer.model.as_one():
        x = x + layer.attention(x)
        return x + layer.feed_forward(x)


def pipeline_seconds(settings: Settings, star: Star, stages: int, layer_s: float) -> float:
    """Sum of all stages and transfers, then the slowest of them for each other micro-batch [s]."""
    shape, device, count = settings.shape, settings.known_device, settings.micro_batches
    sequences = shares(settings.batch, count)[0][1]
    rows = sequences * settings.tokens
    stage_s = [(stop - start) * layer_s for start, stop in shares(shape.layers, stages)]
    stage_s[0] += device.seconds(costs.embedding(shape, rows))
    stage_s[-1] += device.seconds(costs.head(shape, sequences))
    passed = [message_s(rows * shape.hidden * shape.value_bytes, star)] * (stages - 1)
    return sum(stage_s) + sum(passed) + (count - 1) * max(stage_s + passed)


def check_stages(settings: Settings, stages: int) -> None:
    """Every stage needs a layer."""
    shape = settings.shape
    settings.need(
        stages <= shape.layers,
        f"{stages} stages for the {shape.layers} layers of {shape.name}; use {shape.layers} or "
        "fewer",
        "ranks",
    )


def check_micro_batches(settings: Settings) -> None:
    """Every micro-batch needs a sequence."""
    settings.need(
        settings.micro_batches <= settings.batch,
        f"micro_batches = {settings.micro_batches}: there are only {settings.batch} sequences to "
        f"cut; raise batch, or use micro_batches up to {settings.batch}",
        "micro_batches",
    )


def _mine(layers, comm):
    start, stop = shares(len(layers), comm.size)[comm.rank]
    return layers[start:stop]


def _check(settings):
    check_stages(settings, settings.ranks)
    check_micro_batches(settings)


def _seconds(settings, star):
    sequences = shares(settings.batch, settings.micro_batches)[0][1]
    layer_s = layer_seconds(settings, 1, sequences)
    return pipeline_seconds(settings, star, settings.ranks, layer_s)


@register(
    "pipeline-parallel",
    label="Pipeline parallel",
    text="Every rank holds some layers. The batch is cut into micro-batches, which follow each "
    "other through the ranks; activations travel while the next micro-batch is computed.",
    uses=("ranks", "tokens", "batch", "micro_batches"),
    formula=Formula(
        text="Σ t_stage + (P−1)·c + (m−1)·max(t_stage, c), c = α + M/B; M: activations of one of m "
        "micro-batches [byte]",
        quantity="until the last rank ends",
        seconds=_seconds,
        measured=run_seconds,
    ),
    defaults=Settings(batch=8, micro_batches=8),
    check=_check,
)
def pipeline_parallel(comm, model, inputs, settings):
    """Outputs of each micro-batch on the last rank, None on the others."""
    return pipeline(comm, model, inputs, settings.micro_batches, plain_block)

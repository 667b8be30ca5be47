"""Stages of several ranks: tensor parallelism inside each, a pipeline between them.

Narayanan et al., "Efficient large-scale language model training on GPU clusters using
Megatron-LM", SC 2021, section 3.
"""

from simcore.distributed.algorithms.base import Formula, Settings, register, run_seconds
from simcore.distributed.algorithms.closed_forms import (
    activation_bytes,
    ring_all_gather_s,
    ring_all_reduce_s,
)
from simcore.distributed.algorithms.pipeline_parallel import (
    check_micro_batches,
    check_stages,
    pipeline,
    pipeline_seconds,
)
from simcore.distributed.algorithms.tensor_parallel import block, check_heads, layer_seconds
from simcore.distributed.models import shares

SPLIT_BYTES = 24  # what each rank tells the others to form groups


def _seconds(settings, star):
    sequences = shares(settings.batch, settings.micro_batches)[0][1]
    activations = activation_bytes(settings) * sequences / settings.batch
    reduced = ring_all_reduce_s(activations, settings.tp, star)
    layer_s = layer_seconds(settings, settings.tp, sequences) + 2 * reduced
    stages = settings.ranks // settings.tp
    splitting = 2 * ring_all_gather_s(SPLIT_BYTES, settings.ranks, star)
    return splitting + pipeline_seconds(settings, star, stages, layer_s)


def _check(settings):
    check_heads(settings, settings.tp, "tp")
    settings.need(
        settings.ranks % settings.tp == 0,
        f"tp = {settings.tp} does not divide {settings.ranks} ranks into stages",
        "tp",
    )
    check_stages(settings, settings.ranks // settings.tp)
    check_micro_batches(settings)


@register(
    "tensor-pipeline",
    label="Tensor and pipeline parallel",
    text="Ranks form stages of tp ranks. Inside a stage each layer is shared, with two "
    "all-reduces; from stage to stage micro-batches follow each other.",
    uses=("ranks", "tokens", "batch", "micro_batches", "tp"),
    formula=Formula(
        text="as a pipeline whose layers take t_layer/tp + 2·2(tp−1)(α + M/(tp·B)); two "
        "gatherings form the groups; transfers that share a wire with all-reduces take longer",
        quantity="until the last rank ends",
        seconds=_seconds,
        measured=run_seconds,
        exact=False,
    ),
    defaults=Settings(batch=8, micro_batches=8),
    check=_check,
)
def tensor_pipeline(comm, model, inputs, settings):
    """Outputs of each micro-batch on the ranks of the last stage, None on the others."""
    team = comm.split(comm.rank // settings.tp)
    line = comm.split(comm.rank % settings.tp)

    def shared_block(layer, x):
        return block(team, layer, x)

    return pipeline(line, model, inputs, settings.micro_batches, shared_block)

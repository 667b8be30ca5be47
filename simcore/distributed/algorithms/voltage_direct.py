"""Voltage, whose activations go straight to everyone: one latency in each layer."""

from simcore.distributed.algorithms.base import Settings, register
from simcore.distributed.algorithms.closed_forms import direct_all_gather_s
from simcore.distributed.algorithms.gathers import direct_gather
from simcore.distributed.algorithms.position_wise import check, formula, position_wise


@register(
    "voltage-direct",
    label="Voltage, direct gather",
    text="As Voltage, but every rank sends its activations to all others at once: one latency in "
    "each layer, not one for each step of a ring.",
    uses=("ranks", "tokens", "batch"),
    formula=formula(
        "t_embed + L·t_layer + (L−1)·A + t_head, A = α + (P−1)·M/(P·B); M: all activations [byte]",
        gathering_s=direct_all_gather_s,
        overlapped=False,
    ),
    defaults=Settings(),
    check=check,
)
def voltage_direct(comm, model, inputs, settings):
    """Outputs on the rank that holds the position which answers, None on the others."""
    return position_wise(comm, model, inputs, gather=direct_gather, overlapped=False)

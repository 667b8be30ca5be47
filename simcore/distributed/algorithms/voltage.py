"""Voltage: each rank computes some positions, and gathers all activations before each layer."""

from simcore.distributed.algorithms.base import Settings, register
from simcore.distributed.algorithms.closed_forms import ring_all_gather_s
from simcore.distributed.algorithms.gathers import collective_gather
from simcore.distributed.algorithms.position_wise import check, formula, position_wise


@register(
    "voltage",
    label="Voltage",
    text="Every rank computes its own positions, with all weights; before each layer all ranks "
    "gather the activations of all positions, around a ring.",
    uses=("ranks", "tokens", "batch"),
    formula=formula(
        "t_embed + L·t_layer + (L−1)·A + t_head, A = (P−1)(α + M/(P·B)); M: all activations [byte]",
        gathering_s=ring_all_gather_s,
        overlapped=False,
    ),
    defaults=Settings(),
    check=check,
)
def voltage(comm, model, inputs, settings):
    """Outputs on the rank that holds the position which answers, None on the others."""
    return position_wise(comm, model, inputs, gather=collective_gather, overlapped=False)

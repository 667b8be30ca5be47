"""Kilovolts, whose activations go straight to everyone: one latency in each layer."""

from simcore.distributed.algorithms.base import Settings, register
from simcore.distributed.algorithms.closed_forms import direct_all_gather_s
from simcore.distributed.algorithms.gathers import direct_gather
from simcore.distributed.algorithms.position_wise import check, formula, position_wise


@register(
    "kilovolts-direct",
    label="Kilovolts, direct gather",
    text="As Kilovolts, but every rank sends its activations to all others at once.",
    uses=("ranks", "tokens", "batch"),
    formula=formula(
        "t_Voltage − (L−1)·min(A, q), both with a direct gather: A = α + (P−1)·M/(P·B)",
        gathering_s=direct_all_gather_s,
        overlapped=True,
    ),
    defaults=Settings(),
    check=check,
)
def kilovolts_direct(comm, model, inputs, settings):
    """Outputs on the rank that holds the position which answers, None on the others."""
    return position_wise(comm, model, inputs, gather=direct_gather, overlapped=True)

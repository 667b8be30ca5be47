"""Kilovolts: Voltage, whose query projection is computed while activations are gathered.

Eldenk & Xia, "Uniference", arXiv:2603.26469."""

from simcore.distributed.algorithms.base import Settings, register
from simcore.distributed.algorithms.closed_forms import ring_all_gather_s
from simcore.distributed.algorithms.gathers import collective_gather
from simcore.distributed.algorithms.position_wise import check, formula, position_wise


@register(
    "kilovolts",
    label="Kilovolts",
    text="As Voltage, but the queries of one's own positions are computed while the activations of "
    "the others arrive.",
    uses=("ranks", "tokens", "batch"),
    formula=formula(
        "t_Voltage − (L−1)·min(A, q); A: an all-gather, q: the queries of one's own positions",
        gathering_s=ring_all_gather_s,
        overlapped=True,
    ),
    defaults=Settings(),
    check=check,
)
def kilovolts(comm, model, inputs, settings):
    """Outputs on the rank that holds the position which answers, None on the others."""
    return position_wise(comm, model, inputs, gather=collective_gather, overlapped=True)

"""Topologies by name."""

from simcore.topologies.base import TOPOLOGIES, Fleet
from simcore.topologies.reference import ReferenceFabric


@TOPOLOGIES.register("reference")
def reference(fleet: Fleet) -> ReferenceFabric:
    """The specification's drawing, with one GPU per stage."""
    return ReferenceFabric(
        prefill_gpus=fleet.prefill.gpus,
        decode_gpus=fleet.decode.gpus,
        prefill_nics=fleet.nics,
        link=fleet.link,
        full_duplex=fleet.full_duplex,
    )

"""Fleets to build topologies for."""

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Place, Placement, PoolSize

GPUS = ("NVIDIA H100", "NVIDIA GB200", "AMD Instinct MI300X", "NVIDIA L40S")
"""One of each kind of machine: a topology is about one of them, or does not mind."""


def fleet(prefill="NVIDIA H100", decode=None, *, stages=4, ranks=8, **changes):
    """A fleet with as many GPUs in either pool, unless `decode_stages` or `decode_ranks` say so."""
    decode_stages = changes.pop("decode_stages", stages)
    decode_ranks = changes.pop("decode_ranks", ranks)
    values = {
        "placement": Placement.ACROSS,
        "nics": 4,
        "mapping": NicMapping.MODULO,
        "oversubscription": 1.0,
        "link": gpu_catalog.link,
        "full_duplex": True,
    }
    return Fleet(
        prefill=PoolSize(name="prefill", gpu=gpu_catalog.gpu(prefill), stages=stages, ranks=ranks),
        decode=PoolSize(
            name="decode",
            gpu=gpu_catalog.gpu(decode or prefill),
            stages=decode_stages,
            ranks=decode_ranks,
        ),
        **{**values, **changes},
    )


def built(name, **changes):
    """The topology of that name, for a fleet of the first of `GPUS` that it is about."""
    for gpu in GPUS:
        try:
            return TOPOLOGIES[name](fleet(gpu, **changes))
        except ScenarioError as error:
            if error.field != "topology":
                raise
    raise AssertionError(f"{name} is about none of {', '.join(GPUS)}")


def prefill(rank):
    return Place("prefill", rank)


def decode(rank):
    return Place("decode", rank)


def names(path):
    """Of the channels of a path."""
    return [channel.name for channel in path]


def whole(fabric, pool):
    """All places of a pool, by rank."""
    return sorted(
        (place for place in fabric.places if place.pool == pool), key=lambda place: place.rank
    )

"""Collectives of the registries, run by themselves on a simulated star."""

from dataclasses import replace

from simcore.distributed import simulate, star
from simcore.distributed.collectives import (
    ALL_GATHERS,
    ALL_REDUCES,
    ALL_TO_ALLS,
    BARRIERS,
    BROADCASTS,
    PROFILES,
    REDUCE_SCATTERS,
)

REGISTRIES = {
    "broadcast": BROADCASTS,
    "all_reduce": ALL_REDUCES,
    "all_gather": ALL_GATHERS,
    "reduce_scatter": REDUCE_SCATTERS,
    "all_to_all": ALL_TO_ALLS,
    "barrier": BARRIERS,
}
EVERY = [(kind, name) for kind, registry in REGISTRIES.items() for name in registry.names()]

ALPHA_S = 10e-6
BANDWIDTH = 1e9


def with_algorithm(kind, name):
    """The portable profile, but for one collective."""
    return replace(PROFILES["portable"], **{kind: REGISTRIES[kind][name]})


def run(kind, name, ranks, program, *args):
    """A program whose collectives of one kind take one algorithm."""
    network = star(bandwidth_bps=BANDWIDTH, latency_s=ALPHA_S)
    profile = with_algorithm(kind, name)
    return simulate(program, ranks, args=args, network=network, profile=profile)

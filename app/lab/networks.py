"""The networks of the page: the one that is set, and those of the sweep."""

from app import numbers
from simcore.distributed.network import Network, Star, on_topology, star
from simcore.topologies import TOPOLOGIES

STAR = "star"
BYTES_PER_MBIT = 1e6 / 8
USUAL_GPU = "NVIDIA H100"
"""Of a topology whose ranks compute on no GPU."""

SWEPT_MBIT = (10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000)
SWEPT_MS = (0.01, 0.1, 1.0, 3.0, 10.0, 30.0)
"""Bandwidths [Mbit/s] and latencies [ms] of the sweep."""

SWEPT = len(SWEPT_MBIT) * len(SWEPT_MS)


def network_names() -> tuple[str, ...]:
    """What the page offers."""
    return (STAR, *TOPOLOGIES.names())


def star_of(mbit: float, ms: float) -> Star:
    """A star of a bandwidth [Mbit/s] and a latency [ms]."""
    return star(mbit * BYTES_PER_MBIT, ms / 1e3)


def network_of(name: str, joined: Star, gpu: str | None) -> Network:
    """The network of that name.

    Parameters
    ----------
    joined : what it is if it is a star
    gpu : of a topology; None for a usual one
    """
    return joined if name == STAR else on_topology(name, gpu=gpu or USUAL_GPU)


def bandwidth_text(mbit: float) -> str:
    """A bandwidth [Mbit/s] with its unit."""
    return f"{mbit / 1e3:g} Gbit/s" if mbit >= 1_000 else f"{mbit:g} Mbit/s"


def brief_texts() -> tuple[list[str], list[str]]:
    """Of the sweep's axes, as short as ticks are."""
    across = [f"{mbit / 1e3:g}G" if mbit >= 1_000 else f"{mbit:g}M" for mbit in SWEPT_MBIT]
    return across, [latency_text(ms) for ms in SWEPT_MS]


def latency_text(ms: float) -> str:
    """A latency [ms] with its unit."""
    return f"{ms:g} ms" if ms >= 1 else f"{1e3 * ms:g} µs"


def place_text(mbit: float, ms: float) -> str:
    """Where in the sweep."""
    return f"{bandwidth_text(mbit)} and {latency_text(ms)}"


def here_of(settings, seconds: float, other_s: float) -> dict | None:
    """The point of the network that is set; None where the sweep has no such point."""
    if settings.network != STAR or not settings.latency or not seconds:
        return None
    ratio = other_s / seconds
    place = place_text(settings.bandwidth, settings.latency)
    return {
        "x": settings.bandwidth,
        "y": settings.latency,
        "ratio": ratio,
        "text": f"{numbers.significant(ratio)} × as fast<br>as set: {place}",
    }

"""Closed forms on a star, alone on the wires: what the formulas of the algorithms are made of."""

from simcore.distributed.algorithms.base import Settings
from simcore.distributed.network import Star


def activation_bytes(settings: Settings) -> int:
    """All activations between two layers [byte]."""
    shape = settings.shape
    return settings.batch * settings.tokens * shape.hidden * shape.value_bytes


def message_s(nbytes: float, star: Star) -> float:
    """α + M/B [s]."""
    return star.latency_s + nbytes / star.bandwidth_bps


def ring_all_reduce_s(nbytes: float, ranks: int, star: Star) -> float:
    """2(P−1)(α + M/(P·B)) [s] (Patarasuk & Yuan, 2009)."""
    return 2 * (ranks - 1) * message_s(nbytes / ranks, star)


def ring_all_gather_s(piece_bytes: float, ranks: int, star: Star) -> float:
    """(P−1)(α + m/B) [s], m what each rank brings."""
    return (ranks - 1) * message_s(piece_bytes, star)


def direct_all_gather_s(piece_bytes: float, ranks: int, star: Star) -> float:
    """α + (P−1)·m/B [s]: all messages at once, through one wire of each rank."""
    return message_s((ranks - 1) * piece_bytes, star) if ranks > 1 else 0.0

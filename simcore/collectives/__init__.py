"""Collective operations as transfers: one algorithm a file, each a few rounds of sends."""

from simcore.collectives.base import ALGORITHMS, AUTO, Algorithm, Round, Send

__all__ = ["ALGORITHMS", "AUTO", "Algorithm", "Round", "Send"]

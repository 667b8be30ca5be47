"""Collective operations as transfers: one algorithm a file, each a few rounds of sends."""

from simcore.collectives.base import ALGORITHMS, AUTO, Round, Send

__all__ = ["ALGORITHMS", "AUTO", "Round", "Send"]

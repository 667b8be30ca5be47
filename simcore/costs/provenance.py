"""Where constants come from."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where constants come from.

    Attributes
    ----------
    measurements : what they were fitted to
    rows : how many
    fitted : when, as 2026-11-21
    error : mean absolute error on rows that a trial fit had not seen, from 0 [share]; by operator
    models : names in the catalog of those that ran; empty where none did or nobody noted it
    """

    measurements: str
    rows: int
    fitted: str
    error: Mapping[str, float]
    models: tuple[str, ...] = ()

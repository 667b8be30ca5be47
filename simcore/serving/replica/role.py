"""What a replica is for."""

from enum import Enum


class Role(Enum):
    """What a replica does with a request."""

    BOTH = "both"
    PREFILL = "prefill"
    DECODE = "decode"

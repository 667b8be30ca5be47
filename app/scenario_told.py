"""What screens call the parts of a scenario."""

from simcore import Scenario
from simcore.costs import Pool


def shape_told(scenario: Scenario) -> str:
    """How the pools spread the model: "PP 8", "TP 8 × PP 4", or of each pool if they differ."""
    prefill, decode = scenario.prefill_pool, scenario.decode_pool
    degrees = ("pp", "tp", "dp", "ep")
    if all(getattr(prefill, name) == getattr(decode, name) for name in degrees):
        return pool_told(prefill)
    if all(getattr(pool, name) == 1 for pool in (prefill, decode) for name in degrees[1:]):
        return f"PP {prefill.pp} → {decode.pp}"
    return f"{pool_told(prefill)} → {pool_told(decode)}"


def pool_told(pool: Pool) -> str:
    """How a pool spreads the model: "TP 8 × PP 4"."""
    parts = [("TP", pool.tp), ("DP", pool.dp), ("EP", pool.ep)]
    return " × ".join([*(f"{name} {n}" for name, n in parts if n > 1), f"PP {pool.pp}"])


def fabric_told(scenario: Scenario) -> str:
    """The topology and where the pools are on it; "" for what is usual."""
    usual = Scenario()
    if scenario.topology == usual.topology and scenario.placement == usual.placement:
        return ""
    return f"{scenario.topology}, {scenario.placement}"

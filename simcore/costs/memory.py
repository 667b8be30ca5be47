"""Does it fit? Weights and KV cache of each device against its share of memory."""

from dataclasses import dataclass

from simcore.costs.model import CostModel
from simcore.costs.plan import Pool


@dataclass(frozen=True, kw_only=True)
class PoolMemory:
    """Memory of a pool's fullest device.

    Attributes
    ----------
    pool, gpu : names
    stage : the fullest device; the first of equals
    weights, kv : what it holds when it is fullest [byte]
    limit : what weights and KV cache may fill [byte]
    capacity : its memory [byte]
    """

    pool: str
    gpu: str
    stage: int
    weights: float
    kv: float
    limit: float
    capacity: float

    @property
    def need(self) -> float:
        """Weights and KV cache together [byte]."""
        return self.weights + self.kv

    @property
    def fits(self) -> bool:
        """Whether that is within the limit."""
        return self.need <= self.limit


def pool_memory(costs: CostModel, pool: Pool, limit_ratio: float) -> PoolMemory:
    """Memory of the fullest device of `pool`, of which `limit_ratio` may be filled."""
    held = [
        (costs.weight_bytes(pool, stage), costs.kv_bytes(pool, stage)) for stage in range(pool.pp)
    ]
    stage = max(range(pool.pp), key=lambda s: sum(held[s]))
    weights, kv = held[stage]
    capacity = costs.capacity_bytes(pool)
    return PoolMemory(
        pool=pool.name,
        gpu=pool.gpu.name,
        stage=stage,
        weights=float(weights),
        kv=float(kv),
        limit=limit_ratio * capacity,
        capacity=float(capacity),
    )

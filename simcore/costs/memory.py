"""Does it fit? What the fullest GPU of each pool holds, against its memory."""

from dataclasses import dataclass

from simcore.costs.model import CostModel
from simcore.costs.plan import Pool


@dataclass(frozen=True, kw_only=True)
class PoolMemory:
    """Memory of a pool's fullest GPU.

    Weights and KV cache may fill a share of it. What is left is set aside for the engine, and for
    activations and collectives' buffers; where these need more than that, they need it of the
    share.

    Attributes
    ----------
    pool, gpu : names
    stage : of the fullest GPU; the first of equals
    weights, kv : what it holds when it is fullest [byte]
    buffers : activations of its largest pass, and collectives' buffers [byte]
    limit : what weights and KV cache may fill [byte]
    capacity : its memory [byte]
    """

    pool: str
    gpu: str
    stage: int
    weights: float
    kv: float
    buffers: float
    limit: float
    capacity: float

    @property
    def reserve(self) -> float:
        """What is set aside for the engine, activations and buffers [byte]."""
        return self.capacity - self.limit

    @property
    def excess(self) -> float:
        """Activations and buffers that do not fit into what is set aside [byte]."""
        return max(0.0, self.buffers - self.reserve)

    @property
    def need(self) -> float:
        """Weights, KV cache, and what the reserve does not hold of the rest [byte]."""
        return self.weights + self.kv + self.excess

    @property
    def parts(self) -> dict[str, float]:
        """What the need is the sum of, by what people call it [byte]."""
        held = {"weights": self.weights, "KV cache": self.kv}
        if self.excess:
            held["activations and buffers beyond the reserve"] = self.excess
        return held

    @property
    def fits(self) -> bool:
        """Whether that is within the limit."""
        return self.need <= self.limit


def pool_memory(costs: CostModel, pool: Pool, limit_ratio: float) -> PoolMemory:
    """Memory of the fullest GPU of `pool`, of which `limit_ratio` may be filled."""
    held = [
        (
            costs.weight_bytes(pool, stage),
            costs.kv_bytes(pool, stage),
            costs.buffer_bytes(pool, stage),
        )
        for stage in range(pool.pp)
    ]
    capacity = costs.capacity_bytes(pool)
    every = [
        PoolMemory(
            pool=pool.name,
            gpu=pool.gpu.name,
            stage=stage,
            weights=float(weights),
            kv=float(kv),
            buffers=float(buffers),
            limit=limit_ratio * capacity,
            capacity=float(capacity),
        )
        for stage, (weights, kv, buffers) in enumerate(held)
    ]
    return max(every, key=lambda memory: memory.need)

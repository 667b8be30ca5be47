"""What tokens cost in money and energy, from the catalog's rents and powers."""

from collections.abc import Sequence
from dataclasses import dataclass

from gpu_catalog import GPU
from simcore.serving.replica import Role

HOUR_S = 3600.0
MILLION = 1e6


@dataclass(frozen=True, kw_only=True)
class PoolUse:
    """What a pool has had and done.

    Attributes
    ----------
    gpus : of a replica
    held_s : time for which its replicas had their GPUs, all together [s]
    busy_s : time in which they worked [s]
    prefill_s : of it, what its prompt tokens take in steps of nothing else [s]
    replicas : that there ever were
    prefilled_tokens, decoded_tokens, steps, preemptions : of all of them
    request_s : of a request before it is queued there [s]
    """

    name: str
    role: Role
    gpu: GPU
    gpus: int
    held_s: float
    busy_s: float
    prefill_s: float
    replicas: int
    prefilled_tokens: int
    decoded_tokens: int
    steps: int
    preemptions: int
    request_s: float

    @property
    def gpu_s(self) -> float:
        """GPU time that it was given [s]."""
        return self.gpus * self.held_s

    @property
    def utilisation(self) -> float:
        """Share of the time in which its replicas worked."""
        return self.busy_s / self.held_s if self.held_s else 0.0

    @property
    def input_share(self) -> float:
        """Of what it costs, the part that is for input tokens, by the time that they took."""
        match self.role:
            case Role.PREFILL:
                return 1.0
            case Role.DECODE:
                return 0.0
        return min(1.0, self.prefill_s / self.busy_s) if self.busy_s else 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a run; None where the catalog does not say what a GPU costs or draws.

    Attributes
    ----------
    usd : rent of all GPUs for as long as they were held, at the middle of its range [US dollar]
    usd_per_million_input, usd_per_million_output : of completed requests' tokens [US dollar]
    joule_per_token : per output token, of GPUs that draw their rated power while they work [J]
    tokens_per_s_per_gpu : output tokens over all GPU time [1/s]
    """

    usd: float | None
    usd_per_million_input: float | None
    usd_per_million_output: float | None
    joule_per_token: float | None
    tokens_per_s_per_gpu: float


def prices(pools: Sequence[PoolUse], *, input_tokens: int, output_tokens: int) -> Prices:
    """What the tokens of completed requests cost."""
    rents = [_rent_s(pool.gpu) for pool in pools]
    usd = for_input = for_output = joule = None
    if None not in rents:
        costs = [rent * pool.gpu_s for rent, pool in zip(rents, pools, strict=True)]
        usd = sum(costs)
        inside = sum(cost * pool.input_share for cost, pool in zip(costs, pools, strict=True))
        for_input = _each(inside * MILLION, input_tokens)
        for_output = _each((usd - inside) * MILLION, output_tokens)
    if all(pool.gpu.power is not None for pool in pools):
        joule = _each(sum(p.gpu.power * p.gpus * p.busy_s for p in pools), output_tokens)
    gpu_s = sum(pool.gpu_s for pool in pools)
    rate = output_tokens / gpu_s if gpu_s else 0.0
    return Prices(usd, for_input, for_output, joule, rate)


def _rent_s(gpu):
    return None if gpu.rent is None else sum(gpu.rent.usd) / 2 / HOUR_S


def _each(amount, tokens):
    return amount / tokens if tokens else None

"""What is to be computed, and by how many: requests, pools, and the layers of each stage."""

from dataclasses import dataclass
from itertools import pairwise

from gpu_catalog import GPU
from simcore.costs.releases import ReleaseConstants
from simcore.costs.serving_engines import KERNELS_ALONE


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Requests that go through the machine together.

    Attributes
    ----------
    batch_size : N [requests]
    prompt_tokens : T, of each request [tokens]
    chunk_tokens : M, prefilled at a time of each request [tokens]
    output_tokens : O, decode steps [tokens]
    """

    batch_size: int
    prompt_tokens: int
    chunk_tokens: int
    output_tokens: int

    @property
    def chunks(self) -> int:
        """Number of prefill chunks, a short last one included."""
        return -(-self.prompt_tokens // self.chunk_tokens)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """GPUs of one kind that share a role, in `pp` pipeline stages of one GPU each.

    Attributes
    ----------
    release : what the serving engine on them charges, for cost models that know of engines
    """

    name: str
    gpu: GPU
    pp: int
    release: ReleaseConstants = KERNELS_ALONE


def split_layers(layers: int, pp: int) -> tuple[range, ...]:
    """The layers that each of `pp` stages holds, as evenly as possible, the larger shares first."""
    share, extra = divmod(layers, pp)
    starts = [stage * share + min(stage, extra) for stage in range(pp + 1)]
    return tuple(range(a, b) for a, b in pairwise(starts))

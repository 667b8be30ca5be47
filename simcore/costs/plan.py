"""What is to be computed, and by how many: requests, pools, and the layers of each stage."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate, pairwise

from gpu_catalog import GPU
from simcore.costs.operators.moe import ExpertPlacement, Routing
from simcore.costs.operators.sharing import Sharing
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
    decode_microbatches : parts into which decode cuts the batch, each with as many requests
    """

    batch_size: int
    prompt_tokens: int
    chunk_tokens: int
    output_tokens: int
    decode_microbatches: int = 1

    @property
    def chunks(self) -> int:
        """Number of prefill chunks, a short last one included."""
        return -(-self.prompt_tokens // self.chunk_tokens)


class CollectiveForm(Enum):
    """As what the collectives of a pass are run.

    Attributes
    ----------
    AGGREGATED : one job for each stage and chunk, as long as they take alone
    FLOWS : transfers on the wires
    AUTO : flows where they could meet others on a wire and are few enough, else aggregated
    """

    AUTO = "auto"
    AGGREGATED = "aggregated"
    FLOWS = "flows"


class HandoffIn(Enum):
    """How often a stage hands KV cache over."""

    CHUNKS = "per chunk"
    LAYERS = "per layer group"
    WHOLE = "at the end"


class HandoffBy(Enum):
    """Who starts the transfer of KV cache: who has it, or who needs it."""

    PUSH = "push"
    PULL = "pull"


ROUTINGS = {
    "balanced": Routing.BALANCED,
    "random": Routing.RANDOM,
    "power law": Routing.POWER_LAW,
}
"""What scenarios call the ways in which tokens choose their experts."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """GPUs of one kind that share a role, in `pp` pipeline stages of tp x dp GPUs each.

    GPU i of stage s has the rank s * tp * dp + i; of a stage, those from g * tp on are its
    attention group g.

    Attributes
    ----------
    tp : GPUs that share the attention of a request, and dense feed-forward blocks
    dp : attention groups of a stage, each with its own requests
    ep : groups that share the experts; each spreads its experts over expert_tp GPUs
    cp : GPUs that share one long prompt; only 1 is run
    layer_counts : layers of each stage; None for an even split
    routing, seed : how tokens choose experts, and what decides which are in demand
    release : what the serving engine on them charges, for cost models that know of engines
    """

    name: str
    gpu: GPU
    pp: int
    tp: int = 1
    dp: int = 1
    ep: int = 1
    cp: int = 1
    layer_counts: tuple[int, ...] | None = None
    expert_placement: ExpertPlacement = ExpertPlacement.LINEAR
    routing: Routing = Routing.RANDOM
    seed: int = 0
    release: ReleaseConstants = KERNELS_ALONE

    @property
    def stage_gpus(self) -> int:
        """GPUs of a stage."""
        return self.tp * self.dp

    @property
    def gpus(self) -> int:
        """GPUs of the pool."""
        return self.pp * self.stage_gpus

    @property
    def expert_tp(self) -> int:
        """GPUs that share an expert."""
        return self.stage_gpus // self.ep

    @cached_property
    def sharing(self) -> Sharing:
        """How the GPUs of a stage share its layers."""
        return Sharing(
            tp=self.tp,
            dp=self.dp,
            ep=self.ep,
            placement=self.expert_placement,
            routing=self.routing,
            seed=self.seed,
        )

    def layers(self, layers: int) -> tuple[range, ...]:
        """Which of a model's layers each stage holds."""
        if self.layer_counts is None:
            return split_evenly(layers, self.pp)
        ends = accumulate(self.layer_counts, initial=0)
        return tuple(range(a, b) for a, b in pairwise(ends))


def split_evenly(things: int, parts: int) -> tuple[range, ...]:
    """`things`, numbered, in `parts` runs as even as possible, the longer ones first."""
    share, extra = divmod(things, parts)
    starts = [part * share + min(part, extra) for part in range(parts + 1)]
    return tuple(range(a, b) for a, b in pairwise(starts))


def split_of(text: str) -> tuple[int, ...]:
    """Layers of each stage, as "21,20,20,19" says; raises ValueError where it says none."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) <= 4 and int(part) for part in parts):
        raise ValueError("it lists whole numbers of layers, 1 or more, with commas between")
    return tuple(map(int, parts))


def written_split(text: str) -> str:
    """A layer split as scenarios write it; raises ValueError where it is none."""
    return ",".join(map(str, split_of(text)))

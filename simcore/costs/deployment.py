"""One replica of a serving engine: a model on a group of GPUs, and how long its steps take."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gpu_catalog import GPU, LLM
from simcore.costs.hardware import chip_of, fabric_of, kernels_of
from simcore.costs.operators.layer import Batch, Ranks, StepTimes, step_times
from simcore.costs.operators.moe import Routing
from simcore.costs.operators.sharing import Sharing
from simcore.costs.transformer import Slice, kv_held, slice_of, weights_held

MEMORY_SHARE = 0.9
"""Of a GPU's memory, what engines fill with weights and KV cache: vLLM's default."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A model on tp × dp GPUs.

    Attributes
    ----------
    llm : in the formats that it is served in
    tp : tensor parallelism of attention and dense feed-forward blocks
    dp : data parallelism of attention: groups of tp GPUs, each with its own requests
    expert_groups : expert parallelism
    all_reduce : which library reduces (see `Ranks`)
    """

    llm: LLM
    gpu: GPU
    tp: int
    dp: int = 1
    expert_groups: int = 1
    all_reduce: str | None = "vllm"
    routing: Routing = Routing.RANDOM

    @property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.tp * self.dp

    @property
    def sharing(self) -> Sharing:
        """How the GPUs share the layers."""
        return Sharing(tp=self.tp, dp=self.dp, ep=self.expert_groups, routing=self.routing)

    @cached_property
    def whole(self) -> Slice:
        """All layers of the model."""
        return slice_of(self.llm, range(self.llm.layers))

    @cached_property
    def ranks(self) -> Ranks:
        """The GPUs as the formulas of steps see them."""
        kernels = kernels_of(self.gpu)
        return Ranks(
            chip=chip_of(self.gpu, kernels),
            kernels=kernels,
            sharing=self.sharing,
            fabric=fabric_of(self.gpu) if self.gpus > 1 else None,
            all_reduce=self.all_reduce,
        )

    def requests_that_fit(self, tokens):
        """Requests of `tokens` tokens whose KV cache fits beside the weights; below 0 if none."""
        held = weights_held(self.llm, self.whole)
        if self.llm.experts and self.dp > 1:
            # Only the experts are spread over all GPUs; the rest is copied.
            dense = weights_held(
                replace(self.llm, experts=replace(self.llm.experts, experts=0)), self.whole
            )
            held = held + (self.dp - 1) * dense
        elif self.dp > 1:
            held = held * self.dp
        free = MEMORY_SHARE * self.gpu.memory * self.gpus - held
        return free / kv_held(self.llm, self.whole, np.asarray(tokens, dtype=float))

    def decode_times(self, *, requests, context) -> StepTimes:
        """Times of a step in which `requests` requests on each group of tp GPUs decode [s].

        `context` is the mean number of tokens before the new one.
        """
        batch = Batch(decodes=requests, context=context, outputs=requests)
        return self.times(batch)

    def without_launches(self) -> "Deployment":
        """The same, on kernels that cost nothing to launch."""
        kernels = self.ranks.kernels.without_launches()
        bare = replace(self)
        # In place of the cached property: the fields that describe the replica are the same.
        bare.__dict__["ranks"] = replace(self.ranks, kernels=kernels)
        return bare

    def prefill_times(self, *, tokens, budget: int) -> tuple[StepTimes, np.ndarray]:
        """Times of the steps that prefill one prompt of `tokens` tokens, and how many they are.

        `budget` is the most that a step takes [tokens].
        """
        tokens = np.asarray(tokens, dtype=float)[..., None]
        start = budget * np.arange(max(1, int(np.ceil(tokens.max() / budget))))
        new = np.clip(tokens - start, 0.0, budget)
        last = (new > 0) & (start + new >= tokens)
        some = (new > 0).astype(float)
        times = self.times(Batch(prompts=some, new=new, before=start * some, outputs=1.0 * last))
        parts = {name: np.sum(value * some, axis=-1) for name, value in vars(times).items()}
        return StepTimes(**parts), some.sum(axis=-1)

    def times(self, batch: Batch) -> StepTimes:
        """Times of a step that computes `batch` on each group of tp GPUs [s]."""
        return step_times(self.llm, self.whole, batch, self.ranks)

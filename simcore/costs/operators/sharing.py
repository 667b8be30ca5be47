"""How the GPUs of a stage share its layers."""

from dataclasses import dataclass

from simcore.costs.operators.moe import ExpertPlacement, Routing


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Degrees of tensor, data and expert parallelism of tp x dp GPUs.

    GPU i is in the attention group i // tp and in the expert group i // expert_tp.

    Attributes
    ----------
    tp : GPUs that share the attention of a request, and dense feed-forward blocks
    dp : attention groups, each with its own requests
    ep : groups that share the experts, each expert in one of them
    placement : which experts a group holds; None where the heaviest are dealt out, one to each
        group in turn, as benchmarks of kernels have it
    routing, seed : how tokens choose experts, and what decides which are in demand
    """

    tp: int = 1
    dp: int = 1
    ep: int = 1
    placement: ExpertPlacement | None = None
    routing: Routing = Routing.RANDOM
    seed: int = 0

    @property
    def gpus(self) -> int:
        """All of them."""
        return self.tp * self.dp

    @property
    def expert_tp(self) -> int:
        """GPUs that share an expert."""
        return self.gpus // self.ep

    @property
    def attention_groups(self) -> tuple[tuple[int, ...], ...]:
        """The GPUs of each attention group."""
        return tuple(tuple(range(g * self.tp, (g + 1) * self.tp)) for g in range(self.dp))


ALONE = Sharing()
"""One GPU, which shares nothing."""

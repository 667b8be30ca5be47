"""What KV cache a prefill stage hands over when, and which of it is of one size."""

from dataclasses import dataclass

import numpy as np

from simcore.costs import CostModel, Pool
from simcore.costs.plan import HandoffIn
from simcore.pipelines.rules import TransferRules


@dataclass(frozen=True)
class SharesAlike:
    """KV cache of one size that GPUs of a stage hand to GPUs of a decode stage.

    Attributes
    ----------
    group : of the stage's layers
    receiver : decode stage
    pairs : sender and receiver of each, by their numbers in their stages
    bytes : of each, by chunk [byte]; where it is handed over at the end, a single one of all
    """

    group: int
    receiver: int
    pairs: tuple[tuple[int, int], ...]
    bytes: np.ndarray

    def key(self, stage: int):
        """Of its streams; layer groups may share them."""
        return "handoff", stage, self.receiver, self.pairs


@dataclass(frozen=True)
class HandedOver:
    """What a prefill stage hands over.

    Attributes
    ----------
    shares : of the stage's layers that each group has; one group if not per layer group
    routes : of all groups
    """

    stage: int
    shares: tuple[float, ...]
    routes: tuple[SharesAlike, ...]


def handed_over(
    costs: CostModel, stage: int, prefill: Pool, decode: Pool, rules: TransferRules
) -> HandedOver:
    """What a prefill stage hands to the decode pool, by the group of layers it is of."""
    groups: list[range | None] = [None]
    shares = [1.0]
    if rules.handoff is HandoffIn.LAYERS:
        layers = prefill.layers(costs.llm.layers)[stage]
        groups = [
            layers[first : first + rules.handoff_layers]
            for first in range(0, len(layers), rules.handoff_layers)
        ]
        shares = [len(group) / len(layers) for group in groups]
    routes = []
    for number, group in enumerate(groups):
        for receiver in range(decode.pp):
            alike: dict[bytes, list] = {}
            for share in costs.handoff_shares(stage, receiver, group):
                _, pairs = alike.setdefault(share.bytes.tobytes(), (share.bytes, []))
                pairs.append((share.sender, share.receiver))
            for sizes, pairs in alike.values():
                if rules.handoff is HandoffIn.WHOLE:
                    sizes = sizes.sum(keepdims=True)
                routes.append(SharesAlike(number, receiver, tuple(pairs), sizes))
    return HandedOver(stage, tuple(shares), tuple(routes))

"""Where the same prefix went before, by what the router remembers itself."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.policies import refuse_outside
from simcore.serving.replica.keys import block_keys
from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("prefix-affinity")
@dataclass
class PrefixAffinity(Router):
    """Send to the replica that was sent the longest prefix of the prompt, unless load is uneven.

    It keeps an index of what it sent where, without asking the engines, which may have evicted it;
    of each replica the least recently used is forgotten. Where the fullest replica has many more
    requests in flight than the emptiest, or too little of the prompt is known, it sends to the
    emptiest. Zheng et al., "SGLang: Efficient Execution of Structured Language Model Programs",
    NeurIPS 2024, and the cache-aware balancing of its router.

    Attributes
    ----------
    least_share : of a prompt, what must be known for the prefix to count
    most_more : requests in flight that a replica may have more than the emptiest
    most_times : how many times as many it may have, too
    index_tokens : that are remembered of each replica
    block_tokens : of which an entry of the index stands for
    """

    least_share: float = 0.5
    most_more: int = 32
    most_times: float = 1.5
    index_tokens: int = 1_000_000
    block_tokens: int = 64

    def __post_init__(self):
        refuse_outside(self, "least_share", 0.0, 1.0)
        refuse_outside(self, "most_more", 0, 100_000, whole=True)
        refuse_outside(self, "most_times", 1.0, 1e6)
        refuse_outside(self, "index_tokens", 1, 10**9, whole=True)
        refuse_outside(self, "block_tokens", 1, 4096, whole=True)
        self._sent: dict[int, OrderedDict[int, None]] = {}

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        keys = block_keys(request.pieces, self.block_tokens) if request.pieces else ()
        emptiest = min(replicas, key=lambda r: (r.in_flight, r.index))
        fullest = max(replica.in_flight for replica in replicas)
        chosen = emptiest.index
        uneven = fullest > emptiest.in_flight + self.most_more
        if not (uneven and fullest > self.most_times * emptiest.in_flight) and keys:
            known = {replica.index: self._known(replica.index, keys) for replica in replicas}
            best = min(replicas, key=lambda r: (-known[r.index], r.in_flight, r.index)).index
            if known[best] * self.block_tokens >= self.least_share * request.prompt_tokens:
                chosen = best
        self._remember(chosen, keys)
        return chosen

    def left(self, index: int) -> None:
        self._sent.pop(index, None)

    def _known(self, index, keys):
        sent = self._sent.get(index, ())
        return next((place for place, key in enumerate(keys) if key not in sent), len(keys))

    def _remember(self, index, keys):
        sent = self._sent.setdefault(index, OrderedDict())
        for key in reversed(keys):  # so that of a prompt the last block is forgotten first
            sent[key] = None
            sent.move_to_end(key)
        while len(sent) * self.block_tokens > self.index_tokens:
            sent.popitem(last=False)

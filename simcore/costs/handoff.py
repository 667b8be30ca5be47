"""Who hands which KV cache to whom, where two pools spread a model differently.

Each GPU of the decode pool receives the layers, heads and requests that it will hold, from GPUs of
the prefill pool that hold them.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gpu_catalog import LLM, GroupedQueryAttention
from simcore.costs.plan import Pool, Workload, split_evenly


def kv_heads(llm: LLM) -> int:
    """KV heads that tensor parallelism can tell apart; the latent vector of all heads is one."""
    a = llm.attention
    return a.kv_heads if isinstance(a, GroupedQueryAttention) else 1


def heads_of(rank: int, *, heads: int, tp: int) -> range:
    """The KV heads on one of `tp` GPUs: neighbours; of fewer heads than GPUs, one on each."""
    if tp >= heads:
        head = rank * heads // tp
        return range(head, head + 1)
    return range(rank * heads // tp, (rank + 1) * heads // tp)


def holder_of(head: int, *, heads: int, tp: int, turn: int) -> int:
    """The GPU, of `tp`, that sends a KV head; of several that hold it, by `turn`."""
    copies = max(1, tp // heads)
    return head * copies + turn % copies if tp >= heads else head * tp // heads


def groups_of_requests(workload: Workload, pool: Pool) -> np.ndarray:
    """The attention group of each request: runs as even as possible, of each micro-batch in decode.

    The first groups have the longer runs.
    """
    parts = workload.decode_microbatches if pool.name == "decode" else 1
    runs = [len(run) for run in split_evenly(workload.batch_size // parts, pool.dp)]
    return np.tile(np.repeat(np.arange(pool.dp), runs), parts)


def most_requests(workload: Workload, pool: Pool) -> int:
    """Requests that the fullest attention group of a pool holds."""
    parts = workload.decode_microbatches if pool.name == "decode" else 1
    return parts * requests_in_pass(workload, pool)


def requests_in_pass(workload: Workload, pool: Pool) -> int:
    """Requests of the fullest attention group in one pass: of a micro-batch in decode."""
    parts = workload.decode_microbatches if pool.name == "decode" else 1
    return -(-(workload.batch_size // parts) // pool.dp)


@dataclass(frozen=True)
class Part:
    """What a GPU of a prefill stage hands to a GPU of a decode stage.

    Attributes
    ----------
    sender, receiver : numbers of the GPUs in their stages
    requests : whose KV cache it is, so many of them
    heads : KV heads of each
    """

    sender: int
    receiver: int
    requests: int
    heads: int


@dataclass(frozen=True)
class Resharding:
    """From the GPUs of a prefill stage to those of a decode stage, whichever stages these are."""

    llm: LLM
    workload: Workload
    prefill: Pool
    decode: Pool

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What each GPU of a decode stage receives, by receiver and then by sender.

        Where several GPUs hold a head, receivers of it turn to each of them in turn.
        """
        heads, ours, theirs = kv_heads(self.llm), self.prefill, self.decode
        copies = max(1, theirs.tp // heads)
        met = self._requests_met
        # Of the receiving groups that a sending group meets, the place of each.
        place = np.cumsum(met > 0, axis=1) - 1
        found = []
        for receiver in range(theirs.stage_gpus):
            group, rank = divmod(receiver, theirs.tp)
            wanted = heads_of(rank, heads=heads, tp=theirs.tp)
            for sending in np.flatnonzero(met[:, group]).tolist():
                turns = {h: rank % copies + copies * (h + place[sending, group]) for h in wanted}
                holders = Counter(
                    holder_of(head, heads=heads, tp=ours.tp, turn=int(turn))
                    for head, turn in turns.items()
                )
                found += [
                    Part(
                        sender=sending * ours.tp + holder,
                        receiver=receiver,
                        requests=int(met[sending, group]),
                        heads=count,
                    )
                    for holder, count in sorted(holders.items())
                ]
        return tuple(found)

    @property
    def _requests_met(self):
        """Requests by their attention group in the prefill pool and in the decode pool."""
        met = np.zeros((self.prefill.dp, self.decode.dp), dtype=int)
        groups = (groups_of_requests(self.workload, pool) for pool in (self.prefill, self.decode))
        np.add.at(met, tuple(groups), 1)
        return met

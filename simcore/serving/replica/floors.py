"""The least that a step takes on a stage: floors that no cost model may go below."""

import numpy as np

from simcore.costs import transformer as tf
from simcore.costs.shard import expert_visits, shard_of
from simcore.serving.replica.costing import StageWork
from simcore.serving.replica.tables import Column


class Roofline:
    """The least that a step takes on a stage: its operations and its bytes at the GPU's peaks.

    Of attention groups, the one with the most to do is counted.
    """

    def __init__(self, work: StageWork):
        self.work = work
        self.shard = shard_of(work.llm, work.sharing)
        self.flops = work.gpu.peak(work.llm.gemm_dtype)
        self.bandwidth = work.gpu.bandwidth
        counts = work.token_counts()
        flop, weights = self._products(counts, counts * work.sharing.dp)
        self._flop, self._weights = Column(counts, flop), Column(counts, weights)
        head = work.part.head
        table = self.shard.vocabulary * work.llm.hidden
        self._head_flop = 2 * head * table
        self._head_bytes = head * table * work.llm.embedding_bytes_per_parameter

    def _products(self, tokens, everyone):
        """Operations [FLOP] and weights [byte] of a step, but for the output head."""
        work = self.work
        visits, experts = expert_visits(work.llm, work.sharing, everyone)
        flop = tf.projection_flop(self.shard, work.part, tokens, outputs=0, visits=visits)
        weights = tf.weights_read(self.shard, work.part, tokens, head=False, experts=experts)
        return flop, np.broadcast_to(weights, tokens.shape)

    def decode(self, requests, context) -> np.ndarray:
        """Of steps in which so many requests decode, with as much context each [s]."""
        work = self.work
        here = work.groups_share(requests)
        tokens = here * work.each
        flop, weights = self._products(tokens, requests * work.each)
        flop = flop + self._head_flop * tokens
        flop = flop + here * tf.attention_flop(
            self.shard, work.part, new=work.each, context=context, absorbed=True
        )
        kv = here * tf.kv_touched(self.shard, work.part, new=work.each, context=context)
        traffic = weights + self._head_bytes + kv
        return np.maximum(flop / self.flops, traffic / self.bandwidth)

    def mixed(self, chunks, requests: int, context: float, outputs: int, tokens: int) -> float:
        """Of a step with chunks of prompts [s].

        Parameters
        ----------
        chunks, requests, context, outputs : as a `Clock` is asked
        tokens : of the attention group with the most
        """
        shard, part, dp = self.shard, self.work.part, self.work.sharing.dp
        flop = self._flop.at(tokens) + self._head_flop * outputs / dp
        traffic = self._weights.at(tokens) + (self._head_bytes if outputs else 0.0)
        for new, before in chunks:
            flop += tf.attention_flop(shard, part, new=new, context=before, absorbed=False) / dp
            traffic += tf.kv_touched(shard, part, new=new, context=before) / dp
        if requests:
            mean, new = context / requests, self.work.each
            here = requests / dp
            flop += here * tf.attention_flop(shard, part, new=new, context=mean, absorbed=True)
            traffic += here * tf.kv_touched(shard, part, new=new, context=mean)
        return max(flop / self.flops, traffic / self.bandwidth)

"""`physical`: a roofline on true hardware values and on the architecture as it is.

A lower bound: no kernel reaches both peaks, and nothing is charged for launching one or for the
serving engine around it.
"""

import numpy as np

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.costs.buffers import activation_bytes, collective_bytes
from simcore.costs.degrees import refuse_wrong_degrees
from simcore.costs.expected_error import lower_bounds
from simcore.costs.handoff import Resharding, kv_heads, most_requests, requests_in_pass
from simcore.costs.model import COST_MODELS, HandoffShare, PassCosts, Semantics
from simcore.costs.operators.exchanges import exchanges_of
from simcore.costs.shard import expert_visits, shard_of, weights_on_gpu


@COST_MODELS.register("physical")
class PhysicalCosts:
    """FLOPs of active parameters, bytes of what is touched, causal attention that looks back.

    Attributes
    ----------
    resharding : which GPU hands what to which; `handoff_shares` are in its order
    """

    knows_engines = False
    semantics = Semantics(
        stage_waits_for_handoff=False,
        decode_waits_for_all=True,
        exclusive_devices=True,
        full_duplex=True,
    )

    def __init__(self, *, llm, workload, prefill, decode):
        refuse_wrong_degrees(llm, workload, (prefill, decode))
        self.llm = llm
        self.workload = workload
        self._pools = {pool.name: pool for pool in (prefill, decode)}
        self._shards = {pool.name: shard_of(llm, pool.sharing) for pool in (prefill, decode)}
        self._in_pass = {pool.name: requests_in_pass(workload, pool) for pool in (prefill, decode)}
        self._layers = {pool.name: pool.layers(llm.layers) for pool in (prefill, decode)}
        self._slices = {
            name: [tf.slice_of(llm, layers) for layers in shares]
            for name, shares in self._layers.items()
        }
        self.resharding = Resharding(llm, workload, prefill, decode)
        # Most stages hold alike slices.
        self._known: dict[tuple[str, tf.Slice], PassCosts] = {}
        self._buffers: dict[tuple[str, tf.Slice, bool], float] = {}
        self._weights: dict[tuple[str, tf.Slice], float] = {}
        starts = np.arange(workload.chunks) * workload.chunk_tokens
        # Float: products with parameter counts exceed 64-bit integers at the far end of the ranges.
        self._context = starts.astype(float)
        self._new = np.minimum(workload.chunk_tokens, workload.prompt_tokens - starts).astype(float)

    def prefill_passes(self, stage):
        return self._once("prefill", stage, self._prefill_passes)

    def decode_passes(self, stage):
        return self._once("decode", stage, self._decode_passes)

    def prefill_exchanges(self, stage):
        everyone = self.workload.batch_size * self._new
        return self._exchanges("prefill", stage, self._in_pass["prefill"] * self._new, everyone)

    def decode_exchanges(self, stage):
        steps = np.ones(self.workload.output_tokens)
        return self._exchanges(
            "decode", stage, self._in_pass["decode"] * steps, self._microbatch * steps
        )

    def exchange_seconds(self, pool, exchange, *, bandwidth, rated, latency_s, switched, nodes):
        return None

    def prefill_activation_bytes(self):
        return self._in_pass["prefill"] * self._new * self._residual_bytes()

    def decode_activation_bytes(self):
        return float(self._in_pass["decode"] * self._residual_bytes())

    def handoff_shares(self, sender, receiver, layers=None):
        tokens = self.handoff_tokens(sender, receiver, layers)
        if tokens is None:
            return ()
        all_heads = kv_heads(self.llm)
        each = tf.kv_bytes_per_token(self.llm)
        return tuple(
            HandoffShare(
                sender=part.sender,
                receiver=part.receiver,
                bytes=part.requests * tokens * (each * part.heads / all_heads),
            )
            for part in self.resharding.parts
        )

    def handoff_tokens(self, sender, receiver, layers=None):
        """Tokens whose KV cache goes from one stage to another, summed over layers, by chunk.

        Of a sliding-window layer only what decode will still look at is sent. None where the
        receiver holds none of the sender's layers, or none of `layers`.
        """
        ours, theirs = self._layers["prefill"][sender], self._layers["decode"][receiver]
        start, stop = max(ours.start, theirs.start), min(ours.stop, theirs.stop)
        if layers is not None:
            start, stop = max(start, layers.start), min(stop, layers.stop)
        if start >= stop:
            return None
        shared = range(start, stop)
        part = self._slices["prefill"][sender] if shared == ours else tf.slice_of(self.llm, shared)
        tokens = part.global_layers * self._new
        if part.local_layers:
            first_kept = self.workload.prompt_tokens - self.llm.attention.window
            end = self._context + self._new
            kept = np.clip(end - max(first_kept, 0), 0, self._new)
            tokens = tokens + part.local_layers * kept
        return tokens

    def weight_bytes(self, pool, stage):
        key = pool.name, self._slices[pool.name][stage]
        if key not in self._weights:
            self._weights[key] = float(weights_on_gpu(self.llm, pool.sharing, key[1]))
        return self._weights[key]

    def kv_bytes(self, pool, stage):
        """In the decode pool with all output tokens, in the prefill pool with the prompt alone."""
        tokens = self.workload.prompt_tokens
        if pool.name == "decode":
            tokens += self.workload.output_tokens
        part = self._slices[pool.name][stage]
        held = tf.kv_held(self._shards[pool.name], part, tokens)
        return float(most_requests(self.workload, pool) * held)

    def buffer_bytes(self, pool, stage):
        key = pool.name, self._slices[pool.name][stage], stage > 0
        if key not in self._buffers:
            self._buffers[key] = self._buffer_bytes(pool, stage)
        return self._buffers[key]

    def _buffer_bytes(self, pool, stage):
        decode, requests = pool.name == "decode", self._in_pass[pool.name]
        longest = 1 if decode else self._new.max()
        everyone = (self._microbatch if decode else self.workload.batch_size) * longest
        exchanges = self.decode_exchanges(stage) if decode else self.prefill_exchanges(stage)
        return collective_bytes(exchanges) + activation_bytes(
            self.llm,
            self._slices[pool.name][stage],
            pool.sharing,
            tokens=requests * longest,
            everyone=everyone,
            outputs=requests,
        )

    def capacity_bytes(self, pool):
        return pool.gpu.memory

    @staticmethod
    def link(name):
        return gpu_catalog.link(name)

    @staticmethod
    def expected_errors(*, llm, prefill, decode, engine):
        """None: nothing runs faster than at the hardware's peaks."""
        return lower_bounds(
            "A lower bound: all runs at the hardware's peaks; kernels, launches, links and engines "
            "take more."
        )

    @property
    def _microbatch(self):
        return self.workload.batch_size // self.workload.decode_microbatches

    def _prefill_passes(self, part):
        n, everyone = self._in_pass["prefill"], self.workload.batch_size * self._new
        # The first output token needs the head once, after the prompt's last token.
        last = np.arange(self.workload.chunks) == self.workload.chunks - 1
        return self._costs(
            "prefill", part, requests=n, new=self._new, context=self._context, absorbed=False,
            everyone=everyone, outputs=n * last, head=last,
        )  # fmt: skip

    def _decode_passes(self, part):
        n = self._in_pass["decode"]
        context = self.workload.prompt_tokens + np.arange(self.workload.output_tokens, dtype=float)
        return self._costs(
            "decode", part, requests=n, new=1, context=context, absorbed=True,
            everyone=self._microbatch, outputs=n, head=True,
        )  # fmt: skip

    def _exchanges(self, pool_name, stage, tokens, everyone):
        return exchanges_of(
            self.llm,
            self._slices[pool_name][stage],
            self._pools[pool_name].sharing,
            tokens=tokens,
            everyone=everyone,
            received=stage > 0,
        )

    def _once(self, pool_name, stage, passes):
        """The passes of a stage; those of like slices are costed once."""
        part = self._slices[pool_name][stage]
        key = pool_name, part
        if key not in self._known:
            self._known[key] = passes(part)
        return self._known[key]

    def _costs(self, pool_name, part, *, requests, new, context, absorbed, everyone, outputs, head):
        pool, shard = self._pools[pool_name], self._shards[pool_name]
        tokens = requests * new
        visits, experts = expert_visits(self.llm, pool.sharing, everyone)
        products = tf.projection_flop(shard, part, tokens, outputs=outputs, visits=visits)
        attention = requests * tf.attention_flop(
            shard, part, new=new, context=context, absorbed=absorbed
        )
        weights = tf.weights_read(shard, part, tokens, head=head, experts=experts)
        kv = requests * tf.kv_touched(shard, part, new=new, context=context)
        traffic = weights + kv
        return PassCosts.roofline(
            flop=products + attention,
            attention=attention,
            traffic=traffic,
            weights=np.broadcast_to(weights, traffic.shape),
            flops=pool.gpu.peak(self.llm.gemm_dtype),
            bandwidth=pool.gpu.bandwidth,
        )

    def _residual_bytes(self):
        return self.llm.hidden * self.llm.activation_bytes_per_element

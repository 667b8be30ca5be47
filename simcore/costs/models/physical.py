"""`physical`: a roofline on true hardware values and on the architecture as it is.

A lower bound: no kernel reaches both peaks, and nothing is charged for launching one or for the
serving engine around it.
"""

import numpy as np

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.costs.expected_error import lower_bounds
from simcore.costs.model import COST_MODELS, PassCosts, Semantics
from simcore.costs.plan import split_layers


@COST_MODELS.register("physical")
class PhysicalCosts:
    """FLOPs of active parameters, bytes of what is touched, causal attention that looks back."""

    knows_engines = False
    semantics = Semantics(
        stage_waits_for_handoff=False,
        decode_waits_for_all=True,
        exclusive_devices=True,
        full_duplex=True,
    )

    def __init__(self, *, llm, workload, prefill, decode):
        self.llm = llm
        self.workload = workload
        self._pools = {pool.name: pool for pool in (prefill, decode)}
        self._layers = {pool.name: split_layers(llm.layers, pool.pp) for pool in (prefill, decode)}
        self._slices = {
            name: [tf.slice_of(llm, layers) for layers in shares]
            for name, shares in self._layers.items()
        }
        self._known: dict[tuple[str, tf.Slice], PassCosts] = {}
        starts = np.arange(workload.chunks) * workload.chunk_tokens
        # Float: products with parameter counts exceed 64-bit integers at the far end of the ranges.
        self._context = starts.astype(float)
        self._new = np.minimum(workload.chunk_tokens, workload.prompt_tokens - starts).astype(float)

    def prefill_passes(self, stage):
        return self._once("prefill", stage, self._prefill_passes)

    def decode_passes(self, stage):
        return self._once("decode", stage, self._decode_passes)

    def prefill_activation_bytes(self):
        return self.workload.batch_size * self._new * self._residual_bytes()

    def decode_activation_bytes(self):
        return float(self.workload.batch_size * self._residual_bytes())

    def handoff_bytes(self, sender, receiver):
        tokens = self.handoff_tokens(sender, receiver)
        if tokens is None:
            return None
        return self.workload.batch_size * tokens * tf.kv_bytes_per_token(self.llm)

    def handoff_tokens(self, sender, receiver):
        """Tokens whose KV cache goes from one stage to another, summed over layers, by chunk.

        Of a sliding-window layer only what decode will still look at is sent. None where the
        receiver holds none of the sender's layers.
        """
        ours, theirs = self._layers["prefill"][sender], self._layers["decode"][receiver]
        shared = range(max(ours.start, theirs.start), min(ours.stop, theirs.stop))
        if not shared:
            return None
        part = tf.slice_of(self.llm, shared)
        tokens = part.global_layers * self._new
        if part.local_layers:
            first_kept = self.workload.prompt_tokens - self.llm.attention.window
            end = self._context + self._new
            kept = np.clip(end - max(first_kept, 0), 0, self._new)
            tokens = tokens + part.local_layers * kept
        return tokens

    def weight_bytes(self, pool, stage):
        return float(tf.weights_held(self.llm, self._slices[pool.name][stage]))

    def kv_bytes(self, pool, stage):
        """In the decode pool with all output tokens, in the prefill pool with the prompt alone."""
        tokens = self.workload.prompt_tokens
        if pool.name == "decode":
            tokens += self.workload.output_tokens
        part = self._slices[pool.name][stage]
        return float(self.workload.batch_size * tf.kv_held(self.llm, part, tokens))

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

    def _prefill_passes(self, part):
        n = self.workload.batch_size
        tokens = n * self._new
        # The first output token needs the head once, after the prompt's last token.
        last = np.arange(self.workload.chunks) == self.workload.chunks - 1
        products = tf.projection_flop(self.llm, part, tokens, outputs=n * last)
        attention = n * tf.attention_flop(
            self.llm, part, new=self._new, context=self._context, absorbed=False
        )
        weights = tf.weights_read(self.llm, part, tokens, head=last)
        kv = n * tf.kv_touched(self.llm, part, new=self._new, context=self._context)
        return self._costs(products, attention, weights, kv, "prefill")

    def _decode_passes(self, part):
        n = self.workload.batch_size
        context = self.workload.prompt_tokens + np.arange(self.workload.output_tokens, dtype=float)
        products = tf.projection_flop(self.llm, part, n, outputs=n)
        attention = n * tf.attention_flop(self.llm, part, new=1, context=context, absorbed=True)
        weights = tf.weights_read(self.llm, part, n, head=True)
        kv = n * tf.kv_touched(self.llm, part, new=1, context=context)
        return self._costs(products, attention, weights, kv, "decode")

    def _once(self, pool_name, stage, passes):
        """Most stages hold alike slices: their passes are costed once."""
        part = self._slices[pool_name][stage]
        key = pool_name, part
        if key not in self._known:
            self._known[key] = passes(part)
        return self._known[key]

    def _costs(self, products, attention, weights, kv, pool_name):
        gpu = self._pools[pool_name].gpu
        traffic = weights + kv
        return PassCosts.roofline(
            flop=products + attention,
            attention=attention,
            traffic=traffic,
            weights=np.broadcast_to(weights, traffic.shape),
            flops=gpu.peak(self.llm.gemm_dtype),
            bandwidth=gpu.bandwidth,
        )

    def _residual_bytes(self):
        return self.llm.hidden * self.llm.activation_bytes_per_element

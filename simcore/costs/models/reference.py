"""`reference`: the specification's program, to the last digit.

To compare with and to learn from. Its simplifications are kept on purpose, integer divisions
included; `physical` is the model to believe.
"""

import numpy as np

import gpu_catalog
from simcore.costs.expected_error import no_claims
from simcore.costs.model import COST_MODELS, HandoffShare, PassCosts, Semantics
from simcore.costs.plan import split_evenly
from simcore.errors import ScenarioError

MEMORY_EFFICIENCY = 0.8


@COST_MODELS.register("reference")
class ReferenceCosts:
    """Formulas, catalog values and semantics of the specification's program."""

    knows_engines = False
    semantics = Semantics(
        stage_waits_for_handoff=True,
        decode_waits_for_all=False,
        exclusive_devices=False,
        full_duplex=False,
    )

    def __init__(self, *, llm, workload, prefill, decode):
        if decode.pp != prefill.pp:
            raise ScenarioError(
                f"decode_pp = {decode.pp}: the reference model has one PP for both pools; use "
                f"{prefill.pp}, leave it empty, or choose the physical model",
                field="decode_pp",
            )
        _refuse_parallelism(workload, (prefill, decode))
        _refuse_what_it_does_not_know(llm, prefill, decode)
        self.llm = llm.reference
        self.workload = workload
        self.prefill = prefill
        self.decode = decode
        self.pp = prefill.pp
        self.layers_per_stage = self.llm.layers // self.pp

    def prefill_passes(self, stage):
        """T_prefill; every chunk counts as whole M tokens, and looks at itself alone."""
        llm, n, m = self.llm, self.workload.batch_size, self.workload.chunk_tokens
        products = 2 * n * m * (llm.parameters // llm.layers) * self.layers_per_stage
        attention = 4 * n * llm.hidden * m**2 * self.layers_per_stage
        kv = self._kv(m) // self.pp
        chunks = self.workload.chunks
        return self._passes(products, [attention] * chunks, [kv] * chunks, self.prefill)

    def decode_passes(self, stage):
        """T_decode with a context of T tokens in the first step, one more in each that follows."""
        llm, n = self.llm, self.workload.batch_size
        products = 2 * n * (llm.parameters // self.pp)
        attention, kv = [], []
        for step in range(self.workload.output_tokens):
            context = self.workload.prompt_tokens + step
            attention.append((4 * n * context * self.layers_per_stage * llm.hidden) // self.pp)
            kv.append(self._kv(context) // self.pp)
        return self._passes(products, attention, kv, self.decode)

    def prefill_activation_bytes(self):
        """N B M H."""
        w = self.workload
        size = w.batch_size * self.llm.bytes_per_parameter * w.chunk_tokens * self.llm.hidden
        return np.full(w.chunks, float(size))

    def decode_activation_bytes(self):
        """N B H."""
        return float(self.workload.batch_size * self.llm.bytes_per_parameter * self.llm.hidden)

    def prefill_exchanges(self, stage):
        """None: each stage is one GPU."""
        return ()

    def decode_exchanges(self, stage):
        """None: each stage is one GPU."""
        return ()

    def exchange_seconds(self, pool, exchange, *, bandwidth, rated, latency_s, switched, nodes):
        return None

    def handoff_shares(self, sender, receiver, layers=None):
        """KV(N, M) // PP, from each stage to its namesake; of some of its layers, that part."""
        if sender != receiver:
            return ()
        size = float(self._kv(self.workload.chunk_tokens) // self.pp)
        if layers is not None:
            held = split_evenly(self.llm.layers, self.pp)[sender]
            shared = range(max(held.start, layers.start), min(held.stop, layers.stop))
            if not shared:
                return ()
            size = size * len(shared) / len(held)
        sizes = np.full(self.workload.chunks, size)
        return (HandoffShare(sender=0, receiver=0, bytes=sizes),)

    def weight_bytes(self, pool, stage):
        """(W // L) (L // PP) B."""
        llm = self.llm
        return llm.parameters // llm.layers * self.layers_per_stage * llm.bytes_per_parameter

    def kv_bytes(self, pool, stage):
        """KV(N, T) // PP, and a token more for each decode step after the first."""
        return self._kv(self.workload.prompt_tokens + self.workload.output_tokens - 1) // self.pp

    def buffer_bytes(self, pool, stage):
        """None: the specification counts weights and KV cache."""
        return 0.0

    def capacity_bytes(self, pool):
        """VRAM as the specification has it, in whole GiB."""
        return pool.gpu.reference.memory

    @staticmethod
    def link(name):
        """The midpoints of the specification's ranges."""
        return gpu_catalog.link(name).reference

    @staticmethod
    def expected_errors(*, llm, prefill, decode, engine):
        """None: it is to be equal to a program, not to hardware."""
        return no_claims(
            "The specification's program, to be equal to it; how far hardware is off is not said."
        )

    def _kv(self, tokens) -> int:
        llm, n = self.llm, self.workload.batch_size
        size = 2 * n * llm.bytes_per_parameter * tokens * llm.layers * llm.kv_heads
        if llm.latent is not None:
            return int(size * llm.latent)
        return int(size * (llm.hidden / llm.query_heads))

    def _weights_read(self) -> int:
        return self.llm.parameters * self.llm.bytes_per_parameter // self.pp

    def _passes(self, products, attention, kv, pool) -> PassCosts:
        gpu, weights = pool.gpu.reference, self._weights_read()
        return PassCosts.roofline(
            # Whole numbers, added as such: floats would round the largest.
            flop=np.array([products + each for each in attention], dtype=float),
            attention=np.array(attention, dtype=float),
            traffic=np.array([weights + each for each in kv], dtype=float),
            weights=np.full(len(kv), float(weights)),
            flops=gpu.flops,
            bandwidth=MEMORY_EFFICIENCY * gpu.bandwidth,
        )


def _refuse_parallelism(workload, pools):
    """The specification's stages are one GPU each, and hold as many layers as each other."""
    wrong = [] if workload.decode_microbatches == 1 else ["decode_microbatches"]
    for pool in pools:
        own = "decode_" if pool.name == "decode" else ""
        wrong += [f"{own}{field}" for field in ("tp", "dp", "ep") if getattr(pool, field) > 1]
        wrong += ["cp"] if pool.cp > 1 else []
        if pool.layer_counts is not None:
            raise ScenarioError(
                f"{own}layer_split: the reference model splits the layers evenly; leave it empty, "
                "or choose the physical model",
                field=f"{own}layer_split",
            )
    if wrong:
        raise ScenarioError(
            f"{wrong[0]}: the reference model knows one GPU in each stage and one batch in decode; "
            f"use {wrong[0]} = 1, or choose the physical model",
            field=wrong[0],
        )


def _refuse_what_it_does_not_know(llm, prefill, decode):
    """The specification has values for few; those of the others would be made up."""
    asked = {"llm": llm, "prefill_gpu": prefill.gpu, "decode_gpu": decode.gpu}
    for field, item in asked.items():
        if item.reference is None:
            known = gpu_catalog.llms() if field == "llm" else gpu_catalog.gpus()
            names = ", ".join(each.name for each in known if each.reference)
            raise ScenarioError(
                f"{field} = {item.name!r}: the specification has no values for it, so the "
                f"reference model cannot run it; choose the physical model, or one of {names}",
                field=field,
            )

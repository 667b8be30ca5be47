"""`calibrated`: every kernel of a pass by a formula whose constants were fitted to measurements.

Times alone differ from `physical`: operations, bytes, memory, handoffs and semantics are the same.
To the kernels comes what the release of the serving engine makes of them and its host adds. A GPU
that nobody has calibrated gets the constants of its nearest relative.

An engine's time per request, for HTTP, tokenizer and scheduling, is left out: here requests arrive
where they are prefilled.
"""

from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np

from simcore.costs.expected_error import calibrated_bands
from simcore.costs.hardware import chip_of, fabric_joining, kernels_of, own_fabric
from simcore.costs.model import COST_MODELS
from simcore.costs.models.physical import PhysicalCosts
from simcore.costs.operators.exchange_times import alone_seconds
from simcore.costs.operators.layer import Batch, Ranks, StepKernels
from simcore.costs.release_steps import (
    COLLECTIVES,
    LayerCounts,
    decode_parts,
    prefill_parts,
    products_factor,
)

MOST_KNOWN = 64
"""Kernels' times that are kept, of as many models, GPUs and workloads."""

ALL_REDUCE = "vllm"
"""The engines' own all-reduce, by the library that fabrics were measured with."""

MEASURED_LATENCY_S = 2e-5
"""Constants of fabrics hold latencies up to this [s]; beyond it, each hop takes as much longer."""

MOST_PASSES = 2048
"""Times of more passes than these are not kept: they fill memory."""


@COST_MODELS.register("calibrated")
class CalibratedCosts(PhysicalCosts):
    """Kernel by kernel, with constants fitted to the GPU and to the serving engine.

    A pipeline's step is prepared once, on its first stage, and sampled on its last; each stage
    launches its own layers. While the host launches, the GPUs also carry out the collectives: what
    the engine adds to a pass is less where they take longer, by the fabric that GPUs of this kind
    have.

    Attributes
    ----------
    kernels : constants of each pool's GPU, by the pool's name; they say what they were fitted to
    """

    knows_engines = True

    def __init__(self, *, llm, workload, prefill, decode):
        super().__init__(llm=llm, workload=workload, prefill=prefill, decode=decode)
        self.kernels = {pool.name: kernels_of(pool.gpu) for pool in (prefill, decode)}

    @staticmethod
    def expected_errors(*, llm, prefill, decode, engine):
        """What the constants of both GPUs and of the engine say of themselves."""
        return calibrated_bands(llm=llm, prefill=prefill, decode=decode, engine=engine)

    @cached_property
    def _prefill_kernels(self):
        return _prefill_kernels(self.llm, *self._group("prefill"), self.workload)

    @cached_property
    def _decode_kernels(self):
        # Which do not depend on the chunks.
        whole = replace(self.workload, chunk_tokens=self.workload.prompt_tokens)
        return _decode_kernels(self.llm, *self._group("decode"), whole)

    def _group(self, pool_name):
        """The GPUs of a stage, and how many requests of one group are in a pass."""
        pool = self._pools[pool_name]
        return pool.gpu, pool.sharing, self._in_pass[pool_name]

    def exchange_seconds(self, pool, exchange, *, bandwidth, rated, latency_s, switched, nodes):
        ranks = len(exchange.groups[0])
        fabric = fabric_joining(
            pool.gpu, bandwidth, rated=rated, ranks=ranks, switched=switched, nodes=nodes
        )
        alone = alone_seconds(
            exchange,
            fabric=fabric,
            all_reduce=ALL_REDUCE,
            nodes=nodes,
            further_s=max(0.0, latency_s - MEASURED_LATENCY_S),
        )
        return pool.release.collectives * alone

    def _prefill_passes(self, part):
        costs = super()._prefill_passes(part)
        parts = prefill_parts(
            self._prefill_kernels.times(part),
            layers=LayerCounts.of(self.llm, part),
            release=self._pools["prefill"].release,
            least=costs.seconds,
        )
        return _timed(costs, parts)

    def _decode_passes(self, part):
        costs = super()._decode_passes(part)
        full, bare = (kernels.times(part) for kernels in self._decode_kernels)
        release = self._pools["decode"].release
        kernels, gpu = self.kernels["decode"], self._pools["decode"].gpu
        form = chip_of(gpu, kernels).runs(self.llm.gemm_dtype)
        parts = decode_parts(
            bare,
            launches=full.total - bare.total,
            products=products_factor(release, fp8=form == "fp8", fp4=form == "fp4"),
            layers=LayerCounts.of(self.llm, part),
            steps=float(part.embedding),
            requests=self._in_pass["decode"] * float(part.head),
            release=release,
            least=costs.seconds,
        )
        return _timed(costs, parts)


def _known_if_small(passes):
    """Let `passes` know again what it was asked last: few of the controls change its answer."""
    known = lru_cache(maxsize=MOST_KNOWN)(passes)

    def found(llm, gpu, sharing, requests, workload):
        small = max(workload.chunks, workload.output_tokens) <= MOST_PASSES
        return (known if small else passes)(llm, gpu, sharing, requests, workload)

    return found


@_known_if_small
def _prefill_kernels(llm, gpu, sharing, requests, workload):
    n, chunks = float(requests), np.arange(workload.chunks)
    starts = chunks * float(workload.chunk_tokens)
    new = np.minimum(workload.chunk_tokens, workload.prompt_tokens - starts)
    last = chunks == workload.chunks - 1
    batch = Batch(
        prompts=n,
        new=new,
        before=starts,
        outputs=n * last,
        everyone=workload.batch_size * new,
    )
    return StepKernels(llm, batch, _ranks(gpu, sharing))


@_known_if_small
def _decode_kernels(llm, gpu, sharing, requests, workload):
    """With their fixed times, and without."""
    n = float(requests)
    context = workload.prompt_tokens + np.arange(workload.output_tokens, dtype=float)
    batch = Batch(
        decodes=np.full_like(context, n),
        context=context,
        outputs=n,
        everyone=np.full_like(context, workload.batch_size // workload.decode_microbatches),
    )
    ranks = _ranks(gpu, sharing)
    bare = replace(ranks, kernels=ranks.kernels.without_launches())
    return tuple(StepKernels(llm, batch, each) for each in (ranks, bare))


def _ranks(gpu, sharing):
    kernels = kernels_of(gpu)
    return Ranks(
        chip=chip_of(gpu, kernels),
        kernels=kernels,
        sharing=sharing,
        fabric=own_fabric(gpu, sharing.gpus) if sharing.gpus > 1 else None,
        all_reduce=ALL_REDUCE,
    )


def _timed(costs, parts):
    """`costs` that take the sum of `parts` [s], collectives left out, for the roofline's time."""
    some = {
        name: times
        for name, times in parts.items()
        if name != COLLECTIVES and np.count_nonzero(times)
    }
    collectives = np.broadcast_to(parts[COLLECTIVES], costs.seconds.shape)
    return replace(costs, seconds=sum(some.values()), parts=some, collectives=collectives)

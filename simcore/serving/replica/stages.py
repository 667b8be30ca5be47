"""How long steps take on one pipeline stage, by cost model."""

from dataclasses import replace
from typing import Protocol

import numpy as np

from simcore.costs.hardware import chip_of, kernels_of
from simcore.costs.operators.layer import Batch, Ranks, StepKernels, StepTimes
from simcore.costs.release_steps import (
    FLOOR_SHARPNESS,
    LayerCounts,
    decode_parts,
    products_factor,
)
from simcore.costs.releases import ReleaseConstants
from simcore.errors import ScenarioError
from simcore.serving.replica.costing import StageWork, collective_seconds
from simcore.serving.replica.floors import Roofline
from simcore.serving.replica.tables import Column, Grid, Rows


class Stage(Protocol):
    """Times of steps on one stage."""

    def decode(self, requests: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Of steps in which so many requests decode, with as much context each [s]."""

    def mixed(
        self, chunks, requests: int, context: float, outputs: int, tokens: int, least: float
    ) -> float:
        """Of a step with chunks of prompts, which takes `least` at least [s].

        The others as those of `Roofline.mixed`.
        """


class PhysicalStage:
    """The roofline, and collectives at the bandwidth of the wires."""

    def __init__(self, work: StageWork, release: ReleaseConstants, roofline: Roofline):
        del release  # a lower bound, whatever engine
        self.work, self.roofline = work, roofline
        counts = work.token_counts()
        times = collective_seconds(work, counts, counts * work.sharing.dp, measured=False)
        self._collectives = Column(counts, times)

    def decode(self, requests, context):
        work = self.work
        here = work.groups_share(requests) * work.each
        everyone = requests * work.each
        collectives = collective_seconds(work, here, everyone, measured=False)
        return self.roofline.decode(requests, context) + collectives

    def mixed(self, chunks, requests, context, outputs, tokens, least):
        return least + self._collectives.at(tokens)


class CalibratedStage:
    """Kernel by kernel, with what a release of an engine makes of them.

    A step with prompts is launched layer by layer, as that of a prompt alone: products take all its
    tokens at once, attention each request's by themselves.
    """

    def __init__(self, work: StageWork, release: ReleaseConstants, roofline: Roofline):
        self.work, self.release, self.roofline = work, release, roofline
        self._kernels = kernels_of(work.gpu)
        self._chip = chip_of(work.gpu, self._kernels)
        self._layers = LayerCounts.of(work.llm, work.part)
        self._launching = release.eager_layer_s * work.part.layers
        self._by_tokens()
        self._by_chunk()
        self._by_context()

    def decode(self, requests, context):
        work, release = self.work, self.release
        bare = self._decode_kernels(requests, context, self._kernels.without_launches())
        full = self._decode_kernels(requests, context, self._kernels)
        here, everyone = work.groups_share(requests) * work.each, requests * work.each
        collectives = collective_seconds(work, here, everyone, measured=True)
        form = self._chip.runs(work.llm.gemm_dtype)
        parts = decode_parts(
            replace(bare, collectives=collectives),
            launches=full.total - bare.total,
            products=products_factor(release, fp8=form == "fp8", fp4=form == "fp4"),
            layers=self._layers,
            steps=float(work.part.embedding),
            requests=work.groups_share(requests) * float(work.part.head),
            release=release,
            least=self.roofline.decode(requests, context),
        )
        return sum(parts.values())

    def mixed(self, chunks, requests, context, outputs, tokens, least):
        release, dp = self.release, self.work.sharing.dp
        own = self._products.at(tokens) + self._attention_launch
        if outputs:
            own += self._head.at(-(-outputs // dp))
        grid = self._attention
        attending = [grid.at(new, before) for new, before in chunks]
        own += max(sum(attending) / dp, max(attending))
        own *= release.prefill
        if requests:
            own += release.attention * self._riding.at(requests, context / requests)
        busy = max(own, least) + release.collectives * self._collectives.at(tokens)
        return _at_least(busy, self._launching)

    def _times(self, batch, kernels=None) -> StepTimes:
        ranks = Ranks(chip=self._chip, kernels=kernels or self._kernels, sharing=self.work.sharing)
        return StepKernels(self.work.llm, batch, ranks).times(self.work.part)

    def _decode_kernels(self, requests, context, kernels):
        work = self.work
        here, each = work.groups_share(requests), work.each
        plain = Batch(decodes=here, context=context, outputs=here, everyone=requests)
        times = self._times(plain, kernels)
        if each == 1:
            return times
        # Proposed tokens go through the products with the others; the cache is read once for all.
        many = Batch(
            decodes=here * each, context=0.0, outputs=here * each, everyone=requests * each
        )
        return replace(self._times(many, kernels), attention=times.attention)

    def _by_tokens(self):
        work = self.work
        counts = work.token_counts()
        times = self._times(Batch(decodes=counts, outputs=0.0))
        self._products = Column(counts, times.products + times.experts + times.small)
        collectives = collective_seconds(work, counts, counts * work.sharing.dp, measured=True)
        self._collectives = Column(counts, collectives)
        outputs = np.arange(work.groups_share(work.requests) * (work.each + 1) + 1, dtype=float)
        self._head = Column(outputs, self._times(Batch(decodes=1.0 + 0 * outputs,
                                                       outputs=outputs)).head)  # fmt: skip

    def _by_chunk(self):
        """Attention of a chunk of one prompt, and what else depends on its context."""
        work = self.work
        prefill = self._kernels.prefill
        self._attention_launch = prefill.launch_s * work.part.layers
        bare = replace(self._kernels, prefill=replace(prefill, launch_s=0.0))
        window = getattr(work.llm.attention, "window", None) or 1
        new = _spread(work.tokens, window)
        before = np.unique(
            [0.0, *np.geomspace(32.0, max(work.context, 128), 48), window - 1.0, window]
        )
        shape = new[:, None], before[None, :]
        times = self._times(Batch(prompts=1.0, new=shape[0], before=shape[1]), bare)
        alone = self._times(Batch(decodes=shape[0]), bare)
        # Latent attention expands what is in the cache, in proportion to it.
        expanding = np.maximum(times.products - alone.products, 0.0)
        values = np.broadcast_to(times.attention + expanding, (len(new), len(before)))
        self._attention = Grid(new, before, values)

    def _by_context(self):
        """Attention of requests that decode in a step with prompts."""
        work = self.work
        requests = np.arange(work.requests + 1.0)[:, None]
        context = work.contexts()
        here = work.groups_share(requests)
        both = self._times(Batch(prompts=1.0, new=1.0, decodes=here, context=context[None, :]))
        one = self._times(Batch(prompts=1.0, new=1.0))
        values = np.broadcast_to(both.attention - one.attention, (len(requests), len(context)))
        self._riding = Rows(context, values)


def _at_least(busy, launching):
    """As `release_steps.at_least`, of two plain numbers."""
    larger = max(busy, launching)
    smaller = min(busy, launching)
    return larger * (1 + (smaller / larger) ** FLOOR_SHARPNESS) ** (1 / FLOOR_SHARPNESS)


def _spread(most, window):
    """Chunks from 1 to `most` tokens, closer to one another where they are small."""
    points = [1, 2, 4, 8, *range(16, 256, 16), *range(256, 2048, 64), *range(2048, 4096, 128)]
    points += (np.geomspace(4096, max(most, 4097), 32) // 128 * 128).tolist()
    points.append(window)
    return np.unique([*(float(p) for p in points if p <= most), max(most, 2)])


STAGES = {"calibrated": CalibratedStage, "physical": PhysicalStage}


def stage_of(cost_model: str, work: StageWork, release: ReleaseConstants) -> Stage:
    """The stage by that cost model; raises ScenarioError where it has none."""
    if cost_model not in STAGES:
        raise ScenarioError(
            f"cost_model = {cost_model!r} has no steps that prefill and decode at once; use one of "
            f"{', '.join(STAGES)}",
            field="cost_model",
        )
    return STAGES[cost_model](work, release, Roofline(work))

"""How long a step takes in a release of a serving engine: its kernels, and the host around them.

Where the constants come from, and what they mean, is told in `releases`.
"""

from dataclasses import dataclass

import numpy as np

from gpu_catalog import LLM, LatentAttention
from simcore.costs.operators.layer import StepTimes
from simcore.costs.operators.smooth import smooth_max
from simcore.costs.transformer import Slice

FLOOR_SHARPNESS = 8
"""Of the maximum of what GPUs and host take for a step (see `smooth_max`)."""

COLLECTIVES = "collectives"
"""The part of a step that the wires take."""

LAUNCHES, ENGINE = "launches", "engine"
"""What a step takes beside kinds of kernels: to launch them, and what the engine adds."""

Seconds = np.ndarray | float


@dataclass(frozen=True, kw_only=True)
class LayerCounts:
    """Layers that a step goes through. Numbers, or arrays of one entry per step.

    Attributes
    ----------
    layers : all of them
    expert_layers, norm_layers, latent_layers : those with experts, those that normalise queries and
        keys, those of latent attention
    """

    layers: np.ndarray | float
    expert_layers: np.ndarray | float
    norm_layers: np.ndarray | float
    latent_layers: np.ndarray | float

    @classmethod
    def of(cls, llm: LLM, part: Slice) -> "LayerCounts":
        """Those of a slice of a model."""
        return cls(
            layers=part.layers,
            expert_layers=part.sparse_layers,
            norm_layers=part.layers * getattr(llm.attention, "qk_norm", False),
            latent_layers=part.layers * isinstance(llm.attention, LatentAttention),
        )


def decode_parts(
    kernels: StepTimes,
    *,
    launches,
    products,
    layers: LayerCounts,
    steps,
    requests,
    release,
    least=0.0,
) -> dict[str, Seconds]:
    """Times [s] whose sum a decode step takes, by kind of kernel, LAUNCHES and ENGINE.

    Parameters
    ----------
    kernels : without their fixed times
    launches : those fixed times [s]
    products : the release's factor on products with weights, of the format they run in
    layers : that the step goes through
    steps : steps that the host prepares: 1, or 0 for a slice that is not the step's first
    requests : whose next token the host samples and schedules
    release : `releases.ReleaseConstants`
    least : that the kernels take at the hardware's peaks [s]
    """
    c = release
    parts = {
        "products": products * kernels.products,
        "attention": c.attention * kernels.attention,
        "experts": c.experts * kernels.experts,
        "small": c.small * kernels.small,
        COLLECTIVES: c.collectives * kernels.collectives,
        "head": products * kernels.head,
    }
    parts = _no_faster(parts, least) | {LAUNCHES: c.launches * launches}
    busy = sum(parts.values())
    step = at_least(busy + unfused_seconds(layers, c), c.launch_layer_s * layers.layers)
    return parts | {ENGINE: step - busy + c.step_s * steps + c.sequence_s * requests}


def unfused_seconds(layers: LayerCounts, release) -> Seconds:
    """Time [s] of small kernels of a decode step that the release does not fuse with others."""
    c = release
    unfused = c.expert_layer_s * layers.expert_layers + c.norm_layer_s * layers.norm_layers
    return unfused + c.latent_layer_s * layers.latent_layers


def prefill_kernels(kernels: StepTimes, *, release) -> dict[str, Seconds]:
    """Times [s] of the kernels of a step with prompts, by kind."""
    times = {name: release.prefill * seconds for name, seconds in vars(kernels).items()}
    return times | {COLLECTIVES: release.collectives * kernels.collectives}


def prefill_parts(
    kernels: StepTimes, *, layers: LayerCounts, release, least=0.0
) -> dict[str, Seconds]:
    """Times [s] whose sum a step with prompts alone takes, by kind of kernel and ENGINE.

    Parameters as those of `decode_parts`, but for `kernels`, which have their fixed times here.
    """
    parts = _no_faster(prefill_kernels(kernels, release=release), least)
    busy = sum(parts.values())
    return parts | {ENGINE: at_least(busy, release.eager_layer_s * layers.layers) - busy}


def at_least(busy, launching):
    """Time [s] of GPUs that are busy for one time and launched by a host that takes another."""
    return smooth_max(busy, launching, sharpness=FLOOR_SHARPNESS)


def _no_faster(parts, least):
    """`parts`, all of them longer where those of the GPU itself sum up to less than `least` [s].

    Constants were fitted to whole requests; on other models, factors below 1 can add up to more
    than the hardware can do.
    """
    own = sum(seconds for name, seconds in parts.items() if name != COLLECTIVES)
    longer = np.maximum(1.0, least / np.maximum(own, 1e-300))
    return {
        name: seconds if name == COLLECTIVES else seconds * longer
        for name, seconds in parts.items()
    }


def products_factor(release, *, fp8, fp4):
    """The release's factor on products with weights that run in FP8, in FP4 or else in BF16."""
    factor = np.where(fp8, release.products_fp8, release.products_bf16)
    return np.where(fp4, release.products_fp4, factor)

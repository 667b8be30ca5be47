"""What a serving engine adds to the kernels of a step."""

from dataclasses import dataclass

import numpy as np

from simcore.costs.constants import shipped
from simcore.costs.operators.layer import StepTimes
from simcore.costs.operators.smooth import smooth_max
from simcore.costs.provenance import Provenance


@dataclass(frozen=True, kw_only=True)
class EngineConstants:
    """One engine's releases on one kind of host.

    Attributes
    ----------
    engine : its name
    versions : releases it stands for, as users and tables of measurements write them
    gpus : whose hosts it was measured on, by their names in the catalog; empty for any
    host_s : of preparing and launching a decode step on the host, beside the GPUs' work [s]
    prefill_host_s : the same of a step with prompts [s]
    sharpness : of the maximum of host and kernels (see `smooth_max`)
    sequence_s : of scheduling and sampling a request that decodes [s]
    prompt_s : of a request of which a chunk is prefilled [s]
    slower : kernels of that release, over those that the GPU's constants were fitted to
    large_reduce_bytes : message from which its all-reduces among many ranks are slow [byte]
    large_reduce_s_per_byte : what each byte beyond takes longer among 8 ranks [s/byte]
    """

    engine: str
    versions: tuple[str, ...]
    gpus: tuple[str, ...]
    host_s: float
    prefill_host_s: float
    sharpness: float
    sequence_s: float
    prompt_s: float
    slower: float
    large_reduce_bytes: float
    large_reduce_s_per_byte: float
    provenance: Provenance


def engine_step_seconds(
    kernels: StepTimes,
    *,
    decodes,
    prompts,
    message,
    reductions,
    ranks: int,
    constants: EngineConstants,
):
    """Time [s] of a step with the engine around it.

    Parameters
    ----------
    decodes, prompts : requests that decode, and of which a chunk is prefilled
    message : of one all-reduce [byte]
    reductions : all-reduces of the step
    ranks : tensor parallelism
    """
    c = constants
    decodes, prompts, message = (np.asarray(x, float) for x in (decodes, prompts, message))
    # None between 2 ranks, all of it among 8, and on a line between.
    crowd = max(0.0, (ranks - 2) / 6)
    beyond = np.maximum(message - c.large_reduce_bytes, 0.0)
    slow = crowd * reductions * beyond * c.large_reduce_s_per_byte
    busy = c.slower * kernels.total + slow
    host = np.where(prompts > 0, c.prefill_host_s, c.host_s)
    time = smooth_max(busy, host, sharpness=c.sharpness)
    return time + c.sequence_s * decodes + c.prompt_s * prompts


STAND_IN = "vLLM"
"""The engine whose host time stands in for that of engines nobody has measured."""


def engine_of(engine: str, version: str | None, gpu: str) -> EngineConstants | None:
    """Constants of an engine's release on the hosts of a GPU; None where there are none.

    Of two that fit, the one that names the GPU.
    """
    fitting = [
        constants
        for constants in _of_engine(engine)
        if version in constants.versions and (not constants.gpus or gpu in constants.gpus)
    ]
    return max(fitting, key=lambda c: bool(c.gpus), default=None)


def nearest_engine(engine: str, version: str | None, gpu: str) -> tuple[EngineConstants, bool]:
    """Constants of an engine's release, or the nearest to it, and whether they are its own.

    The nearest is the engine on the GPU in another release, then on another GPU, then `STAND_IN`.
    """
    own = engine_of(engine, version, gpu)
    if own is not None:
        return own, True
    others = _of_engine(engine) or _of_engine(STAND_IN)
    return max(others, key=lambda c: (gpu in c.gpus, version in c.versions, c.versions)), False


def _of_engine(engine: str) -> list[EngineConstants]:
    known = shipped(EngineConstants, "steps").values()
    return [constants for constants in known if constants.engine.casefold() == engine.casefold()]

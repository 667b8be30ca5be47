"""How far a cost model's times may be off, from what its constants were fitted to, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gpu_catalog import GPU, LLM, GroupedQueryAttention
from simcore.costs.constants import GpuConstants
from simcore.costs.hardware import EXPECTED_ERROR, chip_of, kernels_of, own_fabric, relative_of
from simcore.costs.operators.layer import MOE_KERNELS
from simcore.costs.plan import Pool
from simcore.costs.serving_engines import KERNELS_ALONE, ServingEngine

TIMES = {"ttds_s": ("prefill",), "tpot_s": ("decode",), "ttft_s": ("prefill", "decode")}
"""Metrics that have a band, and the phases whose passes they are made of."""


class Bound(Enum):
    """What an expected error says of the true time."""

    BAND = "band"
    LOWER = "lower bound"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class ExpectedError:
    """How far a time may be off.

    Attributes
    ----------
    bound : a band around the predicted time, a lower bound on the true one, or nothing is claimed
    share : half the width of the band, of 1; None where there is none
    reason : where that comes from, in a sentence or two
    """

    bound: Bound
    share: float | None
    reason: str

    @property
    def short(self) -> str:
        """In a word, as it stands beside a number."""
        if self.share is None:
            return {Bound.LOWER: "or more", Bound.NONE: "by spec"}[self.bound]
        return f"±{100 * self.share:.0f} %"


@dataclass(frozen=True, kw_only=True)
class Part:
    """The expected error of one kind of kernels on one GPU.

    Attributes
    ----------
    name : of the kind
    share : of 1
    calibrated : whether it is that of rows that no fit had seen, on that GPU
    """

    name: str
    share: float
    calibrated: bool


def lower_bounds(reason: str) -> Mapping[str, ExpectedError]:
    """The expectation of a model whose times nothing can undercut."""
    return dict.fromkeys(TIMES, ExpectedError(bound=Bound.LOWER, share=None, reason=reason))


def no_claims(reason: str) -> Mapping[str, ExpectedError]:
    """The expectation of a model that is not about true times."""
    return dict.fromkeys(TIMES, ExpectedError(bound=Bound.NONE, share=None, reason=reason))


def calibrated_bands(
    *, llm: LLM, prefill: Pool, decode: Pool, engine: ServingEngine
) -> Mapping[str, ExpectedError]:
    """Bands of the calibrated model, from the errors that its constants state.

    A sum of times is relatively off by no more than the worst of its parts, whatever their shares:
    |Σ tᵢ eᵢ| / Σ tᵢ ≤ max |eᵢ|. So a phase's band is that of its worst kind of kernel, or that of
    the engine's own times where these were further off, and that of a metric is that of its worst
    phase.
    """
    pools = {"prefill": prefill, "decode": decode}
    parts = {
        phase: (
            *parts_of(llm, pool.gpu, phase),
            *_collectives_part(pool),
            *_engine_part(engine, phase),
        )
        for phase, pool in pools.items()
    }
    reasons = {
        phase: _reason(pool.gpu, phase, parts_of(llm, pool.gpu, phase)) + _collectives_reason(pool)
        for phase, pool in pools.items()
    }
    return {
        metric: ExpectedError(
            bound=Bound.BAND,
            share=max(part.share for phase in phases for part in parts[phase]),
            reason=" ".join(
                [
                    *(reasons[phase] for phase in phases),
                    *_engine_reason(engine, phases, llm),
                    PEAKS,
                ]
            ),
        )
        for metric, phases in TIMES.items()
    }


PEAKS = "Links run at their peaks."
ALONE = "No serving engine's own time is added."
"""What a band does not cover."""

MEASURED = {"prefill": "ttft", "decode": "tpot"}
"""The quantity of a serving engine that tells how far a phase is off, as its constants name it."""


def _collectives_part(pool) -> tuple[Part, ...]:
    """Collectives over the fabric that such GPUs have; none where a stage is one GPU."""
    if pool.stage_gpus == 1:
        return ()
    fabric = own_fabric(pool.gpu, pool.stage_gpus)
    known = None if fabric is None else fabric.provenance.error.get("collectives")
    calibrated = known is not None and fabric.calibrated
    share = known if calibrated else max(EXPECTED_ERROR, known or 0.0)
    return (Part(name="collectives", share=share, calibrated=calibrated),)


def _collectives_reason(pool) -> str:
    for part in _collectives_part(pool):
        if part.calibrated:
            return f" Collectives on the fabric of such GPUs: off by {100 * part.share:.0f} %."
        return f" Collectives between such GPUs: unmeasured; expect ±{100 * part.share:.0f} %."
    return ""


def _engine_part(engine, phase) -> tuple[Part, ...]:
    """What the engine adds to a phase; nothing where there is none."""
    if engine.release is KERNELS_ALONE:
        return ()
    known = engine.release.provenance.error.get(MEASURED[phase])
    calibrated = engine.release.calibrated and known is not None
    share = known if calibrated else max(EXPECTED_ERROR, known or 0.0)
    return (Part(name=engine.name, share=share, calibrated=calibrated),)


def _engine_reason(engine, phases, llm) -> list[str]:
    parts = {phase: part for phase in phases for part in _engine_part(engine, phase)}
    if not parts:
        return [ALONE]
    told = " and ".join(
        f"{MEASURED[phase].upper()} {100 * part.share:.0f} %" for phase, part in parts.items()
    )
    if all(part.calibrated for part in parts.values()):
        models = engine.release.provenance.models
        reason = f"{engine.name}: off by {told} on runs that no fit had seen"
        if models and llm.name not in models:
            reason += f"; {llm.name} was not among its models"
        return [f"{reason}."]
    return [f"{engine.name}: uncalibrated, that of all engines stands in; expect {told} or more."]


def parts_of(llm: LLM, gpu: GPU, phase: str) -> tuple[Part, ...]:
    """Expected errors of the kinds of kernels that a phase of `llm` runs on `gpu`."""
    kernels = kernels_of(gpu)
    # A format that the GPU lacks, or that was not measured on it, runs as BF16.
    form = chip_of(gpu, kernels).runs(llm.gemm_dtype)
    parts = [_part("products", f"gemm_{form if form in kernels.gemm else 'bf16'}", kernels)]
    grouped = isinstance(llm.attention, GroupedQueryAttention)
    parts.append(_part("attention", f"attention_{phase}" if grouped else "latent", kernels))
    if llm.experts:
        kind = MOE_KERNELS.get(llm.experts.weight_dtype, "bf16")
        parts.append(_part("experts", f"moe_{kind}", kernels))
    return tuple(parts)


def _part(name: str, operator: str, kernels: GpuConstants) -> Part:
    """The error that the constants state of an operator; the usual one where they state none."""
    known = kernels.provenance.error.get(operator)
    if known is not None and kernels.calibrated:
        return Part(name=name, share=known, calibrated=True)
    return Part(name=name, share=max(EXPECTED_ERROR, known or 0.0), calibrated=False)


def _reason(gpu: GPU, phase: str, parts) -> str:
    if not kernels_of(gpu).calibrated:
        return (
            f"{phase.capitalize()}: uncalibrated on {gpu.name}, the constants of "
            f"{relative_of(gpu)} stand in; expect ±{100 * EXPECTED_ERROR:.0f} % or more."
        )
    known = [part for part in parts if part.calibrated]
    told = ", ".join(f"{part.name} {100 * part.share:.0f} %" for part in known)
    reason = f"{phase.capitalize()}: calibrated on {gpu.name}; off by {told} on unseen shapes."
    unknown = " and ".join(part.name for part in parts if not part.calibrated)
    if unknown:
        reason += f" For this model's {unknown} no measurement on it is known."
    return reason

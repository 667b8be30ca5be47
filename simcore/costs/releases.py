"""What a release of a serving engine makes of the kernels: constants, and mean TTFT and TPOT."""

import re
from dataclasses import dataclass

import numpy as np

from simcore.costs.closed_loop import (
    mean_wait_seconds,
    overflow_wait_seconds,
    prompts_together,
    seconds_per_token,
)
from simcore.costs.constants import shipped
from simcore.costs.operators.layer import StepTimes
from simcore.costs.provenance import Provenance
from simcore.costs.release_steps import (
    LayerCounts,
    at_least,
    decode_parts,
    prefill_kernels,
    products_factor,
)

GRAPHED_S = 2e-4
"""Launching a layer kernel by kernel takes longer than this [s]; replaying a graph does not."""


@dataclass(frozen=True, kw_only=True)
class ReleaseConstants:
    """One family of releases of a serving engine.

    The first nine are times of its kernels over those of the GPU's constants, which were measured
    kernel by kernel: below 1 where CUDA graphs, fusion and overlap hide part of them.

    Attributes
    ----------
    engine : its name
    versions : releases it stands for, as tables of measurements write them; "" where unstated
    launches : fixed times of the kernels of decode steps, whatever their size
    products_bf16, products_fp8, products_fp4 : products with weights, by format
    attention, experts, collectives, small : the other kernels of decode steps
    prefill : all kernels of prefill steps but collectives
    step_s : of a step, on the host, not overlapped [s]
    expert_layer_s : of a layer of experts beside its grouped products: router, top-k, sorting, what
        is not fused [s]
    norm_layer_s, latent_layer_s : the same of a layer that normalises queries and keys, and of one
        of latent attention [s]
    sequence_s : of each running request in a step [s]
    launch_layer_s, eager_layer_s : of launching one layer from the host, in decode steps and in
        steps with prompts, for which there is no CUDA graph: a step lasts at least as long as all
        its layers take [s]
    request_s : of a request before and after its prefill: HTTP, tokenizer, scheduling [s]
    tokens_per_step : tokens that a request gains in a step; above 1 with speculative decoding
    budget : most tokens of a step
    """

    engine: str
    versions: tuple[str, ...]
    calibrated: bool
    launches: float
    products_bf16: float
    products_fp8: float
    products_fp4: float
    attention: float
    experts: float
    collectives: float
    small: float
    prefill: float
    step_s: float
    expert_layer_s: float
    norm_layer_s: float
    latent_layer_s: float
    sequence_s: float
    launch_layer_s: float
    eager_layer_s: float
    request_s: float
    tokens_per_step: float
    budget: int
    provenance: Provenance

    @property
    def plain(self) -> bool:
        """Whether it ran as engines do by default: with CUDA graphs, and without speculation.

        Otherwise the constants tell how it was run rather than what the release is.
        """
        return self.tokens_per_step == 1.0 and self.launch_layer_s < GRAPHED_S


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one replica's kernels take, and its load. Arrays of one entry per case.

    Attributes
    ----------
    decode : kernels of a step in which the running requests decode, without their fixed times [s]
    launches : those fixed times [s]
    prefill : kernels of all steps that prefill one prompt [s]
    chunks : steps of a prompt's prefill
    layers, expert_layers, norm_layers, latent_layers : of the model, those with experts, those that
        normalise queries and keys, and those of latent attention
    fp8, fp4 : whether the products with weights run in that format
    running : requests in the batch of the whole replica
    groups : data-parallel groups that they are spread over
    concurrency : requests in flight; more than are running where memory is short
    prompt, output : mean lengths [tokens]
    rounds : requests that each client sends
    apart : whether other machines prefill
    servers : replicas that prefill, for each that decodes
    transfer_s : KV cache from those machines to these [s]
    """

    decode: StepTimes
    launches: np.ndarray
    prefill: StepTimes
    chunks: np.ndarray
    layers: np.ndarray
    expert_layers: np.ndarray
    norm_layers: np.ndarray
    latent_layers: np.ndarray
    fp8: np.ndarray
    fp4: np.ndarray
    running: np.ndarray
    groups: np.ndarray
    concurrency: np.ndarray
    prompt: np.ndarray
    output: np.ndarray
    rounds: np.ndarray
    apart: np.ndarray
    servers: np.ndarray
    transfer_s: np.ndarray


def decode_step_seconds(work: Work, c: ReleaseConstants):
    """Time [s] of a step in which all running requests decode, without prompts among them."""
    parts = decode_parts(
        work.decode,
        launches=work.launches,
        products=products_factor(c, fp8=work.fp8, fp4=work.fp4),
        layers=LayerCounts(
            layers=work.layers,
            expert_layers=work.expert_layers,
            norm_layers=work.norm_layers,
            latent_layers=work.latent_layers,
        ),
        steps=1,
        requests=work.running / work.groups,
        release=c,
    )
    return sum(parts.values())


def ttft_tpot_seconds(work: Work, c: ReleaseConstants):
    """Mean TTFT and mean TPOT [s] of a closed loop.

    Chunked prefill (Agrawal et al., "Sarathi-Serve", OSDI 2024) mixes prompts into the steps of
    running requests, which it lengthens; see `closed_loop` for how often.
    """
    decode_s = decode_step_seconds(work, c)
    steps = work.output / c.tokens_per_step
    think_s = steps * decode_s
    floor = c.eager_layer_s * work.layers
    kernels = sum(prefill_kernels(work.prefill, release=c).values())
    riding = np.where(work.apart, 0.0, c.attention * work.decode.attention)
    single = at_least(kernels + work.chunks * riding, work.chunks * floor)
    clients = work.running / work.groups
    most = np.maximum(c.budget / work.prompt, 1.0)
    together = prompts_together(
        single_s=single, marginal_s=kernels, think_s=think_s, clients=clients, most=most
    )
    each = np.maximum(single / together, kernels)
    added = np.maximum(each - work.chunks * decode_s / together, 0.0)
    added = np.where(work.apart, 0.0, added)
    tpot = seconds_per_token(
        decode_s=decode_s / c.tokens_per_step,
        prompt_s=added,
        running=clients,
        output=work.output,
    )
    servers = np.where(work.apart, work.servers, 1.0)
    wait = mean_wait_seconds(
        service_s=each / servers,
        think_s=think_s,
        clients=np.where(work.apart, work.concurrency, clients),
        rounds=work.rounds,
    )
    turn = work.output * tpot + single
    line = overflow_wait_seconds(
        turn_s=turn, concurrency=work.concurrency, running=work.running, rounds=work.rounds
    )
    # A prompt finds a step under way, half of it on average, and its first token follows its last.
    own = single + np.where(work.apart, decode_s + work.transfer_s, decode_s / 2)
    return c.request_s + own + wait + line, tpot


ANY_ENGINE = "any"
"""Name of the constants for engines that nobody has calibrated."""


def release_of(engine: str, version: str | None) -> tuple[ReleaseConstants, bool]:
    """Constants of a release of an engine, and whether they were fitted to that very release.

    Otherwise those of the release with the nearest number, the latest where there is no number;
    those of all engines together where nobody has calibrated this one.
    """
    return nearest_release(engine, version, shipped(ReleaseConstants, "releases").values())


def nearest_release(engine, version, known) -> tuple[ReleaseConstants, bool]:
    """Of the `known` constants those for a release, and whether they name it; see `release_of`."""
    version = version or ""
    own = [constants for constants in known if constants.engine == engine.casefold()]
    for constants in own:
        if version in constants.versions:
            return constants, True
    if not own:
        return next(constants for constants in known if constants.engine == ANY_ENGINE), False
    plain = [constants for constants in own if constants.plain] or own
    number = release_number(version)
    if number is None:
        return max(plain, key=lambda c: max(map(_rank, c.versions))), False
    return min(plain, key=lambda c: min(abs(number - _rank(v)) for v in c.versions)), False


def release_number(version: str) -> float | None:
    """A release's place among others: 0.19.0 before 1.0.0rc3 before 1.0.0 before 1.0.0.post1.

    None where it does not start with a number.
    """
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:rc(\d+))?(?:\.post(\d+))?", version)
    if found is None:
        return None
    major, minor, patch, candidate, post = (int(p) if p else None for p in found.groups())
    late = LAST_CANDIDATE if candidate is None else candidate
    return major * 1e6 + minor * 1e3 + (patch or 0) + late / 100 + (post or 0) / 1e4


LAST_CANDIDATE = 99
"""Release candidates that may come before a release."""


def _rank(version):
    number = release_number(version)
    return -1e9 if number is None else number

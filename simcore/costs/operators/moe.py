"""Feed-forward layers of experts: grouped products of the tokens that each expert is sent."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from simcore.costs.operators.chip import ACTIVATION_BYTES, Chip, Format
from simcore.costs.operators.smooth import smooth_max

PROJECTIONS = 3
"""Gate, up and down."""


class Routing(Enum):
    """How tokens choose their experts.

    Attributes
    ----------
    BALANCED : as evenly as whole tokens allow
    RANDOM : each token draws its experts evenly
    POWER_LAW : loads follow a power law of exponent 1.2
    """

    BALANCED = "balanced"
    RANDOM = "random"
    POWER_LAW = "power_law_1.2"


class ExpertPlacement(Enum):
    """Which experts a group holds: neighbours, or every so many-th."""

    LINEAR = "linear"
    ROUND_ROBIN = "round robin"


POWER = 1.2
FEW_RANGE = (0.01, 2.0)
"""Least and largest load of the power law when there are fewer visits than experts."""
MANY_RANGE = (1.0, 0.8)
"""The same when there are more; the largest is a share of the tokens."""


@dataclass(frozen=True, kw_only=True)
class MoeConstants:
    """How one GPU's library runs a layer of experts in one format.

    Attributes
    ----------
    launch_s : of routing, sorting and the kernels of a layer [s]
    expert_s : of an expert that is visited [s]
    compute : share of the peak throughput
    memory : share of the peak bandwidth that the experts are read with
    sharpness : of the maximum of computing and reading (see `smooth_max`)
    block : tokens by which each visited expert's share is rounded up, half of it on average
    moves : passes over the activations of all visits, wherever they are computed, of `hidden`
        two-byte elements each, at peak bandwidth
    """

    launch_s: float
    expert_s: float
    compute: float
    memory: float
    sharpness: float
    block: float
    moves: float


def expert_loads(*, tokens, experts: int, active: int, routing: Routing):
    """Expected tokens of each expert, the heaviest first: an array with a last axis of `experts`.

    Of RANDOM routing, where loads vary about the same mean, the expected loads of the experts that
    are visited at all.
    """
    tokens = np.asarray(tokens, dtype=float)[..., None]
    visits = tokens * active
    order = np.arange(experts, dtype=float)
    if routing is Routing.BALANCED:
        return np.where(visits >= experts, visits / experts, np.clip(visits - order, 0, 1))
    if routing is Routing.RANDOM:
        visited = experts * (1 - (1 - active / experts) ** tokens)
        return np.clip(visited - order, 0, 1) * visits / np.maximum(visited, 1e-12)
    return _power_law(tokens, visits, experts, order)


def _power_law(tokens, visits, experts, order):
    """Quantiles of a truncated power law, scaled to the visits; no expert sees a token twice."""
    many = visits > experts
    least = np.where(many, MANY_RANGE[0], FEW_RANGE[0])
    most = np.where(many, np.maximum(MANY_RANGE[1] * tokens, 1.001), FEW_RANGE[1])
    quantile = 1 - (order + 0.5) / experts
    power = 1 - POWER
    raw = ((most**power - least**power) * quantile + least**power) ** (1 / power)
    loads = raw * visits / raw.sum(axis=-1, keepdims=True)
    return np.minimum(loads, tokens)


def group_loads(
    *,
    tokens,
    experts: int,
    active: int,
    groups: int,
    routing: Routing,
    placement: ExpertPlacement | None = None,
    seed: int = 0,
):
    """Expected tokens of each expert, by the group that holds it: axes [..., groups, experts].

    Groups that hold fewer experts than others have zeros in the places left.

    Parameters
    ----------
    tokens : of all that share the experts
    groups : expert parallelism: each holds 1/groups of the experts
    placement : which experts a group holds. It matters where some are in demand, under a power law;
        elsewhere, and where it is None, the heaviest are dealt out, one to each group in turn
    seed : decides which experts a power law favours
    """
    loads = expert_loads(tokens=tokens, experts=experts, active=active, routing=routing)
    experts = loads.shape[-1]
    most = -(-experts // groups)
    if placement is not None and routing is Routing.POWER_LAW:
        loads = loads[..., np.random.default_rng(seed).permutation(experts)]
    if placement is ExpertPlacement.LINEAR and routing is Routing.POWER_LAW:
        held = np.array_split(np.arange(experts), groups)
    else:
        held = [np.arange(experts)[group::groups] for group in range(groups)]
    places = np.array([np.pad(each, (0, most - len(each)), constant_values=-1) for each in held])
    return np.where(places >= 0, loads[..., places], 0.0)


def heaviest_loads(*, groups: int, **choice):
    """Expected tokens of the experts of the group with the most visits; see `group_loads`."""
    if groups == 1:
        choice = {name: choice[name] for name in ("tokens", "experts", "active", "routing")}
        return expert_loads(**choice)
    loads = group_loads(groups=groups, **choice)
    heaviest = loads.sum(axis=-1).argmax(axis=-1)[..., None, None]
    return np.take_along_axis(loads, heaviest, axis=-2)[..., 0, :]


def moe_seconds(
    *,
    tokens,
    everyone=None,
    hidden: int,
    intermediate: float,
    experts: int,
    active: int,
    groups: int = 1,
    routing: Routing,
    placement: ExpertPlacement | None = None,
    seed: int = 0,
    weights: Format,
    chip: Chip,
    constants: MoeConstants,
):
    """Time [s] of a layer of experts for `tokens` tokens, on the GPU with the most to do.

    Reads the weights of the experts that are visited, and computes each expert's tokens in blocks
    (Gale et al., "MegaBlocks", MLSys 2023).

    Parameters
    ----------
    everyone : tokens of all attention groups that share the experts, where each sends its own to
        the GPUs that hold them; None where every GPU has all tokens
    intermediate : inner width of an expert on this GPU, that is, divided by its tensor parallelism
    groups : expert parallelism: GPUs that share the experts, each holding 1/groups of them
    placement, seed : of the experts (see `group_loads`)
    """
    c = constants
    tokens = np.asarray(tokens, dtype=float)
    mine = heaviest_loads(
        tokens=tokens if everyone is None else everyone,
        experts=experts,
        active=active,
        groups=max(int(groups), 1),
        routing=routing,
        placement=placement,
        seed=seed,
    )
    # A share of a visit is a visit made that often.
    visited = np.minimum(mine, 1.0).sum(axis=-1)
    routed = mine.sum(axis=-1)
    computed = routed + visited * c.block / 2
    size = PROJECTIONS * hidden * intermediate
    operand = ACTIVATION_BYTES[chip.runs(weights.gemm)]
    activations = routed * (2 * hidden + PROJECTIONS * intermediate) * operand
    reading = (visited * size * weights.weight_bytes + activations) / (chip.bandwidth * c.memory)
    computing = 2 * computed * size / (chip.peak(weights.gemm) * c.compute)
    moves = c.moves * tokens * active if everyone is None else c.moves * routed
    moving = moves * hidden * 2 / chip.bandwidth
    time = c.launch_s + c.expert_s * visited + moving
    time = time + smooth_max(computing, reading, sharpness=c.sharpness)
    return np.where(tokens > 0, time, 0.0)

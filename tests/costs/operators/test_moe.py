"""Experts: who is visited, what is read and computed."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.costs.operators.chip import BF16
from simcore.costs.operators.moe import (
    ExpertPlacement,
    Routing,
    expert_loads,
    group_loads,
    heaviest_loads,
    moe_seconds,
)
from tests.costs.operators.chips import CHIP, IDEAL_MOE

SHAPE = {"hidden": 4096, "intermediate": 1024, "experts": 64, "active": 4}


def seconds(tokens, routing=Routing.BALANCED, chip=CHIP, **more):
    values = SHAPE | more
    return moe_seconds(
        tokens=tokens, **values, routing=routing, weights=BF16, chip=chip, constants=IDEAL_MOE
    )


@pytest.mark.parametrize("routing", list(Routing))
@pytest.mark.parametrize("tokens", [1.0, 16.0, 300.0, 5000.0])
def test_every_visit_is_made_and_no_expert_sees_a_token_twice(routing, tokens):
    loads = expert_loads(tokens=tokens, experts=64, active=4, routing=routing)
    assert loads.shape == (64,)
    assert (loads <= tokens * (1 + 1e-9)).all() and (loads >= 0).all()
    assert (np.diff(loads) <= 1e-12).all()
    if routing is Routing.POWER_LAW:
        # What a capped expert cannot take is not handed to others.
        assert loads.sum() <= tokens * 4 * (1 + 1e-9)
    else:
        assert loads.sum() == pytest.approx(tokens * 4)


def test_random_routing_visits_as_many_experts_as_chance_says():
    loads = expert_loads(tokens=16.0, experts=64, active=4, routing=Routing.RANDOM)
    assert np.minimum(loads, 1).sum() == pytest.approx(64 * (1 - (1 - 4 / 64) ** 16), rel=0.02)


def test_a_power_law_is_skewed():
    skewed = expert_loads(tokens=1000.0, experts=64, active=4, routing=Routing.POWER_LAW)
    assert skewed[0] > 3 * skewed.mean()


def test_one_token_reads_its_experts_and_many_compute():
    expert = 3 * 4096 * 1024
    assert seconds(1.0) == pytest.approx(4 * expert * 2 / 1e12, rel=0.01)
    wide = replace(CHIP, bandwidth=1e13)
    assert seconds(65536.0, chip=wide) == pytest.approx(2 * 65536 * 4 * expert / 1e15, rel=0.01)


def test_expert_parallelism_divides_balanced_work_and_the_heaviest_waits_for_no_one():
    assert seconds(65536.0, groups=8) == pytest.approx(seconds(65536.0) / 8, rel=0.01)
    skewed = seconds(4096.0, Routing.POWER_LAW, groups=8)
    assert skewed > 1.05 * seconds(4096.0, groups=8)


def test_no_tokens_take_no_time():
    assert seconds(0.0) == 0.0


@pytest.mark.parametrize("routing", list(Routing))
@pytest.mark.parametrize("placement", [None, *ExpertPlacement])
@pytest.mark.parametrize(("experts", "groups"), [(64, 1), (64, 8), (61, 8), (8, 8), (5, 8)])
def test_the_loads_of_groups_are_those_of_all_experts(routing, placement, experts, groups):
    tokens = np.array([1.0, 40.0, 3000.0])
    choice = {"tokens": tokens, "experts": experts, "active": 4, "routing": routing}
    by_group = group_loads(groups=groups, placement=placement, seed=5, **choice)
    assert by_group.shape[:2] == (3, groups)
    every = expert_loads(**choice)
    assert by_group.sum(axis=(1, 2)) == pytest.approx(every.sum(axis=-1), rel=1e-12)
    together = np.sort(by_group.reshape(3, -1), axis=-1)[:, ::-1]
    assert together[:, :experts] == pytest.approx(every)
    assert not together[:, experts:].any()
    heaviest = heaviest_loads(groups=groups, placement=placement, seed=5, **choice)
    assert heaviest.sum(axis=-1) == pytest.approx(by_group.sum(axis=-1).max(axis=-1), rel=1e-12)


def test_placement_says_which_experts_in_demand_are_together():
    """With 4 experts in 2 groups, by hand: which two of the loads add up."""
    choice = {"tokens": 100.0, "experts": 4, "active": 1, "groups": 2,
              "routing": Routing.POWER_LAW}  # fmt: skip
    loads = expert_loads(tokens=100.0, experts=4, active=1, routing=Routing.POWER_LAW)
    pairs = {frozenset(p) for p in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))}
    met = set()
    for seed in range(12):
        neighbours = group_loads(placement=ExpertPlacement.LINEAR, seed=seed, **choice)
        in_turn = group_loads(placement=ExpertPlacement.ROUND_ROBIN, seed=seed, **choice)
        # Expert 0 is with 1 in one, with 2 in the other.
        assert neighbours[0, 0] == in_turn[0, 0] and neighbours[0, 1] == in_turn[1, 0]
        met |= {frozenset(np.searchsorted(-loads, -group)) for group in neighbours}
    assert met == pairs


def test_dealt_out_the_heaviest_are_in_different_groups():
    loads = group_loads(tokens=100.0, experts=4, active=1, groups=2, routing=Routing.POWER_LAW)
    every = expert_loads(tokens=100.0, experts=4, active=1, routing=Routing.POWER_LAW)
    assert loads.tolist() == [[every[0], every[2]], [every[1], every[3]]]


def test_tokens_of_other_attention_groups_are_computed_where_their_experts_are():
    """8 groups of 512 tokens each on 8 expert groups: as much as one GPU has of its own."""
    one = seconds(512.0)
    spread = seconds(512.0, everyone=8 * 512.0, groups=8)
    reads = 64 * 3 * 4096 * 1024 * 2 / 1e12
    # All experts are read by one GPU, an eighth by each of eight.
    assert one > reads > spread
    wide = replace(CHIP, bandwidth=1e14)
    computed = seconds(65536.0, everyone=8 * 65536.0, groups=8, chip=wide)
    assert computed == pytest.approx(seconds(65536.0, chip=wide), rel=1e-3)

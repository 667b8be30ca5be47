"""Experts: who is visited, what is read and computed."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.costs.operators.chip import BF16
from simcore.costs.operators.moe import Routing, expert_loads, moe_seconds
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

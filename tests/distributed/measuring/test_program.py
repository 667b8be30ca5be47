"""What is measured is what there is: on a simulated star, of which all is known."""

import pytest

from simcore.distributed import simulate, star
from simcore.distributed.measuring.network_profile import fit_profile
from simcore.distributed.measuring.program import (
    Measurement,
    measure_network,
    measurements,
    sizes_up_to,
)
from simcore.distributed.measuring.shapes import OPERATIONS
from simcore.distributed.measuring.stars import star_of
from simcore.errors import PdscopeError

LATENCY_S, BANDWIDTH = 2e-4, 12.5e6


def runner(collectives="portable"):
    def run(program, ranks, args):
        network = star(BANDWIDTH, LATENCY_S)
        return simulate(program, ranks, args=args, network=network, profile=collectives)

    return run


def test_the_star_is_found_again_from_what_was_measured_on_it():
    samples = measure_network(
        runner(), ranks=(2, 3, 4), sizes=sizes_up_to(2**20, factor=16), rounds=2, seed=1
    )
    profile = fit_profile(samples, backend="simulated", collectives="portable", seed=1)
    assert [fit.operation for fit in profile.operations] == list(OPERATIONS)
    for fit in profile.operations:
        # Parts of an all-reduce are whole elements, so small ones are not quite a share of N.
        assert fit.line.latency_s == pytest.approx(LATENCY_S, rel=2e-3), fit.operation
        assert 1 / fit.line.seconds_per_byte == pytest.approx(BANDWIDTH, rel=2e-3)
        assert fit.mape < 1e-3
        # Some ranks leave the barrier a byte's time before others, and begin at once.
        assert fit.repeatability < 1e-4
        assert fit.knee_bytes is None
    rate, latency = star_of(profile)
    assert (rate, latency) == pytest.approx((BANDWIDTH, LATENCY_S), rel=1e-4)


@pytest.mark.parametrize("collectives", ["gloo", "nccl-ring"])
def test_the_shapes_are_those_of_the_collectives_of_libraries(collectives):
    """A chain of segments fills up first, so that its α is not one latency; its β is."""
    samples = measure_network(
        runner(collectives), ranks=(2, 4), sizes=(2**18, 2**19, 2**20), rounds=2, seed=1
    )
    profile = fit_profile(samples, backend="simulated", collectives=collectives, seed=1)
    for fit in profile.operations:
        chain = (collectives, fit.operation) == ("nccl-ring", "broadcast")
        bandwidth = 1 / fit.line.seconds_per_byte
        assert bandwidth == pytest.approx(BANDWIDTH, rel=0.05 if chain else 1e-3), fit.operation
        assert chain or fit.line.latency_s == pytest.approx(LATENCY_S, rel=1e-3)


def test_every_operation_and_size_comes_once_a_round_in_an_order_of_the_rounds_own():
    tests = measurements(OPERATIONS, (1, 2, 4), rounds=3, seed=5)
    rounds = [tests[12 * number : 12 * number + 12] for number in range(3)]
    for number, turn in enumerate(rounds):
        assert {test.round for test in turn} == {number}
        assert {(t.operation, t.nbytes) for t in turn} == {
            (name, size) for name in OPERATIONS for size in (1, 2, 4)
        }
    orders = {tuple((t.operation, t.nbytes) for t in turn) for turn in rounds}
    assert len(orders) == 3
    assert tests == measurements(OPERATIONS, (1, 2, 4), rounds=3, seed=5)
    assert tests != measurements(OPERATIONS, (1, 2, 4), rounds=3, seed=6)


def test_sizes_go_from_one_byte_up_by_factors():
    assert sizes_up_to(64_000_000)[-1] == 2**25
    assert sizes_up_to(20, factor=4) == (1, 4, 16)
    assert sizes_up_to(1) == (1,)


@pytest.mark.parametrize(
    ("extent", "says"),
    [
        ({"ranks": (1,)}, "ranks = 1 is out of range; use 2 to 64"),
        ({"ranks": (65,)}, "ranks = 65"),
        ({"rounds": 1}, "rounds = 1"),
        ({"rounds": 10**9}, "rounds = 1000000000"),
        ({"sizes": (1, 2)}, "sizes up to 2 bytes"),
        ({"sizes": (1, 2, 2**31)}, "sizes up to"),
        ({"sizes": (1, 2, 2**30), "ranks": (64,)}, "hold more than"),
        ({"operations": ("scan",)}, "unknown operation 'scan'"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_runs(extent, says):
    def never(program, ranks, args):
        raise AssertionError("this must not run")

    usual = {"ranks": (2,), "sizes": (1, 2, 4), "rounds": 2, "operations": ("send",), "seed": 0}
    with pytest.raises(PdscopeError, match=says):
        measure_network(never, **usual | extent)


def test_a_program_that_knows_no_operation_of_a_test_says_so():
    with pytest.raises(PdscopeError, match="unknown operation 'scan'"):
        measure_network_of(Measurement("scan", 4, 0))


def measure_network_of(*tests):
    from simcore.distributed.measuring.program import measure

    return simulate(measure, 2, args=(tests,), network=star(1e9, 0))

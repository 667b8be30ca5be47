"""Whatever the flows and the channels: exact finishes, fair rates, nothing lost on the way."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore.engine.bottleneck import WatchedNetwork
from simcore.engine.fairness import allocate, certificate_violation
from simcore.engine.network import Network
from tests.properties.flow_oracle import exact_finish_times
from tests.properties.flow_sets import FlowSet, flow_sets, simulate


class WitnessedNetwork(Network):
    """A network that proves its rates fair whenever it has settled them, and counts its bytes."""

    def __init__(self):
        super().__init__()
        self.proofs = 0
        self.moved = 0.0
        self._seen_at = 0.0
        self._moving = {}

    def join(self, batch, now):
        self._account(now)
        finish = super().join(batch, now)
        self._moving[batch] = None
        if not self.touched:
            self._prove()
        return finish

    def leave(self, event):
        self._account(event[0])
        batch = super().leave(event)
        del self._moving[batch]
        return batch

    def settle(self, now, events):
        self._account(now)
        super().settle(now, events)
        self._prove()

    def _account(self, now):
        """Bytes that the rates in force have moved since the last look."""
        self.moved += sum(b._route.rate for b in self._moving) * (now - self._seen_at)
        self._seen_at = now

    def _prove(self):
        self.proofs += 1
        paths = [batch.path for batch in self._moving]
        capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
        rates = [batch._route.rate for batch in self._moving]
        violation = certificate_violation(paths, [1] * len(paths), capacity, rates)
        assert violation is None, violation


def finishes(flow_set, network=None, order=None):
    return [batch.end_time for batch in simulate(flow_set, network, order)]


def patch_engine(patch, name, value):
    """Set `name` in each module of the engine that holds it."""
    holders = [
        module
        for module_name, module in sorted(sys.modules.items())
        if module_name.startswith("simcore.engine.") and hasattr(module, name)
    ]
    assert holders, f"no module of the engine has {name}"
    for module in holders:
        patch.setattr(module, name, value)


@given(flow_sets())
@settings(max_examples=150)
def test_finish_times_are_those_of_exact_arithmetic(flow_set):
    exact = exact_finish_times(flow_set.bandwidths, flow_set.latencies, flow_set.flows)
    assert finishes(flow_set) == pytest.approx([float(t) for t in exact], rel=1e-9, abs=1e-12)


@given(flow_sets(max_channels=6, max_flows=20))
@settings(max_examples=150)
def test_rates_are_max_min_fair_whenever_they_are_settled_and_move_every_byte(flow_set):
    network = WitnessedNetwork()
    ends = finishes(flow_set, network)
    size = sum(size for _, size, path in flow_set.flows if path)
    assert bool(network.proofs) == bool(size)
    # Time has 53 bits: what a channel moves in its last one cannot be told.
    slack = 4e-16 * max(ends) * len(ends) * sum(flow_set.bandwidths)
    assert network.moved == pytest.approx(size, rel=1e-9, abs=slack)


@given(flow_sets(max_channels=6, max_flows=20))
@settings(max_examples=60)
def test_every_solve_of_the_water_filling_holds_its_certificate(flow_set):
    solved = []

    def proven(paths, counts, capacity):
        rates, bottlenecks = allocate(paths, counts, capacity)
        solved.append(certificate_violation(paths, counts, capacity, rates))
        for path, rate, bottleneck in zip(paths, rates, bottlenecks, strict=True):
            sharing = [
                (p, n, r) for p, n, r in zip(paths, counts, rates, strict=True) if bottleneck in p
            ]
            assert bottleneck in path
            assert max(r for _, _, r in sharing) <= rate * (1 + 1e-12)
            load = sum(p.count(bottleneck) * n * r for p, n, r in sharing)
            assert load == pytest.approx(capacity[bottleneck], rel=1e-12)
        return rates, bottlenecks

    with pytest.MonkeyPatch.context() as patch:
        patch_engine(patch, "allocate", proven)
        simulate(flow_set)
    assert set(solved) <= {None}


def test_the_two_witnesses_above_do_get_to_see_contention(monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return allocate(*arguments)

    patch_engine(monkeypatch, "allocate", counted)
    network = WitnessedNetwork()
    simulate(FlowSet((2, 3), (0, 0), ((0, 4, (0,)), (0, 4, (0, 1)), (1, 5, (1,)))), network)
    assert len(calls) >= 2
    assert network.proofs >= 3


@given(flow_sets(max_flows=20))
@settings(max_examples=60)
def test_what_the_network_remembers_changes_nothing(flow_set):
    usual = finishes(flow_set)
    for name, value in (("MOST_REMEMBERED_ROUTES", 0), ("MOST_REMEMBERED_RATES", 2)):
        with pytest.MonkeyPatch.context() as patch:
            patch_engine(patch, name, value)
            assert finishes(flow_set) == usual


@given(flow_sets(max_flows=20), st.integers(1, 3))
@settings(max_examples=60)
def test_forgetting_idle_routes_changes_nothing(flow_set, room):
    usual = finishes(flow_set)
    with pytest.MonkeyPatch.context() as patch:
        patch_engine(patch, "MOST_IDLE_ROUTES", room)
        # Ties among channels may be broken otherwise, which shows in the last digits.
        assert finishes(flow_set) == pytest.approx(usual, rel=1e-12)


@given(flow_sets(max_flows=20))
@settings(max_examples=60)
def test_watching_the_bottlenecks_changes_nothing_and_finds_one_on_each_path(flow_set):
    network = WatchedNetwork()
    batches = simulate(flow_set, network)
    assert [batch.end_time for batch in batches] == finishes(flow_set)
    for batch in batches:
        if batch.total_size and batch.path:
            assert network.bottleneck[batch] in batch.path


@given(flow_sets(), flow_sets())
@settings(max_examples=60)
def test_flows_that_share_no_channel_do_not_feel_each_other(ours, theirs):
    n = len(ours.bandwidths)
    moved = tuple((t, size, tuple(c + n for c in path)) for t, size, path in theirs.flows)
    both = FlowSet(
        ours.bandwidths + theirs.bandwidths,
        ours.latencies + theirs.latencies,
        ours.flows + moved,
    )
    together = finishes(both)
    assert together == pytest.approx(finishes(ours) + finishes(theirs), rel=1e-12)


@given(flow_sets(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_adding_decides_nothing_but_who_is_told_first(flow_set, random):
    order = list(range(len(flow_set.flows)))
    random.shuffle(order)
    assert finishes(flow_set, order=order) == pytest.approx(finishes(flow_set), rel=1e-9)


@given(flow_sets())
@settings(max_examples=60)
def test_twice_the_bandwidth_everywhere_halves_every_payload_time(flow_set):
    no_latency = (0,) * len(flow_set.latencies)
    flows = tuple((0, size, path) for _, size, path in flow_set.flows)
    slow = finishes(FlowSet(flow_set.bandwidths, no_latency, flows))
    fast = finishes(FlowSet(tuple(2 * b for b in flow_set.bandwidths), no_latency, flows))
    assert fast == pytest.approx([t / 2 for t in slow], rel=1e-12)

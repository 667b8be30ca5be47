"""A network that keeps its transfers in groups: exact, fair at every settling, and in order."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simcore.engine.fairness import certificate_violation
from simcore.engine.grouped import GroupedNetwork
from tests.properties.crowds import BANDWIDTHS, SIZES
from tests.properties.flow_oracle import exact_finish_times
from tests.properties.flow_sets import FlowSet, flow_sets, simulate
from tests.properties.group_forms import COUPLED, MIXED, SPARSE, ends, in_groups

FORMS = st.sampled_from([SPARSE, COUPLED, MIXED])


@st.composite
def busy_sets(draw, max_flows=30):
    """Flows of which many contend at once, and ties."""
    n = draw(st.integers(3, 8))
    several = {"min_size": n, "max_size": n}
    path = st.lists(st.integers(0, n - 1), min_size=1, max_size=4).map(tuple)
    flow = st.tuples(st.sampled_from([0, 0.25, 0.5, 1]), SIZES, path)
    return FlowSet(
        tuple(draw(st.lists(BANDWIDTHS, **several))),
        (0,) * n,
        tuple(draw(st.lists(flow, min_size=max_flows // 2, max_size=max_flows))),
    )


FLOWS = busy_sets() | flow_sets(max_channels=7, max_flows=30)


def witnessed(patch):
    """Prove rates max-min fair, over whole paths, whenever they are settled; how often."""
    proofs = []

    def settle(self, now, events, settle=GroupedNetwork.settle):
        settle(self, now, events)
        moving = list(self._batches.values())
        paths = [batch.path for batch in moving]
        capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
        rates = [batch._route.rate for batch in moving]
        violation = certificate_violation(paths, [1] * len(paths), capacity, rates)
        assert violation is None, violation
        proofs.append(len(moving))

    patch.setattr(GroupedNetwork, "settle", settle)
    return proofs


@given(busy_sets(max_flows=14) | flow_sets(max_flows=12), FORMS)
@settings(max_examples=200)
def test_groups_end_when_exact_arithmetic_says(flow_set, form):
    exact = exact_finish_times(flow_set.bandwidths, flow_set.latencies, flow_set.flows)
    expected = pytest.approx([float(t) for t in exact], rel=1e-9, abs=1e-12)
    assert ends(in_groups(flow_set, form)) == expected


@given(FLOWS, FORMS)
@settings(max_examples=200)
@example(
    # Rates of 1 byte/s beside channels with 10^12 left, of which a rounding is 10^-4.
    FlowSet(
        (1, 1, 8.7e11, 3, 1, 6.5e11, 13.5e9),
        (0, 0, 0, 0, 0, 10.0, 0),
        (
            (0, 10, (2, 6, 2, 5)),
            (2, 10, (3, 6, 0, 4)),
            (0.5, 7.7e8, (0,)),
            (0, 10, (6, 5, 0)),
            (0, 9.2e8, (6, 3, 2, 3)),
            (1.9, 7.7e8, (3,)),
        ),
    ),
    COUPLED,
)
def test_groups_are_max_min_fair_whenever_they_are_settled(flow_set, form):
    with pytest.MonkeyPatch.context() as patch:
        witnessed(patch)
        grouped_ends = ends(in_groups(flow_set, form))
    assert grouped_ends == pytest.approx(ends(simulate(flow_set)), rel=1e-9, abs=1e-12)


def test_the_witness_above_does_get_to_see_contention(monkeypatch):
    proofs = witnessed(monkeypatch)
    in_groups(FlowSet((2, 3), (0, 0), ((0, 4, (0,)), (0, 4, (0, 1)), (1, 5, (1,)))), COUPLED)
    assert max(proofs) >= 2


@given(FLOWS, FORMS, st.integers(1, 3))
@settings(max_examples=100)
def test_forgetting_idle_paths_changes_nothing(flow_set, form, room):
    usual = ends(in_groups(flow_set, form))
    assert ends(in_groups(flow_set, form, MOST_IDLE_PATHS=room)) == pytest.approx(usual, rel=1e-12)


@given(FLOWS, FORMS)
@settings(max_examples=100)
def test_the_same_flows_end_at_the_same_bits_and_watching_them_changes_nothing(flow_set, form):
    usual = ends(in_groups(flow_set, form))
    assert ends(in_groups(flow_set, form)) == usual
    assert ends(in_groups(flow_set, form, watched=True)) == usual

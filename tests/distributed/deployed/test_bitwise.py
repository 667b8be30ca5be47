"""Simulated and on real processes: the same values to the bit, the same calls and messages."""

from collections import Counter

import pytest

from simcore.distributed import simulate

pytest.importorskip("torch", reason="real processes talk through torch.distributed")

from simcore.distributed import deploy
from tests.distributed.deployed.alike import told
from tests.distributed.deployed.programs import everything, in_batches


@pytest.fixture(scope="module", params=[2, 3, 4])
def both(request):
    """The same program, simulated and deployed."""
    return simulate(everything, request.param), deploy(everything, request.param)


def test_every_value_is_the_same_to_the_bit(both):
    simulated, deployed = both
    for here, there in zip(simulated.values, deployed.values, strict=True):
        assert list(here) == list(there)
        assert len(here) > 200
        unlike = [name for name in here if told(here[name]) != told(there[name])]
        assert unlike == []


def test_each_rank_makes_the_same_calls(both):
    simulated, _ = both
    columns = ["name", "region", "peer", "bytes", "tag"]
    for rank in range(simulated.ranks):
        calls = []
        for run in both:
            spans = run.trace.spans
            spans = spans[(spans["rank"] == rank) & (spans["kind"] == "communication")]
            calls.append(spans[columns].astype({"name": str, "region": str}).values.tolist())
        assert calls[0] == calls[1]
        assert len(calls[0]) > 200


def test_the_same_messages_are_sent(both):
    columns = ["source", "target", "bytes", "tag", "operation"]
    simulated, deployed = (
        Counter(map(tuple, run.trace.messages[columns].astype({"operation": str}).values))
        for run in both
    )
    assert simulated == deployed


def test_the_tables_are_of_the_same_types(both):
    simulated, deployed = both
    for table in ("spans", "messages"):
        here, there = getattr(simulated.trace, table), getattr(deployed.trace, table)
        assert list(here.columns) == list(there.columns)
        assert here.dtypes.astype(str).tolist() == there.dtypes.astype(str).tolist()


def test_times_on_real_processes_are_possible(both):
    _, deployed = both
    spans, messages = deployed.trace.spans, deployed.trace.messages
    assert (spans["start_s"] >= 0).all() and (spans["end_s"] <= deployed.seconds).all()
    for _, rows in spans.sort_values("sequence").groupby("rank"):
        assert (rows["start_s"].values[1:] >= rows["end_s"].values[:-1]).all()
    assert (messages["posted_s"] <= messages["start_s"]).all()
    assert (messages["start_s"] <= messages["end_s"]).all()


def test_as_much_memory_is_held(both):
    """Nothing that is posted stays posted; the most is of the same operation in both."""
    simulated, deployed = both
    assert all(peak > 0 for peak in deployed.peak_bytes)
    assert max(deployed.peak_bytes) <= 2 * max(simulated.peak_bytes)


def test_messages_that_set_out_in_batches_bring_the_same():
    """As they do over NCCL, which ends one before it begins the next; here, over Gloo."""
    simulated, deployed = simulate(everything, 2), deploy(in_batches, 2)
    assert [told(value) for value in deployed.values] == [told(value) for value in simulated.values]

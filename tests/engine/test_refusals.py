"""What makes no sense is refused at once, and the message names the object."""

import math

import pytest

from gpu_catalog import CatalogError
from simcore import (
    CommChannel,
    CommNetworkSimulator,
    ComputeJob,
    DataBatch,
    PdscopeError,
    SilentSystem,
    SimulationError,
)

NONSENSE = [-1, -1e-300, math.nan, math.inf, -math.inf, None, "12", [1], 10**400]


@pytest.mark.parametrize("value", NONSENSE, ids=lambda v: repr(v)[:12])
def test_a_transfer_s_size_must_be_a_finite_number_not_below_zero(value):
    with pytest.raises(SimulationError, match="the culprit"):
        DataBatch("the culprit", value, [])


@pytest.mark.parametrize("value", NONSENSE, ids=lambda v: repr(v)[:12])
def test_a_job_s_duration_must_be_a_finite_number_not_below_zero(value):
    with pytest.raises(SimulationError, match="the culprit"):
        ComputeJob("the culprit", value)


@pytest.mark.parametrize(
    "value", [0, 0.0, *(v for v in NONSENSE if v is not None)], ids=lambda v: repr(v)[:12]
)
def test_a_channel_s_bandwidth_must_be_a_finite_number_above_zero(value):
    with pytest.raises(SimulationError, match="the culprit"):
        CommChannel("the culprit", bandwidth_bps=value)


@pytest.mark.parametrize("value", NONSENSE, ids=lambda v: repr(v)[:12])
def test_a_channel_s_latency_must_be_a_finite_number_not_below_zero(value):
    with pytest.raises(SimulationError, match="the culprit"):
        CommChannel("the culprit", bandwidth_bps=1.0, latency_s=value)


def test_an_unknown_link_is_refused_with_the_closest_one():
    with pytest.raises(CatalogError, match="'PCIe Gen4'"):
        CommChannel("PCIe Gen 4")


def test_a_transfer_is_sent_once():
    batch = DataBatch("the culprit", 1, [])
    simulator = CommNetworkSimulator()
    simulator.add_batch(batch)
    with pytest.raises(SimulationError, match="the culprit"):
        simulator.add_batch(batch)
    with pytest.raises(SimulationError, match="the culprit"):
        CommNetworkSimulator().add_batch(batch)
    assert simulator.active_batches == [batch]


def test_a_job_is_submitted_once_even_while_it_waits_for_its_device():
    first, second = ComputeJob("first", 1, "gpu"), ComputeJob("the culprit", 1, "gpu")
    simulator = CommNetworkSimulator()
    simulator.add_compute(first)
    simulator.add_compute(second)
    with pytest.raises(SimulationError, match="the culprit"):
        simulator.add_compute(second)
    assert simulator.active_compute == [first, second]


def test_a_path_holds_channels():
    with pytest.raises(SimulationError, match="the culprit"):
        CommNetworkSimulator().add_batch(DataBatch("x", 1, ["the culprit"]))


def test_a_run_whose_times_cannot_be_told_is_refused():
    """1e308 B at 1e-300 B/s would arrive after infinitely many seconds."""
    with pytest.raises(PdscopeError):
        simulator = CommNetworkSimulator()
        simulator.add_batch(DataBatch("x", 1e308, [CommChannel("w", bandwidth_bps=1e-300)]))
        simulator.run(SilentSystem())

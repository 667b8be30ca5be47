"""Rates of NICs over time: their integrals are the bytes, and they never exceed the bandwidth."""

import numpy as np
import pytest

from simcore.distributed import Virtual, on_topology, simulate, star
from simcore.distributed.trace import LabTrace, Recorder
from simcore.distributed.trace.rates import nic_rates
from tests.distributed.trace.recordings import two_ranks

GB = 10**9


def carried(steps):
    moments, rates = steps
    return float(np.sum(rates[:-1] * np.diff(moments)))


def exchange(comm):
    """Some of everything: collectives, uneven messages that share a NIC, and computation."""
    comm.compute(1e-3 * comm.rank)
    work = comm.all_gather(Virtual(2_000_000), wait=False)
    comm.compute(2e-3)
    work.wait()
    if comm.rank:
        comm.send(Virtual(100_000 * comm.rank), 0)
    else:
        for source in range(1, comm.size):
            comm.recv(Virtual(100_000 * source), source)
    comm.all_to_all([Virtual(300_000 * (rank + 1)) for rank in range(comm.size)],
                    into=[Virtual(300_000 * (comm.rank + 1))] * comm.size)  # fmt: skip


NETWORKS = {
    "star": star(1e9, 20e-6),
    "half duplex": star(1e9, 20e-6, full_duplex=False),
    "HGX fat tree": on_topology("hgx-fat-tree"),
}


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_what_is_under_the_rates_is_what_was_sent(network, exact):
    trace = simulate(exchange, 4, network=network).trace
    paths = trace.paths if exact else None
    rates = nic_rates(trace.messages, paths)
    assert rates.exact is exact
    for steps, column in ((rates.transmit, "source"), (rates.receive, "target")):
        between = trace.messages[trace.messages["source"] != trace.messages["target"]]
        if not exact:
            between = trace.messages
        sizes = between.groupby(column)["bytes"].sum()
        for rank, size in sizes[sizes > 0].items():
            assert carried(steps[rank]) == pytest.approx(size, rel=1e-6)
            assert steps[rank][1][-1] == 0.0


def test_rates_are_those_that_the_simulation_had():
    """Two messages into one NIC share it, until the smaller has arrived."""

    def program(comm):
        if comm.rank:
            comm.send(Virtual(GB * comm.rank), 0)
        else:
            works = [comm.irecv(Virtual(GB * source), source) for source in (1, 2)]
            for work in works:
                work.wait()

    rates = simulate(program, 3, network=star(GB, 0.5)).trace.rates
    assert rates.exact
    for rank, moments, values in (
        (1, [0.5, 2.5], [GB / 2, 0.0]),
        (2, [0.5, 2.5, 3.5], [GB / 2, GB, 0.0]),
    ):
        assert rates.transmit[rank][0] == pytest.approx(moments)
        assert rates.transmit[rank][1] == pytest.approx(values)
    assert rates.receive[0][0] == pytest.approx([0.5, 3.5])
    assert rates.receive[0][1] == pytest.approx([GB, 0.0])
    assert sorted(rates.transmit) == [1, 2] and sorted(rates.receive) == [0]


def test_no_nic_is_faster_than_it_can_be():
    rates = simulate(exchange, 4, network=star(1e9, 20e-6)).trace.rates
    for steps in (*rates.transmit.values(), *rates.receive.values()):
        assert steps[1].max() <= 1e9 * (1 + 1e-9)


def test_of_an_unknown_network_each_message_has_its_mean_rate():
    rates = LabTrace.of(two_ranks(), ranks=2).rates
    assert not rates.exact
    [moments, values] = rates.transmit[0]
    assert moments.tolist() == [2.0, 5.0] and values == pytest.approx([100 / 3, 0.0])


def test_so_has_each_of_more_messages_than_are_worth_solving_again():
    trace = simulate(exchange, 4).trace
    assert nic_rates(trace.messages, trace.paths, most_exact=len(trace.messages)).exact
    assert not nic_rates(trace.messages, trace.paths, most_exact=len(trace.messages) - 1).exact


def test_without_messages_there_are_no_rates():
    rates = LabTrace.of(Recorder(), ranks=2, paths=star(1.0, 0.0).path(2)).rates
    assert rates.transmit == {} and rates.receive == {}

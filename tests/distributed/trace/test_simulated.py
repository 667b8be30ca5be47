"""Traces of simulated programs: the same bytes each time, and what they say agrees."""

import itertools
import random

import numpy as np
import pytest

from simcore.distributed import Declared, Measured, Recorded, Virtual, simulate, star
from simcore.distributed.trace import PathKind
from simcore.distributed.trace.files import lab_trace_bytes


def program(comm):
    """Computation and messages of all sorts, with real values and chance kept by rank."""
    chance = random.Random(comm.rank)
    values = np.full(1000 + comm.rank, float(comm.rank))
    sizes = [1000 + rank for rank in range(comm.size)]
    for step in range(3):
        with comm.region(f"step {step % 2}"):
            comm.compute(chance.choice([0.0, 1e-5, 2e-5]))
        work = comm.all_gather(values, into=[np.empty(size) for size in sizes], wait=False)
        comm.compute(1e-5)
        total = sum(part.sum() for part in work.wait())
        half = comm.split(comm.rank % 2)
        total += half.all_reduce(np.full(7, total))[0]
        after, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
        sent = comm.isend(Virtual(5000), after, tag=step)
        comm.recv(Virtual(5000), before, tag=step)
        sent.wait()
        comm.barrier()
    return total


def bytes_of(formats=("csv", "perfetto"), **options):
    trace = simulate(program, 5, **options).trace
    return [lab_trace_bytes(trace, name) for name in formats]


def test_a_hundred_runs_give_the_same_bytes():
    first = bytes_of(["csv"])
    assert all(bytes_of(["csv"]) == first for _ in range(99))


def test_the_order_in_which_ranks_start_changes_nothing():
    first = bytes_of()
    for order in itertools.islice(itertools.permutations(range(5)), 0, 120, 7):
        assert bytes_of(start_order=order) == first


@pytest.mark.parametrize("eager_bytes", [0, 6000, 1_000_000])
@pytest.mark.parametrize("network", [None, star(1e8, 0.0), star(1e9, 1e-4, full_duplex=False)])
def test_nothing_on_the_critical_path_of_a_simulation_is_left_to_guess(network, eager_bytes):
    run = simulate(program, 5, network=network, eager_bytes=eager_bytes)
    path = run.trace.critical_path()
    assert path.end_s == run.trace.end_s == run.seconds
    seconds = path.seconds
    assert seconds[PathKind.CALL] == seconds[PathKind.OUTSIDE] == 0.0
    assert sum(seconds.values()) == pytest.approx(run.seconds, rel=1e-12)
    edges = [(s.start_s, s.end_s) for s in path.stretches]
    assert edges[0][0] == 0.0 and edges[-1][1] == run.seconds
    assert all(a[1] == b[0] for a, b in itertools.pairwise(edges))


@pytest.mark.parametrize("eager_bytes", [0, 6000, 1_000_000])
def test_ranks_compute_wait_or_have_ended(eager_bytes):
    table = simulate(program, 5, eager_bytes=eager_bytes).trace.per_rank
    busy = table["compute_s"] + table["exposed_s"]
    assert busy.to_numpy() == pytest.approx(table["end_s"].to_numpy(), rel=1e-12)
    assert (table["hidden_s"] <= table["compute_s"] + 1e-15).all()
    assert table["sent_bytes"].sum() == table["received_bytes"].sum()


def test_an_early_message_is_there_when_it_is_there_and_not_when_it_is_asked_for():
    def late(comm):
        if comm.rank:
            comm.compute(1.0)
            comm.recv(Virtual(1000), 0)
        else:
            comm.send(Virtual(1000), 1)

    trace = simulate(late, 2, network=star(1e6, 0.0), eager_bytes=1000).trace
    assert trace.messages["end_s"].tolist() == [pytest.approx(1e-3)]
    assert trace.hidden_s.tolist() == [0.0, pytest.approx(1e-3)]


def test_a_measured_run_is_replayed_from_its_table():
    measured = simulate(program, 5, timing=Measured(slowdown={2: 3.0})).trace
    replayed = simulate(program, 5, timing=Recorded(measured.compute_table())).trace
    assert lab_trace_bytes(replayed, "perfetto") == lab_trace_bytes(measured, "perfetto")


def test_hidden_time_is_what_the_background_saves():
    """The same work with and without overlap: what is hidden is no longer exposed."""

    def gather(wait):
        def run(comm):
            work = comm.all_gather(Virtual(1_000_000), wait=wait)
            comm.compute(5e-3)
            if not wait:
                work.wait()

        return simulate(run, 4, network=star(1e9, 0.0), timing=Declared()).trace

    shown, hidden = gather(True), gather(False)
    assert shown.exposed_s == pytest.approx([3e-3] * 4) and shown.hidden_s.tolist() == [0.0] * 4
    assert hidden.hidden_s == pytest.approx([3e-3] * 4) and hidden.exposed_s.tolist() == [0.0] * 4


@pytest.mark.parametrize("eager_bytes", [0, 100])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_on_the_critical_path_delays_the_end_and_nothing_else_does(seed, eager_bytes):
    """A piece of computation that takes a little longer: by as much, or not at all."""
    ranks, steps, little = 4, 5, 1e-9
    costs = np.random.default_rng(seed).uniform(1e-5, 1e-4, (ranks, steps))

    def staged(comm, cost):
        after, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
        for step in range(steps):
            work = None if step % 2 else comm.all_gather(Virtual(10), wait=False)
            with comm.region(f"{comm.rank} {step}"):
                comm.compute(cost[comm.rank, step])
            if work is not None:
                work.wait()
            elif step == 1:
                comm.sendrecv(Virtual(10), after, Virtual(10), before)
            elif comm.rank % 2:
                comm.send(Virtual(10), comm.rank - 1)
            else:
                comm.recv(Virtual(10), comm.rank + 1)

    def run(cost):
        # So fast that messages which share a NIC do not slow one another.
        network = star(1e15, 2e-5)
        return simulate(staged, ranks, args=(cost,), network=network, eager_bytes=eager_bytes)

    usual = run(costs)
    path = usual.trace.critical_path()
    on_path = {s.operation for s in path.stretches if s.kind is PathKind.COMPUTE}
    assert 0 < len(on_path) < ranks * steps
    for rank, step in itertools.product(range(ranks), range(steps)):
        longer = costs.copy()
        longer[rank, step] += little
        later = (run(longer).seconds - usual.seconds) / little
        assert later == pytest.approx(float(f"{rank} {step}" in on_path), abs=1e-3)

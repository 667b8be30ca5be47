"""On a star, an algorithm takes the time that its closed form in α, β and N says.

α is the latency of a message, β the seconds per byte of a NIC (the model of Hockney, 1994).
"""

from math import ceil, log2

import pytest

from simcore.distributed import Virtual, simulate, star
from tests.distributed.collectives.running import ALPHA_S, BANDWIDTH, run

RANKS = range(2, 17)
BETA = 1 / BANDWIDTH


def broadcast(comm, nbytes):
    comm.broadcast(Virtual(nbytes))


def all_reduce(comm, nbytes):
    comm.all_reduce(Virtual(nbytes))


def all_gather(comm, nbytes):
    comm.all_gather(Virtual(nbytes))


def reduce_scatter(comm, nbytes):
    comm.reduce_scatter([Virtual(nbytes // comm.size)] * comm.size)


def all_to_all(comm, nbytes):
    comm.all_to_all([Virtual(nbytes)] * comm.size)


def barrier(comm, _nbytes):
    comm.barrier()


def doublings(ranks):
    return ceil(log2(ranks))


def halving_doubling(n, a, m):
    """Without the ranks beyond a power of two, which cost two more messages."""
    active = 2 ** int(log2(n))
    extra = 0 if active == n else 2 * (a + m)
    return 2 * log2(active) * a + 2 * (active - 1) / active * m + extra


# (program, algorithm, seconds of N ranks, α and the seconds that the payload takes on one NIC).
CLOSED_FORMS = [
    (broadcast, "direct", lambda n, a, m: a + (n - 1) * m),
    (broadcast, "binomial tree", lambda n, a, m: doublings(n) * (a + m)),
    (all_gather, "ring", lambda n, a, m: (n - 1) * (a + m)),
    (all_gather, "segmented ring", lambda n, a, m: (n - 1) * (a + m)),
    (all_gather, "direct", lambda n, a, m: a + (n - 1) * m),
    (reduce_scatter, "ring", lambda n, a, m: (n - 1) * (a + m / n)),
    (all_reduce, "ring", lambda n, a, m: 2 * (n - 1) * (a + m / n)),
    (all_reduce, "segmented ring", lambda n, a, m: 2 * (n - 1) * (a + m / n)),
    (all_reduce, "binomial tree", lambda n, a, m: 2 * doublings(n) * (a + m)),
    (all_reduce, "halving-doubling", halving_doubling),
    (all_to_all, "direct", lambda n, a, m: a + (n - 1) * m),
    (barrier, "dissemination", lambda n, a, m: doublings(n) * a),
]


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize(
    ("program", "algorithm", "seconds"),
    CLOSED_FORMS,
    ids=[f"{program.__name__}-{algorithm}" for program, algorithm, _ in CLOSED_FORMS],
)
def test_an_algorithm_takes_what_its_closed_form_says(program, algorithm, seconds, ranks):
    nbytes = 32_000 * ranks
    expected = seconds(ranks, ALPHA_S, nbytes * BETA)
    got = run(program.__name__, algorithm, ranks, program, nbytes)
    assert got.seconds == pytest.approx(expected, rel=1e-9)


def send(comm, nbytes):
    if comm.rank == 0:
        comm.send(Virtual(nbytes), 1)
    elif comm.rank == 1:
        comm.recv(Virtual(nbytes), 0)


@pytest.mark.parametrize("nbytes", [0, 1, 10**6, 10**9])
def test_a_send_takes_its_latency_and_its_bytes(nbytes):
    got = simulate(send, 2, args=(nbytes,), network=star(BANDWIDTH, ALPHA_S))
    assert got.seconds == pytest.approx(ALPHA_S + nbytes * BETA, rel=1e-12)


def all_to_one(comm, nbytes):
    if comm.rank == 0:
        for work in [comm.irecv(Virtual(nbytes), source) for source in range(1, comm.size)]:
            work.wait()
    else:
        comm.send(Virtual(nbytes), 0)


def test_senders_to_one_receiver_share_its_nic():
    """Three messages of 1 MB into 1 GB/s take 3 ms, not 1."""
    got = simulate(all_to_one, 4, args=(10**6,), network=star(BANDWIDTH, 0))
    assert got.seconds == pytest.approx(3e-3, rel=1e-12)


@pytest.mark.parametrize("doubled", range(1, 5))
def test_children_at_once_take_bandwidth_of_the_first(doubled):
    """The root's k sends end together, as do those of its largest subtree: k + (k − 1) + … + 1."""
    nbytes = 10**6
    got = run("broadcast", "binomial tree, children at once", 2**doubled, broadcast, nbytes)
    payloads = doubled * (doubled + 1) / 2
    assert got.seconds == pytest.approx(doubled * ALPHA_S + payloads * nbytes * BETA, rel=1e-9)


@pytest.mark.parametrize("ranks", [2, 4, 9, 16])
def test_a_pipelined_chain_hides_its_length_behind_a_large_payload(ranks):
    nbytes = 256 * 2**20
    seconds = run("broadcast", "pipelined ring", ranks, broadcast, nbytes).seconds
    once = ALPHA_S + nbytes * BETA
    assert once <= seconds < 1.1 * once


@pytest.mark.parametrize("ranks", RANKS)
def test_a_barrier_by_all_reduce_takes_the_latencies_of_one(ranks):
    seconds = run("barrier", "all-reduce", ranks, barrier, 0).seconds
    latencies = 2 * (ranks - 1) * ALPHA_S
    assert latencies <= seconds <= latencies + 2 * (ranks - 1) * 4 * BETA


@pytest.mark.parametrize("ranks", [2, 3, 8])
def test_a_reduce_scatter_by_all_reduces_takes_one_for_each_part(ranks):
    nbytes = 32_000 * ranks * ranks
    part = nbytes / ranks
    seconds = run(
        "reduce_scatter", "all-reduce of each part", ranks, reduce_scatter, nbytes
    ).seconds
    expected = ranks * 2 * (ranks - 1) * (ALPHA_S + part / ranks * BETA)
    assert seconds == pytest.approx(expected, rel=1e-9)

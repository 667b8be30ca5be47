"""Messages are transfers: what each takes, and how they share NICs and links."""

import numpy as np
import pytest

from simcore.distributed import BufferModified, Virtual, on_topology, simulate, star

GB_PER_S = star(1e9, 0.0)
ALPHA, BETA = 1e-3, 1e-9
NETWORK = star(1 / BETA, ALPHA)


def test_a_send_takes_alpha_and_its_bytes():
    def program(comm):
        if comm.rank == 0:
            comm.send(Virtual(10**6), 1)
        else:
            comm.recv(Virtual(10**6), 0)

    assert simulate(program, 2, network=NETWORK).seconds == pytest.approx(ALPHA + 10**6 * BETA)


def test_three_sends_into_one_receiver_share_its_nic():
    def program(comm):
        if comm.rank == 3:
            for work in [comm.irecv(Virtual(10**6), rank) for rank in range(3)]:
                work.wait()
        else:
            comm.send(Virtual(10**6), 3)

    assert simulate(program, 4, network=GB_PER_S).seconds == pytest.approx(3e-3)


@pytest.mark.parametrize(("full_duplex", "seconds"), [(True, 1e-3), (False, 2e-3)])
def test_both_directions_of_a_nic_contend_only_where_it_is_half_duplex(full_duplex, seconds):
    def program(comm):
        comm.sendrecv(Virtual(10**6), 1 - comm.rank, Virtual(10**6), 1 - comm.rank)

    network = star(1e9, 0.0, full_duplex=full_duplex)
    assert simulate(program, 2, network=network).seconds == pytest.approx(seconds)


def test_a_send_waits_for_its_receive_unless_it_is_eager():
    def program(comm):
        if comm.rank == 0:
            comm.send(Virtual(1000), 1)
        else:
            comm.compute(5.0)
            comm.recv(Virtual(1000), 0)

    def ends(eager_bytes):
        spans = simulate(program, 2, network=NETWORK, eager_bytes=eager_bytes).trace.spans
        return spans.groupby("rank")["end_s"].max().tolist()

    arrival = ALPHA + 1000 * BETA
    assert ends(0) == pytest.approx([5.0 + arrival, 5.0 + arrival])
    assert ends(999) == ends(0)
    assert ends(1000) == pytest.approx([0.0, 5.0])


def test_an_eager_send_brings_what_the_buffer_held_when_it_was_posted():
    def program(comm):
        if comm.rank == 0:
            values = np.arange(4.0)
            comm.send(values, 1)
            values[:] = -1
            return None
        comm.compute(1.0)
        return comm.recv(np.empty(4), 0)

    assert simulate(program, 2, eager_bytes=100).values[1].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_messages_of_one_pair_and_tag_keep_their_order_and_tags_their_own():
    def program(comm):
        if comm.rank == 0:
            sent = [comm.isend(np.array([n]), 1, tag=n % 2) for n in range(6)]
            for work in sent:
                work.wait()
            return None
        odd = [int(comm.recv(np.empty(1, int), 0, tag=1)[0]) for _ in range(3)]
        even = [int(comm.recv(np.empty(1, int), 0, tag=0)[0]) for _ in range(3)]
        return odd + even

    assert simulate(program, 2).values[1] == [1, 3, 5, 0, 2, 4]


def test_a_rank_may_send_to_itself():
    def program(comm):
        work = comm.irecv(into := bytearray(3), comm.rank)
        comm.send(b"abc", comm.rank)
        work.wait()
        return bytes(into)

    run = simulate(program, 1, network=NETWORK)
    assert run.values == [b"abc"]
    assert run.seconds == 0.0


def test_ranks_on_a_topology_use_its_wires():
    """Eight GPUs of a machine talk over NVLink, the ninth over the network."""

    def seconds_to(peer):
        def program(comm):
            if comm.rank == 0:
                comm.send(Virtual(10**9), peer)
            elif comm.rank == peer:
                comm.recv(Virtual(10**9), 0)

        return simulate(program, 9, network=on_topology("hgx-rail")).seconds

    assert seconds_to(8) > 3 * seconds_to(7)


@pytest.mark.parametrize("payload", [b"", np.empty((0, 3)), Virtual(0)])
def test_nothing_can_be_sent(payload):
    into = bytearray() if isinstance(payload, bytes) else payload

    def program(comm):
        if comm.rank == 0:
            comm.send(payload, 1)
        else:
            comm.recv(into, 0)

    assert simulate(program, 2, network=NETWORK).seconds == pytest.approx(ALPHA)


def test_arrays_of_any_layout_travel():
    def program(comm):
        if comm.rank == 0:
            comm.send(np.arange(24).reshape(4, 6)[:, ::2], 1)
            comm.send(np.array(7.5), 1)
            return None
        into = np.zeros((4, 6), int)
        comm.recv(into[:, 1::2], 0)
        return into.tolist(), float(comm.recv(np.empty(()), 0))

    grid, number = simulate(program, 2).values[1]
    assert grid == [[0, 6 * r, 0, 6 * r + 2, 0, 6 * r + 4] for r in range(4)]
    assert number == 7.5


@pytest.mark.parametrize("overlap", [slice(0, 3), slice(2, 5)], ids=["the same", "in part"])
def test_what_is_received_must_not_lie_where_it_is_sent_from(overlap):
    def program(comm):
        values = np.arange(5.0) + comm.rank
        around = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
        comm.sendrecv(values[:3], around[0], values[overlap], around[1])

    with pytest.raises(BufferModified, match=r"sendrecv.*send a copy"):
        simulate(program, 3)

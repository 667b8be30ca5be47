"""Ranks are threads of which exactly one runs, in an order that is the simulation's."""

import threading
import time

import numpy as np
import pytest

from simcore.distributed import Deadlock, ProgramError, RankFailed, Virtual, simulate, star
from simcore.errors import LimitReached

NETWORK = star(1e9, 1e-6)


def rank_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("rank ")]


def test_exactly_one_rank_runs_at_a_time():
    inside, most = [], []

    def program(comm):
        for _ in range(20):
            inside.append(comm.rank)
            most.append(len(inside))
            sum(range(2000))  # long enough for another thread to be let in
            inside.remove(comm.rank)
            comm.barrier()

    simulate(program, 6)
    assert max(most) == 1


def test_ranks_that_can_go_on_at_one_moment_do_so_by_number():
    order = []

    def program(comm):
        comm.compute(1.0)
        order.append(comm.rank)
        comm.compute(0.5 if comm.rank % 2 else 0.25)
        order.append(comm.rank)

    simulate(program, 6, start_order=[3, 5, 1, 0, 4, 2])
    assert order == [0, 1, 2, 3, 4, 5, 0, 2, 4, 1, 3, 5]


def test_messages_come_before_computing_at_one_moment():
    order = []

    def program(comm):
        if comm.rank == 0:
            comm.compute(1.0)
        elif comm.rank == 1:
            comm.send(Virtual(10**9), 2)
        else:
            comm.recv(Virtual(10**9), 1)
        order.append(comm.rank)

    simulate(program, 3, network=star(1e9, 0.0))
    assert order == [1, 2, 0]


@pytest.mark.parametrize("failing", [lambda: 1 / 0, lambda: (_ for _ in ()).throw(SystemExit(3))])
def test_no_thread_is_left_when_a_rank_fails(failing):
    unwound = []

    def program(comm):
        try:
            if comm.rank == 1:
                comm.compute(1.0)
                failing()
            comm.recv(bytearray(1), 1)
        finally:
            unwound.append(comm.rank)

    with pytest.raises(RankFailed, match="rank 1 raised") as caught:
        simulate(program, 4)
    assert caught.value.rank == 1
    assert isinstance(caught.value.__cause__, ZeroDivisionError | SystemExit)
    assert sorted(unwound) == [0, 1, 2, 3]
    assert rank_threads() == []


def test_no_thread_is_left_after_a_deadlock():
    with pytest.raises(Deadlock):
        simulate(lambda comm: comm.recv(bytearray(1), (comm.rank + 1) % comm.size), 4)
    assert rank_threads() == []


def test_a_program_that_catches_everything_is_stopped_all_the_same():
    def program(comm):
        try:
            comm.recv(bytearray(1), 1 - comm.rank)
        except Exception:
            pytest.fail("the stop is no error of the program's own")

    with pytest.raises(Deadlock):
        simulate(program, 2)


def test_a_program_that_goes_on_whatever_is_raised_keeps_nobody_from_the_end():
    def program(comm):
        if comm.rank == 1:
            comm.compute(1.0)
            raise ValueError("wrong")
        while True:
            try:
                comm.recv(bytearray(1), 1)
            except BaseException:
                continue

    begun = time.monotonic()
    with pytest.raises(RankFailed, match="wrong"):
        simulate(program, 4)
    assert time.monotonic() - begun < 1.0
    # They wait for good, and keep no processor busy.
    assert rank_threads() == []
    used = time.process_time()
    time.sleep(0.05)
    assert time.process_time() - used < 0.04


def test_a_thread_of_the_programs_own_must_not_communicate():
    def program(comm):
        if comm.rank == 1:
            comm.recv(bytearray(1), 0)
            return
        refused = []

        def beside():
            try:
                comm.send(b"x", 1)
            except ProgramError as error:
                refused.append(str(error))

        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()
        assert "not from one that it has started" in refused[0]
        comm.send(b"y", 1)

    simulate(program, 2)


def test_bounds_end_a_run():
    def forever(comm):
        while True:
            comm.sendrecv(Virtual(8), 1 - comm.rank, Virtual(8), 1 - comm.rank)

    with pytest.raises(LimitReached, match="100 messages"):
        simulate(forever, 2, most_messages=100)
    with pytest.raises(LimitReached, match=r"0\.05 s"):
        simulate(forever, 2, limit_s=0.05)
    assert rank_threads() == []


@pytest.mark.parametrize("ranks", [0, -1, 1.5, True, 10**6])
def test_so_many_ranks_there_cannot_be(ranks):
    with pytest.raises(ProgramError, match="ranks"):
        simulate(lambda comm: None, ranks)


def test_a_collective_may_run_beside_the_program():
    def program(comm):
        gathered = comm.all_gather(np.array([comm.rank]), wait=False)
        comm.compute(1.0)
        return [int(part[0]) for part in gathered.wait()]

    run = simulate(program, 4, network=NETWORK)
    assert run.values == [[0, 1, 2, 3]] * 4
    assert run.seconds == 1.0

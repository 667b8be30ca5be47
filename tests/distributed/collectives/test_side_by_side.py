"""Collectives that run at the same time, or whose sends wait for nobody, do not mix."""

import numpy as np
import pytest

from simcore.distributed import simulate
from tests.distributed.collectives.running import EVERY, with_algorithm


def collective(comm, kind, values, wait=True):
    match kind:
        case "broadcast":
            return comm.broadcast(values.copy(), 1, wait=wait)
        case "all_reduce":
            return comm.all_reduce(values, wait=wait)
        case "all_gather":
            return comm.all_gather(values, wait=wait)
        case "reduce_scatter":
            return comm.reduce_scatter([values + rank for rank in range(comm.size)], wait=wait)
        case "all_to_all":
            return comm.all_to_all([values + rank for rank in range(comm.size)], wait=wait)
        case "barrier":
            return comm.barrier(wait=wait)


def one_after_another(comm, kind):
    values = np.arange(7.0) + 10 * comm.rank
    return [collective(comm, kind, values + 100 * turn) for turn in range(3)]


def at_once(comm, kind):
    values = np.arange(7.0) + 10 * comm.rank
    works = [collective(comm, kind, values + 100 * turn, wait=False) for turn in range(3)]
    # Each rank waits in another order.
    results = {turn: works[turn].wait() for turn in np.roll(range(3), comm.rank)}
    return [results[turn] for turn in range(3)]


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_collectives_at_once_do_not_mix(kind, name):
    profile = with_algorithm(kind, name)
    first = simulate(one_after_another, 5, args=(kind,), profile=profile)
    second = simulate(at_once, 5, args=(kind,), profile=profile)
    assert repr(second.values) == repr(first.values)
    assert second.seconds <= first.seconds * (1 + 1e-9)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_eager_sends_change_no_value(kind, name):
    profile = with_algorithm(kind, name)
    first = simulate(one_after_another, 5, args=(kind,), profile=profile)
    second = simulate(one_after_another, 5, args=(kind,), profile=profile, eager_bytes=2**20)
    assert repr(second.values) == repr(first.values)

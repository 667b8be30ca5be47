"""Every registered collective over real sends gives the bits of the simulation."""

from itertools import zip_longest

import numpy as np
import pytest

from simcore.distributed import simulate
from simcore.distributed.collectives import PROFILES, Profile
from tests.distributed.collectives.running import REGISTRIES
from tests.distributed.corpus.case import PORTABLE, Case, End
from tests.distributed.corpus.gloo import run_on_gloo, same_bits

pytest.importorskip("torch", reason="real processes talk through torch.distributed")


def profiles_of_all():
    """As few profiles as have every algorithm of the registries in one of them."""
    columns = [[registry[name] for name in registry.names()] for registry in REGISTRIES.values()]
    for number, row in enumerate(zip_longest(*columns)):
        chosen = {
            kind: program or getattr(PROFILES["portable"], kind)
            for kind, program in zip(REGISTRIES, row, strict=True)
        }
        yield Profile(name=f"mixed {number}", **chosen)


def every_collective(comm):
    """Sums of what has no exact sum, so that another order would show; uneven and empty parts."""
    draw = np.random.default_rng(comm.rank)
    values = draw.normal(size=13)
    short = draw.normal(size=1).astype(np.float32)
    sizes = range(comm.size)
    parts = [np.random.default_rng(10 * comm.rank + size).normal(size=size) for size in sizes]
    comm.barrier()
    return [
        comm.broadcast(values.copy(), comm.size - 1),
        comm.all_reduce(values),
        comm.all_reduce(short),
        *comm.all_gather(values[: comm.rank], into=[np.empty(size) for size in sizes]),
        comm.reduce_scatter(parts),
        *comm.all_to_all(parts, into=[np.empty(comm.rank) for _ in sizes]),
    ]


CASES = {
    f"{profile.name}, {ranks} ranks": Case(
        f"{profile.name}, {ranks} ranks",
        *(every_collective, ranks, None, End.PASSES, None),
        profile=profile,
    )
    for profile in profiles_of_all()
    for ranks in (2, 3, 5)
}


@pytest.fixture(scope="module")
def ends():
    return run_on_gloo(CASES.values(), PORTABLE)


@pytest.mark.parametrize("name", CASES)
def test_real_sends_give_the_bits_of_the_simulation(ends, name):
    case = CASES[name]
    assert ends[name].end is End.PASSES, str(ends[name])
    simulated = simulate(case.program, case.ranks, profile=case.profile).values
    assert same_bits(simulated, [rank.value for rank in ends[name].ranks])

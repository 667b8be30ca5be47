"""The corpus on real processes: what hangs or fails there is reported here, what passes passes.

Where the simulation reports what passes over Gloo, the case says why.
"""

import pytest

from simcore.distributed import simulate
from tests.distributed.corpus.case import NATIVE, PORTABLE, End
from tests.distributed.corpus.drawn import drawn_cases
from tests.distributed.corpus.gloo import run_on_gloo, same_bits
from tests.distributed.corpus.programs import CASES

pytest.importorskip("torch", reason="real processes talk through torch.distributed")

# Random programs are of messages only, which are the same with any collectives.
DRAWN = drawn_cases(ending=8, stuck=8)
ALL = CASES | DRAWN
BOTH = [
    (collectives, name)
    for collectives in (PORTABLE, NATIVE)
    for name, case in ALL.items()
    if case.end(collectives) is not None
]
LEGAL = [(collectives, name) for collectives, name in BOTH if ALL[name].reported is None]


@pytest.fixture(scope="module")
def ends():
    return {each: run_on_gloo(ALL.values(), each) for each in (PORTABLE, NATIVE)}


@pytest.mark.parametrize(("collectives", "name"), BOTH)
def test_a_program_ends_on_real_processes_as_the_corpus_says(ends, collectives, name):
    ended = ends[collectives][name]
    assert ended.end is ALL[name].end(collectives), str(ended)


@pytest.mark.parametrize(("collectives", "name"), LEGAL)
def test_what_passes_gives_the_values_of_the_simulation(ends, collectives, name):
    case = ALL[name]
    simulated = simulate(case.program, case.ranks).values
    deployed = [rank.value for rank in ends[collectives][name].ranks]
    assert same_bits(simulated, deployed)


@pytest.mark.parametrize("name", CASES)
def test_the_simulation_passes_what_passes_or_says_why_not(name):
    """What the corpus says of real processes is what the tests above have seen there."""
    case = CASES[name]
    assert bool(case.differs) is (case.reported is not None and case.real is End.PASSES)
    if case.real is not End.PASSES or case.native not in (None, End.PASSES):
        assert case.reported is not None

"""Every registered collective gives the right values, whatever the ranks, sizes and types."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore.distributed import Reduction
from tests.distributed.collectives.running import EVERY, REGISTRIES, run

EXAMPLES = settings(max_examples=25)
RANKS = st.integers(1, 9)
# Whole numbers in all of them, so that the order of adding does not matter to the result.
DTYPES = st.sampled_from(["uint8", "int32", "int64", "float32", "float64", "complex64"])
COMBINE = {
    Reduction.SUM: np.add,
    Reduction.MAX: np.maximum,
    Reduction.MIN: np.minimum,
    Reduction.PRODUCT: np.multiply,
}


def algorithms(kind):
    return pytest.mark.parametrize("algorithm", REGISTRIES[kind].names())


@st.composite
def payloads(draw, dtypes=DTYPES, ranks=RANKS):
    """One array for each rank, all of one type and size."""
    count, size, dtype = draw(ranks), draw(st.integers(0, 40)), draw(dtypes)
    seed = draw(st.integers(0, 2**32 - 1))
    values = np.random.default_rng(seed).integers(0, 4, (count, size))
    return list(values.astype(dtype))


@st.composite
def uneven(draw):
    """By sender, one array for each receiver, of any sizes that the receivers agree on."""
    ranks, dtype = draw(RANKS), draw(DTYPES)
    sizes = draw(st.lists(st.integers(0, 7), min_size=ranks, max_size=ranks))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return [[generator.integers(0, 4, size).astype(dtype) for size in sizes] for _ in range(ranks)]


def all_equal(found, expected):
    return all(
        one.dtype == other.dtype and np.array_equal(one, other)
        for one, other in zip(found, expected, strict=True)
    )


@algorithms("broadcast")
@given(data=payloads(), root=st.integers(0, 8))
@EXAMPLES
def test_a_broadcast_brings_the_roots_payload_to_all(algorithm, data, root):
    root %= len(data)
    copies = [array.copy() for array in data]
    run(
        *("broadcast", algorithm, len(data)),
        lambda comm: comm.broadcast(copies[comm.rank], root),
    )
    assert all_equal(copies, [data[root]] * len(data))


@algorithms("all_reduce")
@given(
    data=payloads(st.sampled_from(["uint8", "int64", "float32", "float64"])),
    op=st.sampled_from(list(Reduction)),
)
@EXAMPLES
def test_an_all_reduce_gives_all_the_reduction_and_leaves_its_arguments(algorithm, data, op):
    before = [array.copy() for array in data]
    got = run(
        *("all_reduce", algorithm, len(data)),
        lambda comm: comm.all_reduce(data[comm.rank], op),
    )
    assert all_equal(got.values, [reduce(COMBINE[op], before)] * len(data))
    assert all_equal(data, before)


@algorithms("all_reduce")
@given(data=payloads(st.just("float64")), seed=st.integers(0, 2**32 - 1))
@EXAMPLES
def test_all_ranks_get_the_same_bits(algorithm, data, seed):
    """Each element is added up in one place, or in one order everywhere."""
    generator = np.random.default_rng(seed)
    data = [generator.normal(size=array.size) for array in data]
    got = run("all_reduce", algorithm, len(data), lambda comm: comm.all_reduce(data[comm.rank]))
    assert len({value.tobytes() for value in got.values}) == 1


@algorithms("all_gather")
@given(data=uneven())
@EXAMPLES
def test_an_all_gather_gives_all_every_piece(algorithm, data):
    pieces = data[0]

    def program(comm):
        into = [np.zeros_like(piece) for piece in pieces]
        return comm.all_gather(pieces[comm.rank], into=into)

    for value in run("all_gather", algorithm, len(pieces), program).values:
        assert all_equal(value, pieces)


@algorithms("reduce_scatter")
@given(data=uneven())
@EXAMPLES
def test_a_reduce_scatter_gives_each_rank_its_part(algorithm, data):
    got = run(
        *("reduce_scatter", algorithm, len(data)),
        lambda comm: comm.reduce_scatter(data[comm.rank]),
    )
    assert all_equal(got.values, [reduce(np.add, parts) for parts in zip(*data, strict=True)])


@algorithms("all_to_all")
@given(data=uneven())
@EXAMPLES
def test_an_all_to_all_gives_each_rank_what_all_have_for_it(algorithm, data):
    def program(comm):
        into = [np.zeros_like(data[source][comm.rank]) for source in range(comm.size)]
        return comm.all_to_all(data[comm.rank], into=into)

    got = run("all_to_all", algorithm, len(data), program).values
    for value, expected in zip(got, zip(*data, strict=True), strict=True):
        assert all_equal(value, expected)


@algorithms("barrier")
@given(ranks=RANKS, late=st.integers(0, 8))
@EXAMPLES
def test_nobody_leaves_a_barrier_before_the_last_has_come(algorithm, ranks, late):
    late %= ranks
    came, left = [], []

    def program(comm):
        comm.compute(seconds=1.0 if comm.rank == late else 0.0)
        came.append(comm.rank)
        comm.barrier()
        left.append(len(came))

    run("barrier", algorithm, ranks, program)
    assert left == [ranks] * ranks


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_any_shape_and_layout_goes_in_and_comes_out(kind, name):
    """Several dimensions, one, none, and arrays that are not contiguous."""

    def program(comm):
        square = np.arange(12.0).reshape(3, 4) + comm.rank
        answers = []
        for payload in (square, square.T, square[:, 1], square[1:, ::2], np.array(2.0)):
            match kind:
                case "broadcast":
                    answers.append(comm.broadcast(payload.copy()))
                case "all_reduce":
                    answers.append(comm.all_reduce(payload))
                case "all_gather":
                    answers.extend(comm.all_gather(payload))
                case "reduce_scatter":
                    answers.append(comm.reduce_scatter([payload] * comm.size))
                case "all_to_all":
                    answers.extend(comm.all_to_all([payload] * comm.size))
                case "barrier":
                    comm.barrier()
        return answers

    ranks = 3
    values = run(kind, name, ranks, program).values
    for rank, answers in enumerate(values):
        expected = []
        squares = [np.arange(12.0).reshape(3, 4) + other for other in range(ranks)]
        views = [(s, s.T, s[:, 1], s[1:, ::2], np.array(2.0)) for s in squares]
        for payload_of in zip(*views, strict=True):
            match kind:
                case "broadcast":
                    expected.append(payload_of[0])
                case "all_reduce" | "reduce_scatter":
                    expected.append(np.sum(payload_of, axis=0))
                case "all_gather" | "all_to_all":
                    expected.extend(payload_of)
        assert len(answers) == len(expected), rank
        for answer, wanted in zip(answers, expected, strict=True):
            assert answer.shape == wanted.shape
            assert np.array_equal(answer, wanted)

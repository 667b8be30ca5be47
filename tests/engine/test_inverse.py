import numpy as np
import pytest

from simcore.engine.inverse import MOST_VECTORS, KeptInverse

N = 12


def some_matrix(draw):
    return np.eye(N) * 5 + draw.integers(0, 3, (N, N))


def test_inverse_follows_changes():
    draw = np.random.default_rng(1)
    matrix, total = some_matrix(draw), draw.random(N)
    inverse = KeptInverse(N)
    inverse.find(matrix)
    x = inverse.times(total).copy()
    for borne in range(3 * MOST_VECTORS):
        at = int(draw.integers(N))
        before = matrix[at].copy()
        matrix[at, draw.integers(N)] += draw.integers(1, 3)
        change = inverse.change(at, matrix[at], before)
        x += change * x[at]
        np.testing.assert_allclose(x @ matrix, total, rtol=0, atol=1e-11)
        np.testing.assert_allclose(inverse.times(total), x, rtol=0, atol=1e-11)
        assert inverse.changes == borne + 1


def test_change_to_a_singular_matrix_is_not_borne():
    matrix = some_matrix(np.random.default_rng(2))
    inverse = KeptInverse(N)
    inverse.find(matrix)
    assert inverse.change(0, matrix[1], matrix[0]) is None
    # As if it had not been asked for.
    np.testing.assert_allclose(inverse.times(matrix[3]), np.eye(N)[3], atol=1e-12)
    assert inverse.changes == 0


def test_singular_matrix_has_no_inverse():
    inverse = KeptInverse(N)
    with pytest.raises(np.linalg.LinAlgError):
        inverse.find(np.zeros((N, N)))
    assert not inverse.known

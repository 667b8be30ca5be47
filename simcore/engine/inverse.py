"""The inverse of a matrix of which one row changes at a time.

A change of one row changes the inverse by the product of two vectors (Sherman & Morrison,
"Adjustment of an inverse matrix corresponding to a change in one element of a given matrix", Annals
of Mathematical Statistics 21(1), 1950). A few dozen such products are kept as vectors, and then
added at once: one product of matrices costs less than many of vectors.
"""

import numpy as np

# A change that leaves less than this of what it divides by would leave too few digits.
LEAST_PIVOT = 1e-9

# So many changes are kept as vectors before they are added to the inverse.
MOST_VECTORS = 32


class KeptInverse:
    """The inverse of a matrix of `n` rows and columns.

    Attributes
    ----------
    known : whether there is one; whoever changes the matrix in another way says that there is none
    changes : how many it has borne since it was found
    """

    def __init__(self, n):
        self.known = False
        self.changes = 0
        # The inverse is the first rows of `_rows` and, for each of `_lefts`, that vector times the
        # row that follows: (row, row . lefts) . _rows is a row times it.
        self._rows = np.zeros((n + MOST_VECTORS, n))
        self._lefts = np.zeros((MOST_VECTORS, n))
        self._vectors = 0
        # Room to calculate in.
        self._factor = np.zeros(n + MOST_VECTORS)
        self._row, self._products = self._factor[:n], self._factor[n:]
        self._times = np.zeros(n)
        self._left = np.zeros(n)
        self._sum = np.zeros((n, n))

    def find(self, matrix):
        """Of this matrix; raises LinAlgError if it has none."""
        self.known = False
        self._rows[: len(matrix)] = np.linalg.inv(matrix)
        self.known = True
        self.changes = 0
        self._drop_vectors()

    def times(self, row):
        """A row times the inverse; valid until the next call of any method."""
        self._row[:] = row
        return self._times_row()

    def change(self, at, row, before):
        """The row of the matrix at place `at` becomes `row`, from `before`.

        Returns what to add to x, for each x[at], if x solves x . matrix = something (valid until
        the next call of any method); None if the inverse does not bear the change: find it anew
        then.
        """
        rows, lefts, left = self._rows, self._lefts, self._left
        n = len(left)
        np.subtract(row, before, self._row)
        change = self._times_row()
        pivot = 1.0 + change.item(at)
        if abs(pivot) < LEAST_PIVOT:
            return None
        change *= -1.0 / pivot
        rows[n:, at].dot(lefts, left)
        vector = self._vectors
        np.add(left, rows[:n, at], lefts[vector])
        rows[n + vector] = change
        self.changes += 1
        self._vectors = vector + 1
        if self._vectors == MOST_VECTORS:
            rows[:n] += lefts.T.dot(rows[n:], self._sum)
            self._drop_vectors()
        return change

    def _times_row(self):
        self._lefts.dot(self._row, self._products)
        return self._factor.dot(self._rows, self._times)

    def _drop_vectors(self):
        self._vectors = 0
        self._lefts.fill(0.0)
        self._rows[len(self._left) :] = 0.0

"""Functions of one or two numbers, known at some and linear between them, asked one at a time."""

from bisect import bisect_right

import numpy as np


class Column:
    """A function of a whole number, known at evenly spread ones and linear between them."""

    __slots__ = ("_stride", "_values")

    def __init__(self, points: np.ndarray, values: np.ndarray):
        self._stride = int(points[1] - points[0])
        self._values = np.broadcast_to(values, points.shape).tolist()

    def at(self, count: int) -> float:
        """The value for `count`."""
        stride = self._stride
        if stride == 1:
            return self._values[count]
        place, rest = divmod(count, stride)
        low = self._values[place]
        return low + (self._values[place + 1] - low) * rest / stride


class Rows:
    """A function of a whole number and a context: linear in the context between known ones."""

    __slots__ = ("_points", "_rows")

    def __init__(self, points: np.ndarray, values: np.ndarray):
        self._points = points.tolist()
        self._rows = values.tolist()

    def piece(self, row: int, context: float) -> tuple[float, float, float]:
        """Its value there, what each further token adds, and the context up to which that holds."""
        points, values = self._points, self._rows[row]
        place = min(bisect_right(points, context), len(points) - 1)
        low, high = points[place - 1], points[place]
        slope = (values[place] - values[place - 1]) / (high - low)
        return values[place - 1] + slope * (context - low), slope, high

    def at(self, row: int, context: float) -> float:
        """Its value."""
        return self.piece(row, context)[0]


class Grid:
    """A function of two numbers, linear in each of them between known ones."""

    __slots__ = ("_columns", "_lines", "_values")

    def __init__(self, lines: np.ndarray, columns: np.ndarray, values: np.ndarray):
        self._lines, self._columns = lines.tolist(), columns.tolist()
        self._values = values.tolist()

    def at(self, line: float, column: float) -> float:
        """Its value."""
        lines, columns, values = self._lines, self._columns, self._values
        i = min(bisect_right(lines, line), len(lines) - 1)
        j = min(bisect_right(columns, column), len(columns) - 1)
        u = (line - lines[i - 1]) / (lines[i] - lines[i - 1])
        v = (column - columns[j - 1]) / (columns[j] - columns[j - 1])
        before, after = values[i - 1], values[i]
        low = before[j - 1] + (before[j] - before[j - 1]) * v
        high = after[j - 1] + (after[j] - after[j - 1]) * v
        return low + (high - low) * u

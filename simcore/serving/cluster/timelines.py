"""What replicas, pools and links did over time, in a bounded number of points."""

from collections.abc import Mapping

import numpy as np

from simcore.engine import CommChannel
from simcore.engine.bundles import Path


class Timeline:
    """Rows at points in time; half of the points are dropped whenever they are too many.

    Parameters
    ----------
    columns : beside "time_s"
    most : points
    """

    def __init__(self, columns: tuple[str, ...], most: int):
        self.columns = ("time_s", *columns)
        self.most = most
        self._points: list[list[tuple]] = []

    def add(self, rows: list[tuple]) -> bool:
        """The rows of a point, the time first; whether points were dropped."""
        self._points.append(rows)
        if len(self._points) <= self.most:
            return False
        del self._points[1::2]
        return True

    def table(self) -> dict[str, np.ndarray]:
        """All rows, by column."""
        rows = [row for point in self._points for row in point]
        columns = zip(*rows, strict=True) if rows else [()] * len(self.columns)
        return {name: np.array(values) for name, values in zip(self.columns, columns, strict=True)}


class LinkUse:
    """Bytes on each channel, in spans of equal length.

    Parameters
    ----------
    span_s : at first [s]; twice as long whenever there are too many
    most : spans
    """

    def __init__(self, span_s: float, most: int):
        self.span_s, self.most = span_s, most
        self._bytes: dict[Path, dict[int, float]] = {}

    def add(self, path: Path, size: float, start: float, end: float) -> None:
        """A flow moved `size` bytes from `start` to `end` [s], evenly as far as is known."""
        while end / self.span_s >= self.most:
            self._coarsen()
        bins = self._bytes.setdefault(path, {})
        first, last = int(start / self.span_s), int(end / self.span_s)
        if first == last or end <= start:
            bins[last] = bins.get(last, 0.0) + size
            return
        rate = size / (end - start)
        for number in range(first, last + 1):
            low, high = max(start, number * self.span_s), min(end, (number + 1) * self.span_s)
            bins[number] = bins.get(number, 0.0) + rate * max(0.0, high - low)

    def _coarsen(self):
        self.span_s *= 2
        for path, bins in self._bytes.items():
            fewer: dict[int, float] = {}
            for number, size in bins.items():
                fewer[number // 2] = fewer.get(number // 2, 0.0) + size
            self._bytes[path] = fewer

    def table(
        self, until_s: float, stands_for: Mapping[CommChannel, CommChannel]
    ) -> dict[str, np.ndarray]:
        """The use of each channel that was crossed, as a share of its bandwidth.

        Parameters
        ----------
        stands_for : of channels that no flow crosses, one that carries the same

        Returns "time_s", the beginnings of the spans, and by the name of a channel the share of its
        bandwidth in use in each.
        """
        count = max(1, int(np.ceil(until_s / self.span_s)))
        sums: dict[CommChannel, np.ndarray] = {}
        for path, bins in self._bytes.items():
            for channel in path:
                total = sums.setdefault(channel, np.zeros(count))
                for number, size in bins.items():
                    total[min(number, count - 1)] += size
        for channel, like in stands_for.items():
            if like in sums and channel not in sums:
                sums[channel] = sums[like]
        times = np.arange(count) * self.span_s
        lengths = np.minimum(times + self.span_s, max(until_s, self.span_s)) - times
        return {"time_s": times} | {
            channel.name: total / (channel.bandwidth_bps * lengths)
            for channel, total in sums.items()
        }

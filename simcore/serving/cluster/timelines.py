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
    """Bytes on each channel, in spans that end when somebody says so.

    Parameters
    ----------
    most : spans; neighbours are put together whenever there are more
    """

    def __init__(self, most: int):
        self.most = most
        self._ends: list[float] = []
        self._bytes: dict[Path, dict[int, float]] = {}

    def add(self, path: Path, size: float) -> None:
        """A flow has moved so many bytes since the last span ended."""
        spans = self._bytes.setdefault(path, {})
        now = len(self._ends)
        spans[now] = spans.get(now, 0.0) + size

    def end_span(self, now: float) -> None:
        """A span ends now [s], and the next begins."""
        if now <= (self._ends[-1] if self._ends else 0.0):
            return
        self._ends.append(now)
        if len(self._ends) > self.most:
            self._ends = [*self._ends[1::2], *self._ends[len(self._ends) // 2 * 2 :]]
            for path, spans in self._bytes.items():
                fewer: dict[int, float] = {}
                for number, size in spans.items():
                    fewer[number // 2] = fewer.get(number // 2, 0.0) + size
                self._bytes[path] = fewer

    def table(self, stands_for: Mapping[CommChannel, CommChannel]) -> dict[str, np.ndarray]:
        """The use of each channel that was crossed.

        Parameters
        ----------
        stands_for : of channels that no flow crosses, one that carries the same

        Returns "time_s", the ends of the spans, and by the name of a channel the share of its
        bandwidth in use in each.
        """
        if not self._ends:
            return {"time_s": np.array([])}
        ends = np.array(self._ends)
        sums: dict[CommChannel, np.ndarray] = {}
        for path, spans in self._bytes.items():
            for channel in path:
                total = sums.setdefault(channel, np.zeros(len(ends)))
                for number, size in spans.items():
                    # What ended at the very end of the last span is of that.
                    total[min(number, len(ends) - 1)] += size
        for channel, like in stands_for.items():
            if like in sums and channel not in sums:
                sums[channel] = sums[like]
        lengths = np.diff(ends, prepend=0.0)
        return {"time_s": ends} | {
            channel.name: total / (channel.bandwidth_bps * lengths)
            for channel, total in sums.items()
        }

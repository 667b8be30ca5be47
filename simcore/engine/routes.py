"""Paths by number: which contend with which, and the rates of those that do.

Sets of routes are integers, one bit a route: which routes share a channel with this one, and of
those which are busy, is then one operation.
"""

from collections.abc import Callable
from threading import Lock

from simcore.engine.fairness import allocate
from simcore.engine.work import CommChannel, check_path

# A pipeline repeats itself chunk by chunk, so the same few sets of contending routes come back
# again and again. The rates of small ones are remembered, up to this many rates in all.
MOST_REMEMBERED_RATES = 1 << 16
MOST_REMEMBERED_ROUTES = 64

Rates = list[tuple[int, float, CommChannel]]


class RouteTable:
    """The paths of a network, numbered in order of appearance.

    It holds nothing of a run, so that runs over one network can share it, in several threads too.

    Attributes
    ----------
    paths : the channels of each route
    one : the same of one transfer, where a transfer over the route stands for several
    latency : sum of its channels' latencies [s]
    alone : rate of a transfer that shares with none [byte/s]; infinite for an empty path
    steps : a scratch memory for runs over this network: what they found before
    labels : another, for their traces: what routes are called
    """

    def __init__(self):
        self.paths: list[tuple[CommChannel, ...]] = []
        self.one: list[tuple[CommChannel, ...]] = []
        self.latency: list[float] = []
        self.alone: list[float] = []
        self._numbers: dict[tuple[CommChannel, ...], int] = {}
        self._on: dict[CommChannel, int] = {}
        self._near: list[tuple[int, int]] = []
        self._adding = Lock()
        self._remembered: dict[object, Rates] = {}
        self._remembered_rates = 0
        self.steps: dict[tuple[int, int], Rates] = {}
        self.labels: dict[int, tuple[str, tuple[str, ...]]] = {}

    def __len__(self):
        return len(self.paths)

    def number(self, path, one=None) -> int:
        """The number of the route over the channels of `path`.

        Parameters
        ----------
        one : what one transfer crosses, where those over `path` stand for several; counts where the
            route is new

        Raises SimulationError if one of them is no CommChannel.
        """
        number = self._numbers.get(path)
        return self._add(path, path if one is None else one) if number is None else number

    def near(self, number) -> int:
        """The routes that share a channel with this one, itself included."""
        known = len(self.paths)
        known_then, near = self._near[number]
        if known_then != known:
            near = 1 << number
            for channel in self.paths[number]:
                near |= self._on[channel]
            self._near[number] = known, near
        return near

    def component(self, frontier: int, busy: int) -> int:
        """The busy routes connected, channel by channel, to the lowest route of `frontier`."""
        frontier &= -frontier
        found = 0
        while frontier:
            bit = frontier & -frontier
            found |= bit
            frontier = (frontier | self.near(bit.bit_length() - 1) & busy) & ~found
        return found

    def rates(self, component: int, crowded: int, count: Callable[[int], int]) -> Rates:
        """The routes of a component, each with its max-min fair rate [byte/s] and bottleneck.

        Parameters
        ----------
        crowded : routes that have more than one transfer
        count : returns how many
        """
        crowded &= component
        key = (component, crowded, *map(count, members(crowded))) if crowded else component
        known = self._remembered.get(key)
        if known is None:
            routes = members(component)
            paths = [self.paths[number] for number in routes]
            capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
            solved = allocate(paths, [count(number) for number in routes], capacity)
            known = list(zip(routes, *solved, strict=True))
            if len(known) <= MOST_REMEMBERED_ROUTES:
                self._remember(key, known)
        return known

    def _remember(self, key, rates):
        self._remembered_rates += len(rates)
        if self._remembered_rates > MOST_REMEMBERED_RATES:
            self._remembered.clear()
            self._remembered_rates = len(rates)
        self._remembered[key] = rates

    def _add(self, path, one):
        check_path(path)
        with self._adding:
            if path in self._numbers:  # by another thread, just now
                return self._numbers[path]
            number = len(self.paths)
            self.latency.append(sum(channel.latency_s for channel in path))
            self.alone.append(
                min((c.bandwidth_bps / path.count(c) for c in path), default=float("inf"))
            )
            self._near.append((0, 0))
            for channel in path:
                self._on[channel] = self._on.get(channel, 0) | 1 << number
            self.paths.append(path)
            self.one.append(one)
            self._numbers[path] = number
        return number


def members(routes: int) -> list[int]:
    """The numbers in a set of routes, rising."""
    found = []
    while routes:
        bit = routes & -routes
        routes ^= bit
        found.append(bit.bit_length() - 1)
    return found

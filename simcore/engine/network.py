"""The transfers that are moving payload, and the rates they move at.

Transfers over one path share one rate, so state is kept per route, not per transfer: a virtual
clock of bytes served to each, and a heap of the clock values at which they finish. Work per event
then depends on what changed: which routes got another rate, not how many transfers are alive.
"""

from heapq import heappush

from simcore.engine.fairness import max_min_rates
from simcore.engine.work import CommChannel
from simcore.errors import SimulationError

FINISH = 1

# A pipeline repeats itself chunk by chunk, so the same few sets of busy routes come back again and
# again. What changes from one set to the next is remembered, up to this many steps and for
# networks of this many routes; beyond that the memo is emptied, or not kept at all.
MOST_REMEMBERED_STEPS = 4096
MOST_REMEMBERED_ROUTES = 256
BITS_PER_ROUTE = 24


class Route:
    """One path and the transfers that are moving over it.

    Attributes
    ----------
    channels : what it crosses
    latency : sum of their latencies [s]
    rate : of each of its transfers [byte/s]
    flows : heap of (clock at which it is served, order of adding, transfer)
    finish : the event at which its first transfer ends; None if it must be made anew
    """

    __slots__ = ("_clock", "_clock_time", "bit", "channels", "finish", "flows", "latency", "number",
                 "rate")  # fmt: skip

    def __init__(self, number, channels):
        self.number = number
        self.channels = channels
        self.bit = 1 << (number * BITS_PER_ROUTE)
        latency = 0.0
        for channel in channels:
            latency += channel.latency_s
        self.latency = latency
        self.rate = 0.0
        self.flows = []
        self.finish = None
        self._clock = 0.0
        self._clock_time = 0.0

    def served(self, now) -> float:
        """Bytes each transfer has been served on this route's clock at time `now` [byte]."""
        return self._clock + self.rate * (now - self._clock_time)

    def join(self, batch, now):
        """Add a transfer that begins to move its payload at `now` [s]."""
        flows = self.flows
        if flows:
            clock = self._clock + self.rate * (now - self._clock_time)
        else:
            # Starting from zero keeps the clock small, and so its rounding error.
            clock = 0.0
        self._clock = clock
        self._clock_time = now
        batch._route = self
        batch._target = target = clock + batch.total_size
        heappush(flows, (target, batch._seq, batch))
        self.finish = None

    def set_rate(self, rate, now):
        """Move at `rate` [byte/s] from `now` [s] on; returns the event of the next finish."""
        clock = self._clock + self.rate * (now - self._clock_time)
        self._clock = clock
        self._clock_time = now
        self.rate = rate
        target, seq, _ = self.flows[0]
        left = target - clock
        self.finish = event = (now + left / rate if left > 0.0 else now, FINISH, seq, self)
        return event


class Network:
    """Every route in use, and the max-min fair rates of those that are busy."""

    def __init__(self):
        self._routes: dict[tuple, Route] = {}
        self._on: dict[CommChannel, dict[Route, None]] = {}
        self._next_number = 0
        self._state = 0
        self._settled_state = 0
        self._steps: dict[tuple[int, int], tuple] | None = {}
        self.touched: dict[Route, None] = {}

    def route(self, path) -> Route:
        """The route over the channels of `path`; raises SimulationError if one is none."""
        route = self._routes.get(path)
        if route is None:
            for channel in path:
                if not isinstance(channel, CommChannel):
                    raise SimulationError(f"a path holds CommChannels, not {channel!r}")
            route = Route(self._next_number, path)
            self._next_number += 1
            self._routes[path] = route
            for channel in path:
                self._on.setdefault(channel, {})[route] = None
            if self._next_number > MOST_REMEMBERED_ROUTES:
                self._steps = None
        return route

    def join(self, batch, path, now):
        """`batch` begins to move its payload."""
        route = self._routes.get(path) or self.route(path)
        route.join(batch, now)
        self.touched[route] = None
        self._state += route.bit

    def leave(self, route):
        """The first transfer of `route` has ended."""
        route.finish = None
        self.touched[route] = None
        self._state -= route.bit

    def settle(self, now):
        """Bring rates up to date at `now` [s]; returns the new finish events of what changed."""
        steps = self._steps
        if steps is None:
            changes = self._solve()
            self._forget_idle_routes()
        else:
            step = (self._settled_state, self._state)
            changes = steps.get(step)
            if changes is None:
                changes = self._solve()
                if len(steps) >= MOST_REMEMBERED_STEPS:
                    steps.clear()
                steps[step] = changes
            self._settled_state = self._state
        finishes = [route.set_rate(rate, now) for route, rate in changes]
        for route in self.touched:
            if route.flows and route.finish is None:
                finishes.append(route.set_rate(route.rate, now))
        self.touched.clear()
        return finishes

    def _solve(self):
        component = self._component()
        paths = [route.channels for route in component]
        counts = [len(route.flows) for route in component]
        capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
        rates = max_min_rates(paths, counts, capacity)
        return tuple(
            (route, rate)
            for route, rate in zip(component, rates, strict=True)
            if rate != route.rate or route.finish is None
        )

    def _component(self):
        """Busy routes connected, channel by channel, to what was touched; in order of number."""
        seen_channels = set()
        found = set()
        stack = list(self.touched)
        while stack:
            for channel in stack.pop().channels:
                if channel not in seen_channels:
                    seen_channels.add(channel)
                    for route in self._on[channel]:
                        if route.flows and route not in found:
                            found.add(route)
                            stack.append(route)
        return sorted(found, key=_number)

    def _forget_idle_routes(self):
        for route in self.touched:
            if not route.flows:
                self._routes.pop(route.channels, None)
                for channel in route.channels:
                    self._on[channel].pop(route, None)


def _number(route):
    return route.number

"""The transfers that are moving payload, and the rates they move at.

Transfers over one path share one rate, so state is kept per route, not per transfer: a virtual
clock of bytes served to each, and a heap of the clock values at which they finish. Work per event
then depends on what changed: which routes got another rate, not how many transfers are alive.

Sets of routes are the bits of integers, one bit a route: which routes share a channel with this
one, and of those which are busy, is then one operation.
"""

from heapq import heappop, heappush

from simcore.engine.fairness import max_min_rates
from simcore.engine.work import CommChannel
from simcore.errors import SimulationError

FINISH = 1

# A pipeline repeats itself chunk by chunk, so the same few sets of contending routes come back
# again and again. The rates of small ones are remembered, up to this many rates in all.
MOST_REMEMBERED_RATES = 1 << 16
MOST_REMEMBERED_ROUTES = 64

# Idle routes are forgotten when there are more routes than this, and more than twice the busy ones.
MOST_IDLE_ROUTES = 512


class Route:
    """One path and the transfers that are moving over it.

    Attributes
    ----------
    channels : what it crosses
    bit : its place in sets of routes
    near : the routes that share a channel with it, itself included
    near_of : number of routes known when `near` was last brought up to date
    latency : sum of its channels' latencies [s]
    alone : rate of a transfer that shares with none [byte/s]
    rate : of each of its transfers [byte/s]
    flows : heap of (clock at which it is served, order of adding, transfer)
    finish : the event at which its first transfer ends; None if it must be made anew
    """

    __slots__ = ("_clock", "_clock_time", "alone", "bit", "channels", "finish", "flows", "latency",
                 "near", "near_of", "rate")  # fmt: skip

    def __init__(self, channels, bit):
        self.channels = channels
        self.bit = bit
        self.near = self.near_of = 0
        self.latency = sum(channel.latency_s for channel in channels)
        self.alone = min(
            (channel.bandwidth_bps / channels.count(channel) for channel in channels),
            default=float("inf"),
        )
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
        # An idle route starts from zero: it keeps the clock small, and so its rounding error.
        clock = self._clock + self.rate * (now - self._clock_time) if flows else 0.0
        self._clock = clock
        self._clock_time = now
        batch._route = self
        batch._target = target = clock + batch.total_size
        heappush(flows, (target, batch._seq, batch))
        self.finish = None

    def join_alone(self, batch, now):
        """`join` and `set_rate` in one, on an idle route that shares with none."""
        size = batch.total_size
        seq = batch._seq
        batch._route = self
        batch._target = size
        self._clock = 0.0
        self._clock_time = now
        self.rate = rate = self.alone
        self.flows.append((size, seq, batch))
        self.finish = event = (now + size / rate, FINISH, seq, self)
        return event

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
    """The routes in use, and the max-min fair rates of those that are busy.

    Attributes
    ----------
    touched : routes whose transfers changed since rates were last settled
    """

    def __init__(self):
        self._routes: dict[tuple, Route] = {}
        self._by_bit: dict[int, Route] = {}
        self._on: dict[CommChannel, int] = {}
        self._known = 0
        self._room = MOST_IDLE_ROUTES
        self._busy = 0
        self._crowded = 0
        self._remembered: dict[object, tuple] = {}
        self._remembered_rates = 0
        self.touched: dict[Route, None] = {}

    def route(self, path) -> Route:
        """The route over the channels of `path`; raises SimulationError if one is none."""
        return self._routes.get(path) or self._new_route(path)

    def join(self, batch, now):
        """`batch` begins to move its payload; its finish if that is settled already, else None."""
        route = self._routes.get(batch.path) or self._new_route(batch.path)
        if route.near_of != self._known:
            self._look_around(route)
        busy = self._busy
        bit = route.bit
        if not route.near & busy:
            self._busy = busy | bit
            return route.join_alone(batch, now)
        if busy & bit:
            self._crowded |= bit
        else:
            self._busy = busy | bit
        route.join(batch, now)
        self.touched[route] = None
        return None

    def leave(self, route):
        """The first transfer of `route` has ended; returns it."""
        flows = route.flows
        batch = heappop(flows)[2]
        route.finish = None
        if len(flows) < 2:
            self._crowded &= ~route.bit
            if not flows:
                self._busy ^= route.bit
        if route.near_of != self._known:
            self._look_around(route)
        if route.near & self._busy:
            self.touched[route] = None
        return batch

    def settle(self, now, events):
        """Bring rates up to date at `now` [s]; new finishes go to the heap `events`."""
        done = 0
        for route in self.touched:
            if route.near_of != self._known:
                self._look_around(route)
            todo = route.near & self._busy & ~done
            # One set of contending routes, or after a departure perhaps several.
            while todo:
                component = self._component(todo & -todo)
                done |= component
                todo &= ~component
                for member, rate in self._rates(component):
                    if rate != member.rate or member.finish is None:
                        heappush(events, member.set_rate(rate, now))
        self.touched.clear()

    def _component(self, frontier) -> int:
        """The busy routes that are connected, channel by channel, to those of `frontier`."""
        busy = self._busy
        by_bit = self._by_bit
        known = self._known
        found = 0
        while frontier:
            bit = frontier & -frontier
            found |= bit
            route = by_bit[bit]
            if route.near_of != known:
                self._look_around(route)
            frontier = (frontier | route.near & busy) & ~found
        return found

    def _rates(self, component):
        """The routes of a component, each with the max-min fair rate of its transfers [byte/s]."""
        crowded = component & self._crowded
        key = (component, crowded, *self._counts(crowded)) if crowded else component
        rates = self._remembered.get(key)
        if rates is None:
            members = self._members(component)
            paths = [route.channels for route in members]
            counts = [len(route.flows) for route in members]
            capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
            rates = list(zip(members, max_min_rates(paths, counts, capacity), strict=True))
            if len(rates) <= MOST_REMEMBERED_ROUTES:
                self._remember(key, rates)
        return rates

    def _members(self, routes) -> list[Route]:
        found = []
        while routes:
            bit = routes & -routes
            routes ^= bit
            found.append(self._by_bit[bit])
        return found

    def _counts(self, routes) -> list[int]:
        return [len(route.flows) for route in self._members(routes)]

    def _remember(self, key, rates):
        self._remembered_rates += len(rates)
        if self._remembered_rates > MOST_REMEMBERED_RATES:
            self._remembered.clear()
            self._remembered_rates = len(rates)
        self._remembered[key] = rates

    def _new_route(self, path) -> Route:
        for channel in path:
            if not isinstance(channel, CommChannel):
                raise SimulationError(f"a path holds CommChannels, not {channel!r}")
        if len(self._routes) >= self._room:
            self._forget_idle_routes()
        return self._keep(Route(path, 1 << self._known))

    def _keep(self, route):
        self._routes[route.channels] = self._by_bit[route.bit] = route
        self._known += 1
        for channel in route.channels:
            self._on[channel] = self._on.get(channel, 0) | route.bit
        return route

    def _look_around(self, route):
        near = 0
        for channel in route.channels:
            near |= self._on[channel]
        route.near = near
        route.near_of = self._known

    def _forget_idle_routes(self):
        kept = [route for route in self._routes.values() if route.flows or route in self.touched]
        for memory in (self._routes, self._by_bit, self._on, self._remembered):
            memory.clear()
        self._remembered_rates = 0
        self._busy = self._crowded = self._known = 0
        for number, route in enumerate(kept):
            route.bit = 1 << number
            route.near_of = 0
            self._keep(route)
            if route.flows:
                self._busy |= route.bit
            if len(route.flows) > 1:
                self._crowded |= route.bit
        self._room = max(MOST_IDLE_ROUTES, 2 * len(kept))

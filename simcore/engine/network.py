"""The transfers that are moving payload, and the rates they move at.

Transfers over one path share one rate, so state is kept per route, not per transfer: a virtual
clock of bytes served to each, and a heap of the clock values at which they finish. Work per event
then depends on what changed: which routes got another rate, not how many transfers are alive.
"""

from heapq import heapify, heappop, heappush

from simcore.engine.events import FINISH
from simcore.engine.grouped import GroupedNetwork
from simcore.engine.routes import RouteTable

# Rates are kept in groups once components of more than FEW_ROUTES have been solved so often that
# the routes beyond these sum up to MOST_TOIL.
FEW_ROUTES = 8
MOST_TOIL = 128

# Idle routes are forgotten when there are more routes than this, and more than twice the busy ones.
MOST_IDLE_ROUTES = 512


class Route:
    """The transfers that are moving over one path.

    Attributes
    ----------
    number, bit : its place in the table and in sets of routes
    rate : of each of its transfers [byte/s]
    flows : heap of (clock at which it is served, order of adding, transfer)
    finish : the event at which its first transfer ends; None if it must be made anew
    """

    __slots__ = ("_clock", "_clock_time", "bit", "finish", "flows", "number", "path", "rate")

    def __init__(self, number, path):
        self.number = number
        self.bit = 1 << number
        self.path = path
        self.rate = 0.0
        self.flows = []
        self.finish = None
        self._clock = 0.0
        self._clock_time = 0.0

    def __repr__(self):
        return f"a transfer over {' > '.join(channel.name for channel in self.path)}"

    def served(self, now) -> float:
        """Bytes each transfer has been served on this route's clock at time `now` [byte]."""
        return self._clock + self.rate * (now - self._clock_time)

    def join(self, batch, now):
        """Add a transfer that begins to move its payload at `now` [s]."""
        flows = self.flows
        # An idle route starts from zero: it keeps the clock small, and so its rounding error.
        self._clock = clock = self.served(now) if flows else 0.0
        self._clock_time = now
        batch._route = self
        batch._target = target = clock + batch.total_size
        heappush(flows, (target, batch._seq, batch))
        self.finish = None

    def set_rate(self, rate, now):
        """Move at `rate` [byte/s] from `now` [s] on; returns the event of the next finish."""
        self._clock = clock = self._clock + self.rate * (now - self._clock_time)
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
    events : the simulator's, to which the ends of transfers go
    touched : routes whose transfers changed since rates were last settled
    swamped : whether keeping rates by route does not pay any more: see `as_groups`
    """

    def __init__(self):
        self._table = RouteTable()
        self._routes: list[Route] = []
        self._room = MOST_IDLE_ROUTES
        self._busy = 0
        self._crowded = 0
        self._toil = 0
        self.events = []
        self.touched: dict[Route, None] = {}
        self.swamped = False

    def latency(self, path) -> float:
        """Time that a transfer over `path` is in flight before its payload moves [s]."""
        number = self._route(path).number  # first: it may make a new table
        return self._table.latency[number]

    def join(self, batch, now):
        """`batch` begins to move its payload; its finish if that is settled already, else None."""
        route = self._route(batch.path)
        near = self._table.near(route.number)
        contended = near & self._busy
        route.join(batch, now)
        if self._busy & route.bit:
            self._crowded |= route.bit
        self._busy |= route.bit
        if not contended:
            return route.set_rate(self._table.alone[route.number], now)
        self.touched[route] = None
        return None

    def outdated(self, event) -> bool:
        """Whether this is the end of a transfer as it was expected once."""
        return type(event[3]) is Route and event[3].finish is not event

    def leave(self, event):
        """The transfer of an event that `ends` has ended; returns it."""
        route = event[3]
        flows = route.flows
        target, _, batch = heappop(flows)
        route.finish = None
        if flows and flows[0][0] == target:
            # Another ends with it: it has its turn among all that end at this instant.
            route.finish = following = (event[0], FINISH, flows[0][1], route)
            heappush(self.events, following)
        if len(flows) < 2:
            self._crowded &= ~route.bit
            if not flows:
                self._busy ^= route.bit
        if self._table.near(route.number) & self._busy:
            self.touched[route] = None
        return batch

    def settle(self, now, events):
        """Bring rates up to date at `now` [s]; new finishes go to the heap `events`."""
        table = self._table
        done = 0
        for route in self.touched:
            remaining = table.near(route.number) & self._busy & ~done
            # One set of contending routes, or after a departure perhaps several.
            while remaining:
                component = table.component(remaining, self._busy)
                size = component.bit_count()
                if size > FEW_ROUTES:
                    self._toil += size - FEW_ROUTES
                done |= component
                remaining &= ~component
                for number, rate, _ in self._rates(component):
                    member = self._routes[number]
                    if rate != member.rate or member.finish is None:
                        heappush(events, member.set_rate(rate, now))
        self.touched.clear()
        self.swamped = self._toil > MOST_TOIL

    def as_groups(self, now, events, grouped=None):
        """The same transfers, kept in groups by bottleneck; call it when rates are settled."""
        grouped = grouped or GroupedNetwork(events)
        for route in self._routes:
            clock = route.served(now) if route.flows else 0.0
            for target, _, batch in sorted(route.flows, key=lambda flow: flow[:2]):
                grouped.resume(batch, max(target - clock, 0.0), now)
            route.finish = None
        events[:] = [event for event in events if type(event[3]) is not Route]
        heapify(events)
        grouped.settle(now, events)
        return grouped

    def _rates(self, component):
        return self._table.rates(component, self._crowded, self._count)

    def _count(self, number):
        return len(self._routes[number].flows)

    def _route(self, path) -> Route:
        number = self._table.number(path)
        if number == len(self._routes):
            self._routes.append(Route(number, path))
            if number >= self._room:
                self._forget_idle_routes()
                return self._route(path)
        return self._routes[number]

    def _forget_idle_routes(self):
        newest = self._routes[-1]
        kept = [r for r in self._routes if r.flows or r in self.touched or r is newest]
        self._table = RouteTable()
        self._routes = kept
        self._busy = self._crowded = 0
        for route in kept:
            route.number = self._table.number(route.path)
            route.bit = 1 << route.number
            if route.flows:
                self._busy |= route.bit
            if len(route.flows) > 1:
                self._crowded |= route.bit
        self._room = max(MOST_IDLE_ROUTES, 2 * len(kept))

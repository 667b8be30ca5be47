"""Which channel held each transfer back, and for how long."""

from simcore.engine.network import Network


class WatchedNetwork(Network):
    """A network that also notes the bottleneck of every transfer.

    A route's bottleneck is a saturated channel of its path on which nothing is faster. A
    transfer's is the one that bound it for the longest time.
    """

    def __init__(self):
        super().__init__()
        self._bound_by = {}  # route -> (channel, since)
        self._spent = {}  # route -> {channel: time it was the bottleneck [s]}
        self._before = {}  # batch -> what `_spent` was when it joined
        self._now = 0.0
        self.bottleneck = {}  # batch -> channel

    def join(self, batch, now):
        self._now = now
        finish = super().join(batch, now)
        route = batch._route
        if finish is not None:
            path = route.path
            self._bind(route, min(path, key=lambda c: c.bandwidth_bps / path.count(c)))
        self._before[batch] = dict(self._time_spent(route, now))
        return finish

    def leave(self, route):
        now = route.finish[0]
        batch = super().leave(route)
        before = self._before.pop(batch)
        spent = self._time_spent(route, now)
        gained = {channel: time - before.get(channel, 0.0) for channel, time in spent.items()}
        self.bottleneck[batch] = max(gained, key=gained.get)
        if not route.flows:
            self._bound_by.pop(route)
            self._spent.pop(route)
        return batch

    def settle(self, now, events):
        self._now = now
        super().settle(now, events)

    def _rates(self, component):
        rates = super()._rates(component)
        for number, _, channel in rates:
            self._bind(self._routes[number], channel)
        return rates

    def _bind(self, route, channel):
        bound_by, _ = self._bound_by.get(route, (None, None))
        if channel is not bound_by:
            self._time_spent(route, self._now)
            self._bound_by[route] = channel, self._now

    def _time_spent(self, route, now):
        spent = self._spent.setdefault(route, {})
        if route in self._bound_by:
            channel, since = self._bound_by[route]
            spent[channel] = spent.get(channel, 0.0) + now - since
            self._bound_by[route] = channel, now
        return spent

"""Which channel held each transfer back, and for how long."""

from simcore.engine.grouped import GroupedNetwork
from simcore.engine.network import Network


class BottleneckLog:
    """The bottleneck of each path over time, and of each transfer that has ended.

    A path's bottleneck is a saturated channel on it on which nothing is faster. A transfer's is the
    one that bound it for the longest time.

    Attributes
    ----------
    of : of each transfer that has ended, its bottleneck
    """

    def __init__(self):
        self.of = {}
        self._bound_by = {}  # path -> (channel, since)
        self._spent = {}  # path -> {channel: time it was the bottleneck [s]}
        self._before = {}  # batch -> what `_spent` was when it joined

    def bind(self, path, channel, now):
        """The bottleneck of a path is `channel` from `now` [s] on."""
        bound_by, _ = self._bound_by.get(path, (None, None))
        if channel is not bound_by:
            self._time_spent(path, now)
            self._bound_by[path] = channel, now

    def join(self, batch, now):
        self._before[batch] = dict(self._time_spent(batch.path, now))

    def leave(self, batch, now, idle):
        """A transfer has ended at `now` [s]; `idle` says whether it was the last on its path."""
        before = self._before.pop(batch)
        spent = self._time_spent(batch.path, now)
        gained = {channel: time - before.get(channel, 0.0) for channel, time in spent.items()}
        self.of[batch] = max(gained, key=gained.get)
        if idle:
            self._bound_by.pop(batch.path)
            self._spent.pop(batch.path)

    def _time_spent(self, path, now):
        spent = self._spent.setdefault(path, {})
        if path in self._bound_by:
            channel, since = self._bound_by[path]
            spent[channel] = spent.get(channel, 0.0) + now - since
            self._bound_by[path] = channel, now
        return spent


class WatchedNetwork(Network):
    """A network that also notes the bottleneck of every transfer.

    Attributes
    ----------
    bottleneck : of each transfer that has ended, the channel that bound it for the longest time
    """

    def __init__(self):
        super().__init__()
        self._log = BottleneckLog()
        self._now = 0.0
        self.bottleneck = self._log.of

    def join(self, batch, now):
        self._now = now
        finish = super().join(batch, now)
        if finish is not None:
            path = batch.path
            self._log.bind(path, min(path, key=lambda c: c.bandwidth_bps / path.count(c)), now)
        self._log.join(batch, now)
        return finish

    def leave(self, event):
        batch = super().leave(event)
        self._log.leave(batch, event[0], not batch._route.flows)
        return batch

    def settle(self, now, events):
        self._now = now
        super().settle(now, events)

    def as_groups(self, now, events):
        return super().as_groups(now, events, WatchedGroups(events, self._log))

    def _rates(self, component):
        rates = super()._rates(component)
        for number, _, channel in rates:
            self._log.bind(self._routes[number].path, channel, self._now)
        return rates


class WatchedGroups(GroupedNetwork):
    """What a watched network goes over to."""

    def __init__(self, events, log):
        super().__init__(events, log.bind)
        self._log = log

    def join(self, batch, now):
        super().join(batch, now)
        self._log.join(batch, now)

    def leave(self, event):
        batch = super().leave(event)
        self._log.leave(batch, event[0], batch._route.idle)
        return batch

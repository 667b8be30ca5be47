"""Groups of which nearly each crosses each other's channel: their rates as one set of equations.

Where a transfer that comes or goes changes the rate of most groups, finding these one after the
other costs more than solving for all at once. With N[l][m] the crossings of channel l by the group
of m, and the unit column for a channel without a group, N x = capacity gives the rates x of the
groups, and for channels without one what they have left. A change of one group is a change of one
column, so the inverse of N is kept and changed with it.
"""

from heapq import heappop, heappush
from math import inf

import numpy as np

from simcore.engine.crowd import TOLERANCE
from simcore.engine.events import FINISH
from simcore.engine.groups import Groups
from simcore.engine.inverse import KeptInverse

# What the rates of groups may leave of a channel, or take too much of it, relative.
RESIDUAL = 1e-14
MOST_CORRECTIONS = 3

# The inverse is found anew after this many changes, and for a change that it would not bear.
MOST_CHANGES = 256

# Bottlenecks that moved are looked for one channel after the other, this often; then from scratch.
MOST_PULLS = 25

# Ends that are no further apart than this, relative to their time, are at one instant: rounding
# cannot tell them apart.
ONE_INSTANT = 2e-15


class SingularRates(ArithmeticError):
    """The bottlenecks as they are do not tell the rates, as ties may bring about."""


class Coupled(Groups):
    """Groups whose rates are found all at once.

    Parameters
    ----------
    events : the simulator's, to which the ends of transfers go
    rebound : called with the label of a route, its bottleneck and the time [s] whenever that is
        another one

    Attributes
    ----------
    rate : of each transfer of a channel's group [byte/s]; without a group, what it has left
    """

    def __init__(self, events, rebound=None):
        super().__init__(rebound)
        self._events = events
        self._now = 0.0  # when the clocks were read
        self._expected = None  # time of the next end
        self._next = None  # the transfer that ends then
        self._ending = []  # groups of which one ends then
        self._before = {}  # columns as the inverse knows them, where they are others now
        # By channel.
        self._bounds = np.zeros(1)  # rates, floors and zero, which `rate` and `_floor` are views of
        self.rate = np.zeros(0)
        self._clock = np.zeros(0)
        self._top = np.zeros(0)  # value of the clock at which the first of the group ends
        self._grouped = np.zeros(0, bool)
        self._limit = np.zeros(0)  # capacity [byte/s]
        self._floor = np.zeros(0)  # without a group, what it may have left at least; or infinite
        self._clear = 0.0  # what rates are apart when rounding cannot tell otherwise [byte/s]
        # Where a channel's group has none but slower ones on it, it stays so for as long as groups
        # stay in the order of their rates. So each rate is held to the bound at this place.
        self._below = np.zeros(0, int)
        self._floors = np.zeros(0, int)  # places of the floors
        self._ordered = False  # whether that is enough
        self._precision = np.zeros(0)  # one over what rates may leave of it or take too much
        self._spare = np.zeros(0)  # room to calculate in
        self._left = np.zeros(0)  # what rates leave of it [byte/s]
        self._wait = np.zeros(0)  # times to the next ends [s]
        # By channel twice. The crossings of each channel by a group are one row, a column of N.
        self._columns = np.zeros((0, 0))
        self._mask = np.zeros((0, 0))  # 0 where a group (row) crosses another's channel, or -inf
        self._product = np.zeros((0, 0))  # room to calculate in
        self._inverse = KeptInverse(0)

    def ends(self, number, task, now) -> bool:
        """The event of `task` has come; whether it ends at `now` [s]."""
        return self._expected == now and self._next == task

    def expects(self, number, time) -> bool:
        """Whether `time` [s] is that of the event which looks after these groups."""
        return self._expected == time

    def join(self, number, task, size, now):
        self._advance(now)
        return super().join(number, task, size, now)

    def leave(self, number, now):
        """The first transfer of a route, which is due, ends at `now` [s]."""
        self._advance(now)
        for group in self._ending:
            self._clock[group] = self._top.item(group)
        home = self.bound[number]
        target = heappop(self._ends[home])[0]
        self._end_first(number)
        if not self._own[home] or self._head(home)[0] > target:
            self._ending.remove(home)
        self._announce(now)

    def settle(self, now):
        """Bring rates and ends up to date after what came and went until `now` [s]."""
        self._advance(now)
        changed = set(self._before)
        try:
            self._solve()
            pulls = 0
            while (worst := self._overfull()) is not None:
                if pulls == MOST_PULLS:
                    raise SingularRates
                pulls += 1
                self._pull(worst, now)
                changed.update(self._before)
                self._solve()
        except SingularRates:
            self._fill(now)
            changed = range(len(self.channels))
        top, own = self._top, self._own
        for group in changed:
            top[group] = self._head(group)[0] if own[group] else inf
        self._schedule()

    def _solve(self):
        """The rates of the groups as they are; raises SingularRates if they do not tell."""
        before, columns = self._before, self._columns
        rate, inverse = self.rate, self._inverse
        if not inverse.known or inverse.changes + len(before) > MOST_CHANGES:
            self._invert()
        else:
            # What leaves goes first: two groups may not stand for one channel.
            groups = before if len(before) == 1 else sorted(before, key=self._own.__getitem__)
            for group in groups:
                change = inverse.change(group, columns[group], before[group])
                if change is None:
                    self._invert()
                    break
                rate += np.multiply(change, rate.item(group), self._spare)
        before.clear()
        limit, precision, left, scaled = self._limit, self._precision, self._left, self._spare
        for _ in range(MOST_CORRECTIONS):
            rate.dot(columns, left)
            np.subtract(limit, left, left)
            np.multiply(left, precision, scaled)
            if scaled.dot(scaled) <= 1.0:  # then so is the square of each
                return
            rate += inverse.times(left)
        left = np.abs(limit - rate @ columns)
        if not (left <= TOLERANCE * limit).all():
            raise SingularRates

    def _invert(self):
        try:
            self._inverse.find(self._columns)
        except np.linalg.LinAlgError:
            raise SingularRates from None
        self.rate[:] = self._inverse.times(self._limit)

    def _overfull(self):
        """The channel that is too full and would give its group least; None if all is fair."""
        rate, spare = self.rate, self._spare
        if self._ordered:
            self._bounds.take(self._below, out=spare, mode="clip")
            np.subtract(rate, spare, spare)
            if spare.item(spare.argmin()) >= 0.0:
                return None
            self._ordered = False
        np.add(self._mask, rate[:, None], self._product)
        np.maximum.reduce(self._product, 0, None, spare)
        np.multiply(spare, 1 - TOLERANCE, spare)
        np.minimum(spare, self._floor, out=spare)
        np.subtract(rate, spare, spare)
        least = spare.item(spare.argmin())
        if least >= 0.0:
            if least > self._clear:
                self._order()
            return None
        wrong = (spare < 0.0).nonzero()[0]
        return wrong[rate[wrong].argmin()].item()

    def _order(self):
        """Note the order of the groups, each of which is faster than all others on its channel."""
        n = len(self.rate)
        order = self.rate.argsort()
        order = order[self._floor[order] == inf]
        below = self._below
        below[:] = self._floors
        below[order[:1]] = 2 * n  # zero
        below[order[1:]] = order[:-1]
        self._ordered = True

    def _pull(self, channel, now):
        """Make a channel the bottleneck of the fastest routes that cross it, as it is too full."""
        crossings = self._columns[:, channel].tolist()
        rate = self.rate.tolist()
        others = [other for other in self._users[channel] if other != channel]
        pulled = self._pulled(channel, [(rate[other], crossings[other], other) for other in others])
        for group in pulled:
            for number in list(self._users[channel][group]):
                self._move(number, channel, now)

    def _fill(self, now):
        """Rates and bottlenecks from scratch."""
        numbers = self.busy()
        rates, bottlenecks = self._filled(numbers)
        for number, home in zip(numbers, bottlenecks, strict=True):
            if home != self.bound[number]:
                self._move(number, home, now)
        self._before.clear()
        self._inverse.known = False  # until it is asked for
        self._ordered = False
        alone = self._floor < inf
        self.rate[alone] = 0.0
        self.rate[bottlenecks] = rates
        left = self._limit - self.rate @ self._columns
        self.rate[alone] = left[alone]

    def _schedule(self):
        """When the next transfers end, as rates and transfers are now."""
        self._ending = []
        if not self.alive:
            self._expected = None
            return
        # Without a group the wait is infinite, as the top is; what it has left may be below zero.
        wait, rate = self._wait, self._spare
        np.abs(self.rate, rate)
        np.subtract(self._top, self._clock, wait)
        np.divide(wait, rate, wait)
        least = max(wait.item(wait.argmin()), 0.0)
        due = self._now + least
        self._ending = (wait <= least + ONE_INSTANT * due).nonzero()[0].tolist()
        self._announce(due)

    def _announce(self, due):
        """Expect the first of those that end at `due` [s]."""
        ending = self._ending
        if not ending:
            self._expected = None
            return
        self._expected = due
        if len(ending) == 1:
            following = self._head(ending[0])[1]
        else:
            following = min([self._head(group)[1] for group in ending])
        self._next = following
        heappush(self._events, (due, FINISH, following, self))

    def _advance(self, now):
        if now != self._now:
            self._clock += self.rate * (now - self._now)
            self._now = now

    def _likely_bottleneck(self, number, now):
        """The channel that leaves least to one more transfer; the certificate will judge."""
        best = None
        for channel, times in self._crossings[number]:
            own = self._own[channel]
            level = self.rate.item(channel)
            level = level * own / (own + times) if own else level / times
            if best is None or level < best:
                best, likely = level, channel
        return likely

    def _weigh(self, number, home, change):
        """Count `change` more transfers of a route whose bottleneck is `home`."""
        column = self._columns[home]
        if home not in self._before:
            self._before[home] = column.copy()
        for channel, times in self._crossings[number]:
            if channel == home:
                before = self._own[home]
                self._own[home] = after = before + change * times
                column[home] = after or 1
                if not before or not after:
                    self._floor[home] = inf if after else -TOLERANCE * self._capacity[home]
                    self._ordered = False
                    if not after:
                        self._ends[home].clear()
            else:
                before = column.item(channel)
                column[channel] = after = before + change * times
                if not before:
                    self._mask[home, channel] = 0.0
                    if self._ordered and self._own[channel]:
                        self._ordered = self.rate.item(home) < self.rate.item(channel)
                elif not after:
                    self._mask[home, channel] = -inf

    def _add_channels(self, channels):
        super()._add_channels(channels)
        new = len(channels)
        n = len(self.channels)
        self._limit = limit = np.array(self._capacity, float)
        self._bounds = bounds = np.concatenate(
            (self.rate, limit[n - new :], self._floor, -TOLERANCE * limit[n - new :], [0.0])
        )
        self.rate, self._floor = bounds[:n], bounds[n:-1]
        self._below, self._floors = np.zeros(n, int), np.arange(n, 2 * n)
        self._ordered = False
        self._clear = 2 * TOLERANCE * limit.max()
        self._clock, self._top = np.pad(self._clock, (0, new)), np.pad(self._top, (0, new))
        self._top[n - new :] = inf
        self._precision = 1 / (RESIDUAL * limit)
        self._spare, self._left, self._wait = np.zeros(n), np.zeros(n), np.zeros(n)
        self._columns = np.pad(self._columns, (0, new))
        self._columns[range(n - new, n), range(n - new, n)] = 1.0
        self._mask = np.pad(self._mask, (0, new), constant_values=-inf)
        self._product = np.zeros((n, n))
        self._before = {group: np.pad(before, (0, new)) for group, before in self._before.items()}
        self._inverse = KeptInverse(n)

    def _read(self, channel, now):
        """The clock of a group [byte]."""
        return self._clock.item(channel) + self.rate.item(channel) * (now - self._now)

    def _restart(self, channel, now):
        """The first transfer of a group begins: its clock starts from zero, and so stays small."""
        self._clock[channel] = 0.0

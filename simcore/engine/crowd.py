"""Transfers that queue up: rates kept per bottleneck, so that an event costs what it changes.

A transfer that comes or goes changes the rate of its group, and of the groups at channels that
this group's transfers cross, and so on. What a group sends over another's channel is slower than
that one's, so rates follow from lower rates: they are found anew from the lowest changed upward.
Bottlenecks stay where they are until the max-min certificate, looked at wherever something changed,
says otherwise: then the channel that is too full becomes the bottleneck of the fastest that cross
it. Whether that ends is not proved; where it goes on, all that contend are filled in from scratch.
"""

from heapq import heapify, heappop, heappush
from math import inf

from simcore.engine.groups import NOWHERE, Groups

# The certificate is held to this, relative: some thousand times the rounding of a sum of rates.
TOLERANCE = 1e-12

# What a channel without a group carries is summed up anew when it may be this full, relative: until
# then changes are added, and their rounding does not matter.
ALMOST = 1e-6

# Rates follow from lower rates, in one sweep but for ties. Rates that go on changing are filled in
# from scratch after this many steps for each channel.
MOST_SWEEPS = 8

# From so many steps at one settling on, those who keep groups may want to solve for all at once.
MANY_STEPS = 12

# Bottlenecks that moved are looked for one channel after the other, this often and once more for
# every four channels; then from scratch.
MOST_PULLS = 25


class Crowd(Groups):
    """Groups whose rates are found one from the other, channel by channel.

    Parameters
    ----------
    events : heap to which the ends of transfers go, as (time [s], `finish` + task)
    finish : what is added to a task in its event
    rebound : called with the label of a route, its bottleneck and the time [s] whenever that is
        another one

    Attributes
    ----------
    steps : how often the rate of a channel was looked at, where more than one was
    busiest : a channel from which many rates followed the last time that any did; None before
    """

    def __init__(self, events, finish, rebound=None):
        super().__init__(rebound)
        self.steps = 0
        self.busiest = None
        self._events = events
        self._finish = finish
        self._dirty = {}  # channels to look at when rates are settled
        self._pulls = 0  # of this settling
        # By channel.
        self.rate = []
        self._others = []  # crossings by other groups, by their channel
        self._listeners = []  # channels to look at when its rate changes
        self._clock = []
        self._since = []  # when the clock was read
        self._due = []
        self._expected = []  # time of the event that looks after it, due or earlier
        self._load = []  # what it carries, if it is looked at and without a group [byte/s]
        self._full = []  # up to what load it need not be looked at closer [byte/s]
        self._turn = []  # its rate; infinite where there is no group: those are looked at last
        # Where every route that crosses a channel does so once, no group alone can overfill it if
        # it is no narrower than the group's.
        self._plain = []

    def add(self, crossings, label=None) -> int:
        number = super().add(crossings, label)
        for channel, times in self._crossings[number]:
            if times > 1 and self._plain[channel]:
                self._plain[channel] = False
                self._listen(channel)
        return number

    def ends(self, number, task, now) -> bool:
        """The event of `task`, of route `number`, has come; whether it ends at `now` [s]."""
        home = self.bound[number]
        if home == NOWHERE or self._expected[home] != now:
            return False  # an earlier event has taken its place
        if self._due[home] != now or self._head(home)[1] != task:
            # The group became slower since: expect its next end when that is due.
            self._expected[home] = due = self._due[home]
            self._announce(due, self._head(home)[1])
            return False
        return True

    def expects(self, number, time) -> bool:
        """Whether `time` [s] is that of the event which looks after a route's group."""
        home = self.bound[number]
        return home != NOWHERE and self._expected[home] == time

    def leave(self, number, now):
        """The first transfer of a route, which is the first of its group, ends at `now` [s]."""
        home = self.bound[number]
        self._expected[home] = None
        self._clock[home] = heappop(self._ends[home])[0]
        self._since[home] = now
        self._end_first(number)
        self._dirty[home] = None
        if self._own[home]:
            target, task, _ = self._head(home)
            if target <= self._clock[home]:
                self._due[home] = self._expected[home] = now
                self._announce(now, task)

    def settle(self, now):
        """Bring rates and ends up to date after what came and went until `now` [s]."""
        changed = self._dirty
        self._dirty = {}
        self._pulls = 0
        pending = list(changed)
        steps = MOST_SWEEPS
        while len(pending) == 1 and steps:  # the commonest case, in a few steps
            steps -= 1
            following = self._look(pending[0], changed, now)
            if following is None:
                break
            pending = following
        while pending:
            unsettled = self._sweep(pending, changed, now)
            if not unsettled:
                break
            filled = self._fill(unsettled[0], changed, now)
            pending = [channel for channel in unsettled if channel not in filled]
        for channel in changed:
            if self._own[channel]:
                self._schedule(channel, now)

    def _sweep(self, pending, changed, now):
        """Find the rates of the channels of `pending`, and all that follow from them.

        Returns the channels that were still to be looked at when it went on for too long.
        """
        turn = self._turn
        queue = [(turn[channel], channel) for channel in pending]
        heapify(queue)
        queued = set(pending)
        overfull = {}
        most = MOST_SWEEPS * len(turn)
        most_pulls = MOST_PULLS + len(turn) // 4
        steps = 0
        while queue or overfull:
            if steps == most:
                break
            steps += 1
            if queue:
                channel = heappop(queue)[1]
                queued.discard(channel)
            else:
                channel = min(overfull)
            following = self._look(channel, changed, now)
            if following is not None:
                if overfull:
                    overfull.pop(channel, None)
            elif queue:
                # This channel will be looked at again if the rate of those changes.
                overfull[channel] = None
                continue
            elif self._pulls < most_pulls:
                overfull.pop(channel, None)
                self._pulls += 1
                following = self._pull(channel, changed, now)
            else:
                overfull[channel] = None
                break
            for concerned in following:
                if concerned not in queued:
                    queued.add(concerned)
                    heappush(queue, (turn[concerned], concerned))
        self.steps += steps
        if steps >= MANY_STEPS:
            self.busiest = pending[0]
        return [*overfull, *sorted(queued)]

    def _look(self, channel, changed, now):
        """Find the rate of a channel's group from the rates of the groups that cross it.

        Returns the channels to look at for it, or None if this one is too full: if it carries more
        than it can, or its group would be slower than another that crosses it.
        """
        others, own, rate = self._others, self._own, self.rate
        used = fastest = 0.0
        for other, n in others[channel].items():
            fair = rate[other]
            used += n * fair
            if fair > fastest:
                fastest = fair
        if not own[channel]:
            self._load[channel] = used
            return () if used <= self._capacity[channel] * (1 + TOLERANCE) else None
        fair = (self._capacity[channel] - used) / own[channel]
        if fair < fastest * (1 - TOLERANCE):
            return None
        gain = fair - rate[channel]
        if not gain:
            return ()
        if self._since[channel] != now:
            self._synchronise(channel, now)
        rate[channel] = self._turn[channel] = fair
        changed[channel] = None
        following = []
        for listener in self._listeners[channel]:
            if not own[listener]:
                self._load[listener] += gain * others[listener][channel]
                if self._load[listener] < self._full[listener]:
                    continue
            following.append(listener)
        return following

    def _pull(self, channel, changed, now):
        """Make a channel the bottleneck of the fastest routes that cross it, as it is too full.

        Those that are faster than its group would then be. Returns the channels concerned.
        """
        used = [(self.rate[other], n, other) for other, n in self._others[channel].items()]
        pulled = self._pulled(channel, used)
        for group in (channel, *pulled):
            self._synchronise(group, now)
        changed |= dict.fromkeys((channel, *pulled))
        for group in pulled:
            for number in list(self._users[channel][group]):
                self._move(number, channel, now)
        concerned, self._dirty = self._dirty, {}
        return concerned

    def _move(self, number, home, now):
        # The event that its group expects may be that of this route.
        self._expected[self.bound[number]] = None
        super()._move(number, home, now)

    def _fill(self, channel, changed, now):
        """Rates and bottlenecks from scratch for all that contend with those on `channel`.

        Returns the channels concerned.
        """
        channels, numbers = self.reached(channel)
        rates, bottlenecks = self._filled(numbers)
        for group in channels:
            if self._own[group]:
                self._synchronise(group, now)
                changed[group] = None
        for number, home in zip(numbers, bottlenecks, strict=True):
            if home != self.bound[number]:
                self._move(number, home, now)
            changed[home] = None
        for fair, home in zip(rates, bottlenecks, strict=True):
            self.rate[home] = self._turn[home] = fair
        for channel in channels:
            if not self._own[channel]:
                others = self._others[channel]
                self._load[channel] = sum(n * self.rate[other] for other, n in others.items())
        self._dirty.clear()  # all that contend are as they should be
        return channels

    def _likely_bottleneck(self, number, now):
        """The channel that leaves least to one more transfer; the certificate will judge."""
        best = None
        for channel, times in self._crossings[number]:
            used = 0.0
            for other, n in self._others[channel].items():
                used += n * self.rate[other]
            level = (self._capacity[channel] - used) / (self._own[channel] + times)
            if best is None or level < best:
                best, likely = level, channel
        return likely

    def _weigh(self, number, home, change):
        """Count `change` more transfers of a route whose bottleneck is `home`."""
        dirty = self._dirty
        dirty[home] = None
        listeners = self._listeners[home]
        for channel, times in self._crossings[number]:
            if channel == home:
                before = self._own[channel]
                self._own[channel] = after = before + change * times
                if not after:
                    self._close(channel)
            else:
                others = self._others[channel]
                before = others.get(home, 0)
                after = before + change * times
                if after:
                    others[home] = after
                else:
                    del others[home]
                    if channel in listeners:
                        del listeners[channel]
                        dirty[channel] = None
            if not before or not after:
                self._listen(channel)
            if channel in listeners:
                dirty[channel] = None

    def _close(self, channel):
        """No transfer is bottlenecked here any more."""
        self.rate[channel] = 0.0
        self._turn[channel] = inf
        self._ends[channel].clear()
        self._expected[channel] = None

    def _listen(self, channel):
        """Have the channel looked at when a group that crosses it changes its rate, if need be."""
        others = self._others[channel]
        needed = self._own[channel] > 0 or len(others) > 1
        for other in others:
            if (
                needed
                or not self._plain[channel]
                or self._capacity[channel] < self._capacity[other]
            ):
                self._listeners[other][channel] = None
            else:
                self._listeners[other].pop(channel, None)

    def _add_channels(self, channels):
        super()._add_channels(channels)
        for channel in channels:
            self.rate.append(0.0)
            self._others.append({})
            self._listeners.append({})
            self._clock.append(0.0)
            self._since.append(0.0)
            self._due.append(None)
            self._expected.append(None)
            self._load.append(0.0)
            self._full.append(channel.bandwidth_bps * (1 - ALMOST))
            self._turn.append(inf)
            self._plain.append(True)

    def _read(self, channel, now):
        """The clock of a group [byte]."""
        return self._clock[channel] + self.rate[channel] * (now - self._since[channel])

    def _synchronise(self, channel, now):
        self._clock[channel] += self.rate[channel] * (now - self._since[channel])
        self._since[channel] = now

    def _restart(self, channel, now):
        """The first transfer of a group begins: its clock starts from zero, and so stays small."""
        self._clock[channel] = 0.0
        self._since[channel] = now

    def _schedule(self, channel, now):
        """When the next transfer of a group ends, as its rate and its transfers are now."""
        if self._since[channel] != now:
            self._synchronise(channel, now)
        target, task, _ = self._head(channel)
        left = target - self._clock[channel]
        self._due[channel] = due = now + left / self.rate[channel] if left > 0.0 else now
        expected = self._expected[channel]
        if expected is None or due < expected:
            self._expected[channel] = due
            self._announce(due, task)

    def _announce(self, due, task):
        heappush(self._events, (due, self._finish + task))

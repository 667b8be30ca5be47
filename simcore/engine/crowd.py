"""Transfers that queue up: rates kept per bottleneck, so that an event costs what it changes.

Every route has a bottleneck, and the transfers that are bottlenecked at one channel, its group,
share one rate and one clock of the bytes served to each of them. A transfer that comes or goes
changes the rate of its group, and of the groups at channels that this group's transfers cross.
Bottlenecks stay where they are until the max-min certificate, looked at wherever something changed,
says otherwise: then the channel that is too full becomes the bottleneck of the fastest that cross
it. Whether that ends is not proved; where it goes on, all that contend are filled in from scratch.
"""

from heapq import heappop, heappush

from simcore.engine.fairness import allocate
from simcore.engine.reduction import binding_channels

NOWHERE = -1

# The certificate is held to this, relative: some thousand times the rounding of a sum of rates.
TOLERANCE = 1e-12

# Rates follow from lower rates, in one sweep but for ties. Rates that go on changing are filled in
# from scratch after this many steps for each channel.
MOST_SWEEPS = 8

# Bottlenecks that moved are looked for one channel after the other, this often; then from scratch.
MOST_PULLS = 12


class Crowd:
    """The transfers that are moving payload, in groups by bottleneck.

    Channels and routes are numbers here; lists are by the one or the other.

    Parameters
    ----------
    routes : the number of the route of each task
    paths : the channels of each route
    events : heap to which the ends of transfers go, as (time [s], `finish` + task)
    finish : what is added to a task in its event

    Attributes
    ----------
    bound : of each route its bottleneck; NOWHERE while it is idle
    rate : of each transfer of a channel's group [byte/s]
    """

    def __init__(self, routes, paths, events, finish):
        used = sorted({number for number in routes if number >= 0})
        crossings = dict(zip(used, binding_channels([paths[n] for n in used]), strict=True))
        channels = list(dict.fromkeys(c for crossed in crossings.values() for c in crossed))
        numbers = {channel: place for place, channel in enumerate(channels)}
        self._route_of = routes
        self._events = events
        self._finish = finish
        # By route.
        n = len(paths)
        self.bound = [NOWHERE] * n
        self._crossings = [()] * n
        for number, crossed in crossings.items():
            self._crossings[number] = tuple((numbers[c], times) for c, times in crossed.items())
        self._count = [0] * n
        self._first = [NOWHERE] * n  # the transfer that ends first
        self._target = [0.0] * n  # value of the group's clock at which it ends
        self._behind = [[] for _ in range(n)]  # heap of (target - shift, transfer) of the others
        self._shift = [0.0] * n
        # By channel.
        n = len(channels)
        self.rate = [0.0] * n
        self._capacity = [channel.bandwidth_bps for channel in channels]
        self._own = [0] * n  # crossings by its group
        self._others = [{} for _ in range(n)]  # crossings by other groups, by their channel
        self._listeners = [{} for _ in range(n)]  # channels to look at when its rate changes
        self._busy = [{} for _ in range(n)]  # routes that cross it and are busy
        self._clock = [0.0] * n
        self._since = [0.0] * n  # when the clock was read
        self._ends = [[] for _ in range(n)]  # heap of (target, transfer), the first of each route
        self._due = [None] * n
        self._expected = [None] * n  # time of the event that looks after it, due or earlier
        self._most_steps = MOST_SWEEPS * n
        # Where every route that crosses a channel does so once, no group alone can overfill it if
        # it is no narrower than the group's.
        self._plain = [True] * n
        for crossed in self._crossings:
            for channel, times in crossed:
                self._plain[channel] &= times == 1

    def join(self, number, task, size, now):
        """A transfer of `size` [byte] begins to move over a route at `now` [s]."""
        home = self.bound[number]
        new = home == NOWHERE
        if new:
            home = self._likely_bottleneck(number)
            self.bound[number] = home
            self._shift[number] = 0.0
            for channel, times in self._crossings[number]:
                self._busy[channel][number] = times
        if self._own[home]:
            clock = self._read(home, now)
        else:
            clock = self._clock[home] = 0.0
            self._since[home] = now
        target = clock + size
        if new:
            self._lead(number, target, task)
        elif target < self._target[number]:
            first, first_target = self._first[number], self._target[number]
            heappush(self._behind[number], (first_target - self._shift[number], first))
            self._lead(number, target, task)
        else:
            heappush(self._behind[number], (target - self._shift[number], task))
        self._count[number] += 1
        self._weigh(number, home, 1)
        self._settle(home, (), now)

    def leave(self, task, now):
        """The event of `task` has come; whether it ends at `now` [s]."""
        number = self._route_of[task]
        home = self.bound[number]
        if home == NOWHERE or self._expected[home] != now:
            return False  # an earlier event has taken its place
        if self._due[home] != now or self._head(home)[1] != task:
            # The group became slower since: expect its next end when that is due.
            self._expected[home] = None
            self._expect(home)
            return False
        self._expected[home] = None
        self._clock[home], _ = heappop(self._ends[home])
        self._since[home] = now
        self._count[number] -= 1
        behind = self._behind[number]
        if behind:
            target, following = heappop(behind)
            self._lead(number, target + self._shift[number], following)
            self._weigh(number, home, -1)
            self._settle(home, (), now)
        else:
            self._weigh(number, home, -1)
            self.bound[number] = self._first[number] = NOWHERE
            crossed = []
            for channel, _ in self._crossings[number]:
                del self._busy[channel][number]
                if channel != home:
                    crossed.append(channel)
            self._settle(home, crossed, now)
        return True

    def _lead(self, number, target, task):
        """`task` is the first of its route to end."""
        self._first[number] = task
        self._target[number] = target
        heappush(self._ends[self.bound[number]], (target, task))

    def _likely_bottleneck(self, number):
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
                    self._listeners[home].pop(channel, None)
            if not before or not after:
                self._listen(channel)

    def _close(self, channel):
        """No transfer is bottlenecked here any more."""
        self.rate[channel] = 0.0
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

    def _settle(self, home, crossed, now):
        """Find the rates anew after a change at `home` and the channels of `crossed`."""
        own, others, rate, capacity = self._own, self._others, self.rate, self._capacity
        pending = [home, *crossed]
        changed = [home]
        steps = pulls = 0
        while steps < len(pending):
            channel = pending[steps]
            steps += 1
            used = fastest = 0.0
            for other, n in others[channel].items():
                fair = rate[other]
                used += n * fair
                if fair > fastest:
                    fastest = fair
            n = own[channel]
            if n:
                fair = (capacity[channel] - used) / n
                fine = fair >= fastest * (1 - TOLERANCE)
                if fine and fair != rate[channel]:
                    self._clock[channel] = self._read(channel, now)
                    self._since[channel] = now
                    rate[channel] = fair
                    changed.append(channel)
                    pending += self._listeners[channel]
            else:
                fine = used <= capacity[channel] * (1 + TOLERANCE)
            if not fine and pulls < MOST_PULLS:
                pulls += 1
                touched = self._pull(channel, now)
                changed += touched
                pending += touched
            elif not fine or steps > self._most_steps:
                filled, groups = self._fill(channel, now)
                changed += groups
                pending = [later for later in pending[steps:] if later not in filled]
                steps = 0
        for channel in changed:
            if own[channel]:
                self._schedule(channel, now)

    def _pull(self, channel, now):
        """Make a channel the bottleneck of the fastest routes that cross it, as it is too full.

        Those that are faster than its group would then be. Returns the channels concerned, in the
        order in which to look at them.
        """
        others = self._others[channel]
        left = self._capacity[channel]
        for other, n in others.items():
            left -= n * self.rate[other]
        own = self._own[channel]
        pulled = []
        for other in sorted(others, key=self.rate.__getitem__, reverse=True):
            if own and self.rate[other] * own <= left:
                break
            left += others[other] * self.rate[other]
            own += others[other]
            pulled.append(other)
        for group in (channel, *pulled):
            self._clock[group] = self._read(group, now)
            self._since[group] = now
        touched = {channel: None}
        touched |= dict.fromkeys(pulled)
        for number in self._busy[channel]:
            if self.bound[number] in pulled:
                self._move(number, channel, now)
                touched |= dict.fromkeys(crossed for crossed, _ in self._crossings[number])
        return list(touched)

    def _fill(self, channel, now):
        """Rates and bottlenecks from scratch for all that contend with those on `channel`.

        Returns the channels concerned, and those of them at which a group is or was.
        """
        channels = {channel: None}
        routes = {}
        for reached in (waiting := [channel]):
            for number in self._busy[reached]:
                if number not in routes:
                    routes[number] = None
                    for crossed, _ in self._crossings[number]:
                        if crossed not in channels:
                            channels[crossed] = None
                            waiting.append(crossed)
        numbers = sorted(routes)
        paths = [[c for c, times in self._crossings[i] for _ in range(times)] for i in numbers]
        counts = [self._count[i] for i in numbers]
        rates, bottlenecks = allocate(paths, counts, self._capacity)
        groups = [c for c in channels if self._own[c]]
        for group in groups:
            self._clock[group] = self._read(group, now)
            self._since[group] = now
        for number, home in zip(numbers, bottlenecks, strict=True):
            if home != self.bound[number]:
                self._move(number, home, now)
        for fair, home in zip(rates, bottlenecks, strict=True):
            self.rate[home] = fair
        return channels, list(dict.fromkeys([*groups, *bottlenecks]))

    def _move(self, number, home, now):
        """The bottleneck of a route is another one, `home`, from `now` [s] on."""
        before = self.bound[number]
        if not self._own[home]:
            self._clock[home] = 0.0
            self._since[home] = now
        shift = self._clock[home] - self._clock[before]
        count = self._count[number]
        self._weigh(number, before, -count)
        self._weigh(number, home, count)
        self.bound[number] = home
        self._shift[number] += shift
        # The event may have been that of this route.
        self._expected[before] = None
        self._lead(number, self._target[number] + shift, self._first[number])

    def _read(self, channel, now):
        """The clock of a group [byte]."""
        return self._clock[channel] + self.rate[channel] * (now - self._since[channel])

    def _schedule(self, channel, now):
        """When the next transfer of a group ends, as its rate and its transfers are now."""
        clock = self._clock[channel] = self._read(channel, now)
        self._since[channel] = now
        left = self._head(channel)[0] - clock
        self._due[channel] = now + left / self.rate[channel] if left > 0.0 else now
        expected = self._expected[channel]
        if expected is None or self._due[channel] < expected:
            self._expect(channel)

    def _expect(self, channel):
        self._expected[channel] = due = self._due[channel]
        heappush(self._events, (due, self._finish + self._head(channel)[1]))

    def _head(self, channel):
        """(target, transfer) of the first of a group to end."""
        ends = self._ends[channel]
        while True:
            target, task = ends[0]
            number = self._route_of[task]
            if (
                self._first[number] == task
                and self.bound[number] == channel
                and self._target[number] == target
            ):
                return ends[0]
            heappop(ends)  # out of date

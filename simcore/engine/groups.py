"""Transfers in groups by bottleneck: what is kept of them, however their rates are found.

Every route has a bottleneck, and the transfers that are bottlenecked at one channel, its group,
share one rate and one clock of the bytes served to each of them. So what is kept, and the work of
an event, depends on the number of channels and not on how many transfers are alive. A route that
gets another bottleneck takes its transfers along: their ends are on its own clock, which differs
from that of its group by a shift.
"""

from heapq import heappop, heappush

from simcore.engine.fairness import allocate, certificate_violation
from simcore.errors import SimulationError

NOWHERE = -1


class Groups:
    """The transfers that are moving payload, in groups by bottleneck.

    Channels and routes are numbers here; lists are by the one or the other. Those that derive from
    this keep the rates and clocks: `_weigh`, `_read`, `_restart`, `_synchronise`.

    Parameters
    ----------
    rebound : called with the label of a route, its bottleneck and the time [s] whenever that is
        another one

    Attributes
    ----------
    labels : of each route, what its owner calls it
    channels : the CommChannel of each number
    bound : of each route its bottleneck; NOWHERE while it is idle
    rate : of each transfer of a channel's group [byte/s]
    alive : number of transfers
    fills : how often rates were found from scratch
    """

    def __init__(self, rebound=None):
        self._rebound = rebound
        self.alive = self.fills = 0
        # By route.
        self.labels = []
        self.bound = []
        self._crossings = []  # (channel, how often it is crossed) of each on its path
        self._count = []
        self._first = []  # the transfer that ends first
        self._target = []  # value of the group's clock at which it ends
        self._behind = []  # heap of (target - shift, transfer) of the others
        self._shift = []
        self._free = []  # numbers of routes that were forgotten
        # By channel.
        self.channels = []
        self._numbers = {}
        self._capacity = []
        self._own = []  # crossings by its group
        self._users = []  # busy routes that cross it, by their bottleneck, and how often
        self._ends = []  # heap of (target, transfer, route), the first of each route

    def add(self, crossings, label=None) -> int:
        """The number of a new route; `crossings` says how often it crosses each channel."""
        self.admit(crossings)
        numbers = self._numbers
        crossed = [(numbers[channel], times) for channel, times in crossings.items()]
        if self._free:
            number = self._free.pop()
            self.labels[number] = label
            self._crossings[number] = crossed
            return number
        self.labels.append(label)
        self.bound.append(NOWHERE)
        self._crossings.append(crossed)
        self._count.append(0)
        self._first.append(NOWHERE)
        self._target.append(0.0)
        self._behind.append([])
        self._shift.append(0.0)
        return len(self.bound) - 1

    def admit(self, channels):
        """Give numbers to those of `channels` that have none."""
        new = [channel for channel in channels if channel not in self._numbers]
        if new:
            self._add_channels(new)

    def forget(self, number):
        """An idle route will not be used again; its number may be given to another."""
        self.labels[number] = None
        self._free.append(number)

    def join(self, number, task, size, now):
        """A transfer of `size` [byte] begins to move over a route at `now` [s].

        Returns the value of the route's clock at which it ends [byte].
        """
        home = self.bound[number]
        new = home == NOWHERE
        if new:
            home = self._likely_bottleneck(number, now)
            self._place(number, home, now)
            self._shift[number] = 0.0
        clock = self._read(home, now)
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
        self.alive += 1
        self._weigh(number, home, 1)
        return target - self._shift[number]

    def served(self, number, now) -> float:
        """The clock of a route [byte]."""
        return self._read(self.bound[number], now) - self._shift[number]

    def busy(self):
        """The routes that are not idle, rising."""
        return [number for number, home in enumerate(self.bound) if home != NOWHERE]

    def number_of(self, channel):
        """The number of a channel; None if no route crosses it."""
        return self._numbers.get(channel)

    def reached(self, channel):
        """All channels that contend with `channel`, and the busy routes on them."""
        channels = {channel: None}
        routes = {}
        for reached in (waiting := [channel]):
            for users in self._users[reached].values():
                for number in users:
                    if number not in routes:
                        routes[number] = None
                        for crossed, _ in self._crossings[number]:
                            if crossed not in channels:
                                channels[crossed] = None
                                waiting.append(crossed)
        return channels, sorted(routes)

    def take_out(self, number, now):
        """Remove all transfers of a route; returns (byte left, task) of each."""
        home = self.bound[number]
        clock = self._read(home, now)
        shift = self._shift[number]
        waiting = [(self._target[number], self._first[number])]
        waiting += [(target + shift, task) for target, task in sorted(self._behind[number])]
        self._behind[number].clear()
        self._weigh(number, home, -self._count[number])
        self.alive -= self._count[number]
        self._count[number] = 0
        self._displace(number)
        return [(max(target - clock, 0.0), task) for target, task in waiting]

    def _end_first(self, number):
        """The first transfer of a route has ended; the next of the route takes its place."""
        home = self.bound[number]
        self._count[number] -= 1
        self.alive -= 1
        if behind := self._behind[number]:
            target, following = heappop(behind)
            self._lead(number, target + self._shift[number], following)
            self._weigh(number, home, -1)
        else:
            self._weigh(number, home, -1)
            self._displace(number)

    def _add_channels(self, channels):
        for channel in channels:
            self._numbers[channel] = len(self.channels)
            self.channels.append(channel)
            self._capacity.append(channel.bandwidth_bps)
            self._own.append(0)
            self._users.append({})
            self._ends.append([])

    def _lead(self, number, target, task):
        """`task` is the first of its route to end."""
        self._first[number] = task
        self._target[number] = target
        heappush(self._ends[self.bound[number]], (target, task, number))

    def _place(self, number, home, now):
        """The bottleneck of a route is `home`."""
        self.bound[number] = home
        users = self._users
        for channel, times in self._crossings[number]:
            groups = users[channel]
            if home in groups:
                groups[home][number] = times
            else:
                groups[home] = {number: times}
        if not self._own[home]:
            self._restart(home, now)
        if self._rebound is not None:
            self._rebound(self.labels[number], self.channels[home], now)

    def _displace(self, number):
        home = self.bound[number]
        users = self._users
        for channel, _ in self._crossings[number]:
            groups = users[channel]
            routes = groups[home]
            del routes[number]
            if not routes:
                del groups[home]
        self.bound[number] = self._first[number] = NOWHERE

    def _move(self, number, home, now):
        """The bottleneck of a route is another one, `home`, from `now` [s] on."""
        before = self.bound[number]
        first, count = self._first[number], self._count[number]
        clock = self._read(before, now)
        self._weigh(number, before, -count)
        self._displace(number)
        self._place(number, home, now)
        shift = self._read(home, now) - clock
        self._weigh(number, home, count)
        self._shift[number] += shift
        self._lead(number, self._target[number] + shift, first)

    def _pulled(self, channel, used):
        """Whose groups a channel that is too full takes in: the fastest, until it is not.

        Parameters
        ----------
        used : what each group with another bottleneck sends over it, as (rate, crossings, group)
        """
        left = self._capacity[channel]
        for rate, n, _ in used:
            left -= n * rate
        own = self._own[channel]
        pulled = []
        for rate, n, other in sorted(used, key=_fastest_first):
            if own and rate * own <= left:
                break
            left += n * rate
            own += n
            pulled.append(other)
        return pulled

    def _filled(self, numbers):
        """Rates and bottlenecks of these routes by water-filling, by route.

        Raises SimulationError if not even those are max-min fair.
        """
        self.fills += 1
        paths = [[c for c, times in self._crossings[i] for _ in range(times)] for i in numbers]
        counts = [self._count[i] for i in numbers]
        rates, bottlenecks = allocate(paths, counts, self._capacity)
        violation = certificate_violation(paths, counts, self._capacity, rates)
        if violation is not None:
            raise SimulationError(
                f"the rates of {sum(counts):,} transfers are not max-min fair: {violation}; "
                "bring the bandwidths of the channels closer to each other"
            )
        return rates, bottlenecks

    def _head(self, channel):
        """(target, transfer, route) of the first of a group to end."""
        ends = self._ends[channel]
        while True:
            head = ends[0]
            target, task, number = head
            if (
                self._first[number] == task
                and self.bound[number] == channel
                and self._target[number] == target
            ):
                return head
            heappop(ends)  # out of date


def _fastest_first(used):
    return -used[0], used[2]

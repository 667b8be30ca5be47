"""A network of many transfers: their rates are kept in groups by bottleneck."""

from heapq import heapify, heappush

from simcore.engine.coupled import Coupled
from simcore.engine.crowd import Crowd
from simcore.engine.events import FINISH
from simcore.engine.groups import NOWHERE, Groups
from simcore.engine.work import check_path

# Idle paths are forgotten when there are more paths than this, and more than twice the busy ones.
MOST_IDLE_PATHS = 512

# After every so many settlings it is looked whether rates were found in more steps each than
# solving for all at once is worth: so many, and one more for so many entries of the equations.
SETTLINGS_BETWEEN_LOOKS = 64
FEWEST_STEPS = 11
ENTRIES_A_STEP = 700

# And there are to be this many busy paths for each channel. Rates are found one after the other
# again where there are fewer transfers than this for each.
PATHS_A_CHANNEL = 6.0
FEWEST_ALIVE = 3.0

# The most channels for which all is solved at once: with more entries, products go to several
# threads, which costs more than it gains, and one step after the other is as fast. Where more
# channels contend, it is looked again after so many settlings.
MOST_COUPLED = 95
SETTLINGS_IF_TOO_LARGE = 1024


class Passage:
    """The transfers that are moving over one path.

    Attributes
    ----------
    path : the channels it crosses
    latency : sum of theirs [s]
    groups, number : what keeps its transfers, and its number there; None before the first
    """

    __slots__ = ("groups", "latency", "number", "path")

    def __init__(self, path):
        self.path = path
        self.latency = sum(channel.latency_s for channel in path)
        self.groups = self.number = None

    @property
    def idle(self) -> bool:
        return self.groups is None or self.groups.bound[self.number] == NOWHERE

    @property
    def rate(self) -> float:
        """Of each of its transfers [byte/s]."""
        return self.groups.rate[self.groups.bound[self.number]]

    def served(self, now) -> float:
        """Bytes each transfer has been served on this path's clock at time `now` [byte]."""
        return self.groups.served(self.number, now)


class SparseGroups(Crowd):
    """Groups whose ends are events of the simulator."""

    def _announce(self, due, task):
        heappush(self._events, (due, FINISH, task, self))


class GroupedNetwork:
    """The paths in use, and the max-min fair rates of the transfers over them.

    Parameters
    ----------
    events : the simulator's, to which the ends of transfers go
    rebound : called with a path, its new bottleneck and the time [s] whenever that is another one

    Attributes
    ----------
    touched : the groups whose transfers changed since rates were last settled
    """

    swamped = False

    def __init__(self, events, rebound=None):
        self._events = events
        self._rebound = rebound and (
            lambda passage, channel, now: rebound(passage.path, channel, now)
        )
        self._passages = {}
        self._batches = {}  # those that move, by their order of adding
        self._room = MOST_IDLE_PATHS
        self._sparse = SparseGroups(events, None, self._rebound)
        self._coupled = {}  # channel -> the coupled groups that have it
        self._settlings = self._steps = 0
        self._patience = SETTLINGS_BETWEEN_LOOKS  # settlings until the next look
        self.touched = {}

    def latency(self, path) -> float:
        """Time that a transfer over `path` is in flight before its payload moves [s]."""
        return self._passage(path).latency

    def join(self, batch, now):
        """`batch` begins to move its payload; settling tells when it ends."""
        self.resume(batch, batch.total_size, now)

    def resume(self, batch, size, now):
        """`size` [byte] of `batch` are still to move, from `now` [s] on."""
        passage = self._passage(batch.path)
        groups = passage.groups
        if passage.idle:
            fitting = self._groups_for(passage.path, now)
            if fitting is not groups:
                if groups is not None:
                    groups.forget(passage.number)
                self._keep(passage, fitting)
                groups = fitting
        self._batches[batch._seq] = batch
        batch._route = passage
        batch._target = groups.join(passage.number, batch._seq, size, now)
        self.touched[groups] = None

    def ends(self, event) -> bool:
        """Whether a transfer ends at this event, or the event is out of date."""
        now, _, seq, groups = event
        batch = self._batches.get(seq)
        if batch is None or batch._route.groups is not groups:
            return False
        return groups.ends(batch._route.number, seq, now)

    def outdated(self, event) -> bool:
        """Whether this is the end of a transfer as it was expected once."""
        now, _, seq, groups = event
        if not isinstance(groups, Groups):
            return False
        batch = self._batches.get(seq)
        return (
            batch is None
            or batch._route.groups is not groups
            or not groups.expects(batch._route.number, now)
        )

    def leave(self, event):
        """The transfer of an event that `ends` has ended; returns it."""
        now, _, seq, groups = event
        batch = self._batches.pop(seq)
        groups.leave(batch._route.number, now)
        self.touched[groups] = None
        return batch

    def settle(self, now, events):
        """Bring rates up to date at `now` [s]; new ends go to the simulator's events."""
        self._settle_touched(now)
        self._settlings += 1
        if self._settlings >= self._patience:
            self._couple(now)
            self._uncouple(now)
            self._settle_touched(now)

    def _settle_touched(self, now):
        for groups in self.touched:
            groups.settle(now)
        self.touched.clear()

    def _passage(self, path) -> Passage:
        passage = self._passages.get(path)
        if passage is None:
            check_path(path)
            if len(self._passages) >= self._room:
                self._forget_idle_paths()
            passage = self._passages[path] = Passage(path)
        return passage

    def _keep(self, passage, groups):
        crossings = {}
        for channel in passage.path:
            crossings[channel] = crossings.get(channel, 0) + 1
            if groups is not self._sparse:
                self._coupled[channel] = groups
        passage.groups = groups
        passage.number = groups.add(crossings, passage)

    def _couple(self, now):
        """Solve at once for groups whose rates were found in many steps each."""
        sparse = self._sparse
        steps = (sparse.steps - self._steps) / self._settlings
        self._settlings, self._steps = 0, sparse.steps
        self._patience = SETTLINGS_BETWEEN_LOOKS
        if steps <= FEWEST_STEPS or sparse.busiest is None:
            return
        channels, routes = sparse.reached(sparse.busiest)
        if len(channels) > MOST_COUPLED:
            self._patience = SETTLINGS_IF_TOO_LARGE
        elif (
            len(routes) > len(channels) * PATHS_A_CHANNEL
            and steps > FEWEST_STEPS + len(channels) ** 2 / ENTRIES_A_STEP
        ):
            coupled = Coupled(self._events, self._rebound)
            coupled.admit([sparse.channels[number] for number in channels])
            self._hand_over(sparse, coupled, sparse.busiest, now)

    def _uncouple(self, now):
        """Solve no more at once for what few transfers are left in."""
        for coupled in dict.fromkeys(self._coupled.values()):
            if coupled.alive < len(coupled.channels) * FEWEST_ALIVE:
                self._hand_over(coupled, self._sparse, None, now)

    def _groups_for(self, path, now):
        """The groups that are to keep the transfers of a path; those that it joins are made one."""
        if not self._coupled:
            return self._sparse
        # Of each channel; None where no transfer is in coupled groups.
        keepers = dict.fromkeys(map(self._coupled.get, path))
        if len(keepers) == 1:  # the commonest
            return next(iter(keepers)) or self._sparse
        joined = [groups for groups in keepers if groups is not None]
        into, *rest = joined
        for coupled in rest:
            self._hand_over(coupled, into, None, now)
        for channel in path:
            if (
                channel not in self._coupled
                and (number := self._sparse.number_of(channel)) is not None
            ):
                self._hand_over(self._sparse, into, number, now)
        if len({*into.channels, *path}) > MOST_COUPLED:
            self._hand_over(into, self._sparse, None, now)
            into = self._sparse
        return into

    def _hand_over(self, giver, taker, channel, now):
        """Give the busy routes that contend on a channel, or all of them, to other groups."""
        if channel is None:
            numbers = giver.busy()
            for crossed in giver.channels:
                self._coupled.pop(crossed, None)
        else:
            numbers = giver.reached(channel)[1]
        for number in numbers:
            passage = giver.labels[number]
            flows = giver.take_out(number, now)
            giver.forget(number)
            self._keep(passage, taker)
            for left, seq in flows:
                self._batches[seq]._target = taker.join(passage.number, seq, left, now)
        self._events[:] = [event for event in self._events if not self.outdated(event)]
        heapify(self._events)
        self.touched[giver] = self.touched[taker] = None

    def _forget_idle_paths(self):
        for path, passage in list(self._passages.items()):
            if passage.idle:
                if passage.groups is not None:
                    passage.groups.forget(passage.number)
                del self._passages[path]
        self._room = max(MOST_IDLE_PATHS, 2 * len(self._passages))

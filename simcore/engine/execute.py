"""Run a task graph: the simulator's contract without callbacks, and so without their cost.

One loop over integers. It gives what CommNetworkSimulator gives for the same tasks; a test holds
the two against each other.
"""

from dataclasses import dataclass
from heapq import heappop, heappush
from time import thread_time

from simcore.engine.crowd import Crowd
from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.engine.reduction import binding_channels
from simcore.engine.routes import members
from simcore.errors import LimitReached, SimulationError

# An event is its time and a number: the kind, then the task. At one instant transfers end before
# jobs, and each in the order of their numbers.
TASK_BITS = 27
FINISH = 1 << TASK_BITS
COMPUTE_OVER = 2 << TASK_BITS
STOP = 3 << TASK_BITS
TASK = FINISH - 1

MOST_REMEMBERED_STEPS = 1 << 12

# With more transfers than this behind others on their routes, the same state hardly comes back; nor
# does it where a run has needed so many rates that it had not seen before. Rates are then kept as
# `Crowd` does. What is remembered of other runs must not decide this.
MOST_QUEUED = 16
MOST_NEW_RATES = 1 << 14

EVENTS_BETWEEN_LOOKS = 1024  # at the clock: some milliseconds


@dataclass(frozen=True)
class Halted:
    """A run that was stopped on its way.

    Attributes
    ----------
    at_s : when [s]
    start, end : of each task [s]; None if it has not started or ended
    waits_for : of each task, how many it still waits for
    under_way : of the tasks in between: the latency [s], and the payload [byte] or the time [s],
        that are left
    """

    at_s: float
    start: list[float | None]
    end: list[float | None]
    waits_for: list[int]
    under_way: dict[int, tuple[float, float]]


def execute(
    graph: TaskGraph, *, time_limit_s: float | None = None
) -> tuple[list[float], list[float]]:
    """When each task starts and ends [s].

    Parameters
    ----------
    time_limit_s : processor time that this may take [s]; None for no limit

    Raises SimulationError if tasks wait for each other in a circle, and LimitReached if it takes
    longer than it may.
    """
    halted = execute_until(graph, time_limit_s=time_limit_s)
    return halted.start, halted.end


def execute_until(
    graph: TaskGraph,
    until_s: float | None = None,
    *,
    since: Halted | None = None,
    time_limit_s: float | None = None,
) -> Halted:
    """Run a graph to a moment, or to its end, from a moment on, or from the beginning.

    Parameters
    ----------
    until_s : what ends at this moment has ended, what starts then has started [s]; None for the end
    since : where an earlier run of this graph was stopped. Routes, amounts and latencies of what
        had not ended by then may be others than they were.
    time_limit_s : processor time that this may take [s]; None for no limit

    Raises as `execute` does.
    """
    deadline = None if time_limit_s is None else thread_time() + time_limit_s
    amount, route, successors = graph.amount, graph.route, graph.successors
    latency = graph.latency_s
    table = graph.routes
    alone = table.alone
    bits = [1 << number for number in range(len(table))]
    near = [table.near(number) for number in range(len(table))]
    moving = _Moving(table)
    first, behind, service = moving.first, moving.behind, moving.service
    due, expected = moving.due, moving.expected
    crowd = None
    busy = 0
    events: list = []
    if since is None:
        now = 0.0
        waits_for = list(graph.waits_for)
        start: list = [None] * len(amount)
        end: list = [None] * len(amount)
        release = graph.release
        for task, missing in enumerate(waits_for):
            if not missing:
                start[task] = at = release.get(task, 0.0) if release else 0.0
                heappush(events, _next_event(task, route, at, latency[task], amount[task]))
    else:
        now = since.at_s
        waits_for, start, end = list(since.waits_for), list(since.start), list(since.end)
        amount = list(amount)
        for task, (flying, left) in since.under_way.items():
            amount[task] = left
            heappush(events, _next_event(task, route, now, flying, left))
    if until_s is not None:
        heappush(events, (until_s, STOP))
    while events:
        if deadline is not None and thread_time() >= deadline:
            raise LimitReached(
                f"{time_limit_s:g} s of work brought the run to t = {now:.6g} s, with "
                f"{end.count(None):,} of {len(end):,} tasks left"
            )
        for _ in range(EVENTS_BETWEEN_LOOKS):
            if not events:
                break
            now, code = heappop(events)
            task = code & TASK
            if code < COMPUTE_OVER:
                number = route[task]
                if code < FINISH:  # its latency is over
                    if crowd:
                        crowd.join(number, task, amount[task], now)
                        crowd.settle(now)
                    elif near[number] & busy:
                        moving.join(number, bits[number], task, amount[task], now, busy)
                        busy |= bits[number]
                        if moving.swamped:
                            crowd = moving.as_crowd(graph, busy, now, events)
                        else:
                            moving.settle(busy, bits[number], now, events)
                    else:
                        # Nobody to share with: the commonest case, in a few steps.
                        busy |= bits[number]
                        first[number] = task
                        size = amount[task]
                        fair = alone[number]
                        service[number] = 0.0, now, fair, size
                        due[number] = expected[number] = when = now + size / fair
                        heappush(events, (when, code + FINISH))
                    continue
                if crowd:
                    if not crowd.ends(number, task, now):
                        continue
                    crowd.leave(number, now)
                    crowd.settle(now)
                else:
                    if expected[number] != now:
                        continue  # an earlier event has taken its place
                    if due[number] != now or first[number] != task:
                        # Its route became slower since: expect its end when that is due.
                        expected[number] = when = due[number]
                        heappush(events, (when, FINISH + first[number]))
                        continue
                    if behind[number]:
                        moving.next_in_line(number, bits[number])
                    else:
                        busy ^= bits[number]
                        expected[number] = None
                    contended = near[number] & busy
                    if contended:
                        moving.settle(busy, contended, now, events)
            elif code >= STOP:
                left = _left(now, amount, events, moving, busy, crowd)
                return Halted(now, start, end, waits_for, left)
            end[task] = now
            for waiting in successors[task]:
                missing = waits_for[waiting] - 1
                waits_for[waiting] = missing
                if not missing:
                    # `_next_event`, written out: this is half of the work.
                    start[waiting] = now
                    number = route[waiting]
                    if number == COMPUTE:
                        heappush(events, (now + amount[waiting], COMPUTE_OVER + waiting))
                    else:
                        heappush(events, (now + latency[waiting], waiting))
    stuck = end.count(None)
    if stuck:
        raise SimulationError(
            f"{stuck} tasks wait for each other, the first of them {graph.tag(end.index(None))}"
        )
    return Halted(now, start, end, waits_for, {})


def _next_event(task, route, now, latency, amount):
    """Of a task that is under way at `now` [s]."""
    if route[task] == COMPUTE:
        return now + amount, COMPUTE_OVER + task
    return now + latency, task


def _left(now, amount, events, moving, busy, crowd):
    """What is under way at `now` [s], and what is left of it; see `Halted`.

    Payloads are kept by `crowd`, or where there is none by `moving`, on the `busy` routes.
    """
    left = {}
    for when, code in events:
        task = code & TASK
        if code >= COMPUTE_OVER:
            left[task] = 0.0, when - now
        elif code < FINISH:
            left[task] = when - now, amount[task]
    if crowd:
        for number in crowd.busy():
            left |= {task: (0.0, size) for size, task in crowd.take_out(number, now)}
    else:
        for number in members(busy):
            left |= {task: (0.0, size) for task, size in moving.left(number, now)}
    return dict(sorted(left.items()))


class _Moving:
    """The transfers that are moving payload; lists by the number of their route.

    Each route has a clock of the bytes served to each of its transfers.

    Attributes
    ----------
    crowded : set of routes with more than one transfer
    queued : number of transfers that are not the first of their route
    new_rates : number of rates that this run needed for the first time
    swamped : whether keeping them so does not pay any more
    steps : what this run found before
    first, behind : the transfer that ends first; a heap of (target, task) of the others
    service : clock [byte], when that was read [s], rate [byte/s], target: clock at which the
        first transfer ends [byte]
    due : when it ends at that rate [s]
    expected : time of the event that looks after it, `due` or earlier [s]; None if there is none.
        A rate that falls needs no new event: the old one finds out and looks again when due.
    """

    def __init__(self, table):
        n = len(table)
        self.table = table
        self.crowded = self.queued = self.new_rates = 0
        self.swamped = False
        self.steps = {}
        self.first = [None] * n
        self.behind = [None] * n
        self.service = [(0.0, 0.0, 0.0, 0.0)] * n
        self.due = [None] * n
        self.expected = [None] * n

    def join(self, number, bit, task, size, now, busy):
        """A transfer begins to move over a route, while the routes of `busy` are."""
        if not busy & bit:
            self.first[number] = task
            self.service[number] = 0.0, now, 0.0, size
        else:
            clock, since, rate, first_target = self.service[number]
            clock += rate * (now - since)
            target = clock + size
            if not self.behind[number]:
                self.behind[number] = []
                self.crowded |= bit
            self.queued += 1
            self.swamped |= self.queued > MOST_QUEUED
            if target < first_target:
                target, first_target = first_target, target
                task, self.first[number] = self.first[number], task
            heappush(self.behind[number], (target, task))
            self.service[number] = clock, now, rate, first_target
        self.due[number] = None

    def next_in_line(self, number, bit):
        """The first transfer of a crowded route has ended."""
        behind = self.behind[number]
        target, self.first[number] = heappop(behind)
        self.queued -= 1
        self.service[number] = (*self.service[number][:3], target)
        if not behind:
            self.crowded ^= bit
        self.due[number] = self.expected[number] = None

    def settle(self, busy, changed, now, events):
        """Give what contends with the routes of `changed` its rates; new events to `events`."""
        # The same sets of busy routes come back chunk after chunk.
        rates = None if self.crowded else self.steps.get((busy, changed))
        if rates is None:
            rates = self._new_rates(busy, changed)
        service, due, expected = self.service, self.due, self.expected
        for number, fair, _ in rates:
            clock, since, rate, target = service[number]
            if fair != rate or due[number] is None:
                clock += rate * (now - since)
                service[number] = clock, now, fair, target
                left = target - clock
                due[number] = when = now + left / fair if left > 0.0 else now
                known = expected[number]
                if known is None or when < known:
                    expected[number] = when
                    heappush(events, (when, FINISH + self.first[number]))

    def as_crowd(self, graph, busy, now, events):
        """The same transfers, kept as a crowd."""
        crowd = Crowd(events, FINISH)
        paths = self.table.paths
        used = sorted({number for number in graph.route if number != COMPUTE})
        crossings = dict(zip(used, binding_channels([paths[n] for n in used]), strict=True))
        for number in range(len(paths)):
            crowd.add(crossings.get(number, {}))
        for number in members(busy):
            for task, size in self.left(number, now):
                crowd.join(number, task, size, now)
        crowd.settle(now)
        return crowd

    def left(self, number, now):
        """The transfers of a busy route with what is left of them [byte], in order of their end."""
        clock, since, rate, target = self.service[number]
        clock += rate * (now - since)
        in_turn = [(target, self.first[number]), *sorted(self.behind[number] or ())]
        return [(task, max(end - clock, 0.0)) for end, task in in_turn]

    def _new_rates(self, busy, changed):
        rates = None if self.crowded else self.table.steps.get((busy, changed))
        if rates is None:
            rates = self._solve(busy, changed)
        if not self.crowded:
            self.steps[busy, changed] = rates
        self.new_rates += len(rates)
        self.swamped |= self.new_rates > MOST_NEW_RATES
        return rates

    def _solve(self, busy, changed):
        table = self.table
        rates = []
        remaining = changed
        while remaining:
            component = table.component(remaining, busy)
            remaining &= ~component
            rates += table.rates(component, self.crowded, self._count)
        if not self.crowded:
            if len(table.steps) >= MOST_REMEMBERED_STEPS:
                table.steps.clear()
            table.steps[busy, changed] = rates
        return rates

    def _count(self, number):
        return 1 + len(self.behind[number] or ())

"""Draws the requests of a workload, one by one, as they are asked for."""

import heapq
from collections.abc import Iterator
from itertools import chain, islice
from operator import attrgetter

from simcore.errors import SimulationError
from simcore.serving.request import Piece, Request, answer_identity, prompt_identity
from simcore.serving.workload.arrivals.closed_loop import ClosedLoop
from simcore.serving.workload.openings import Opening, openings
from simcore.serving.workload.streams import stream


class _Numbers:
    """Numbers of requests that are still to be given out."""

    __slots__ = ("left", "next")

    def __init__(self, first, count):
        self.next = first
        self.left = count

    def take(self, count):
        """The first of `count` numbers in a row, or of as many as are left; and how many."""
        first, count = self.next, min(count, self.left)
        self.next += count
        self.left -= count
        return first, count


class _Users:
    """The users of a client in a closed loop."""

    __slots__ = ("numbers", "openings", "think")

    def __init__(self, load, seed, numbers, contents):
        self.numbers = numbers
        self.openings = contents
        self.think = load.arrivals.think_s.each(stream(seed, load.name, "think between"))


class WorkloadSource:
    """A `Source` of the requests of several clients; good for one run.

    What is asked depends on the seed alone, and never on how fast it is answered: the lengths, the
    content and the waits of a session are drawn when it starts. In a closed loop the n-th that
    begins is always the same, whoever of the users begins it.

    Parameters
    ----------
    loads : the clients
    allowances : how many requests each client in a closed loop may make; None for the others
    requests : of all together
    duration_s : nothing new starts later [s]; None for no bound
    seed : of all random streams
    folder : that the files of traces are in; None: a trace is a ScenarioError
    """

    def __init__(self, loads, allowances, *, requests, duration_s, seed, folder):
        self.clients = tuple(load.client for load in loads)
        self._loads = loads
        self._until = float("inf") if duration_s is None else duration_s
        self._asked = False
        self._plans: dict[int, list] = {}  # by session, its later steps, the next one last
        self._users: dict[int, _Users] = {}  # by client
        self._streams = []
        files = tuple(dict.fromkeys(load.trace.file for load in loads if load.trace))
        # Closed loops have the first numbers: theirs are bounded, those of the others may not be.
        closed, shared = 0, 0
        for client, (load, allowance) in enumerate(zip(loads, allowances, strict=True)):
            contents = openings(load, seed, shared, files, folder)
            shared += load.shared_contents
            if isinstance(load.arrivals, ClosedLoop):
                users = _Users(load, seed, _Numbers(closed, allowance), contents)
                closed += allowance
                self._users[client] = users
                self._streams.append(self._first_of_users(client, load.arrivals.concurrency))
            else:
                self._streams.append(self._in_time(client, load, seed, contents))
        self._open = _Numbers(closed, requests - closed)

    def __iter__(self) -> Iterator[Request]:
        """The first requests, in order of arrival; ties by the client's place."""
        if self._asked:
            raise SimulationError("these requests were asked for before; make another source")
        self._asked = True
        several = len(self._streams) > 1
        numbers = self._open
        for arrival_s, client, what in heapq.merge(*self._streams) if several else self._streams[0]:
            if isinstance(what, Request):
                yield what
            elif numbers.left:
                yield self._begin(client, what, arrival_s, numbers)
            elif not self._users:
                return

    def after(self, request: Request, now: float, *, completed: bool = True) -> tuple[Request, ...]:
        """What the end of `request` at `now` [s] brings about; see `Source`."""
        if request.session >= 0:
            steps = self._plans.pop(request.session, None)
            if steps and completed:
                return (self._next_turn(request, steps, now),)
        users = self._users.get(request.client)
        if users is None or not users.numbers.left:
            return ()
        start_s = now + next(users.think)
        if start_s > self._until:
            return ()
        return tuple(
            self._begin(request.client, opening, start_s + opening.delay_s, users.numbers)
            for opening in islice(users.openings, 1)
        )

    def _in_time(self, client, load, seed, contents):
        """(arrival, client, opening) of a client who does not wait for answers, in order."""
        if load.arrivals is None:
            starts = ((opening.arrival_s, opening) for opening in contents)
        else:
            blocks = load.arrivals.blocks(stream(seed, load.name, "arrivals"))
            moments = chain.from_iterable(block.tolist() for block in blocks)
            starts = zip(moments, contents, strict=False)
        starts = self._until_end(starts)
        if load.session and load.session.retrieval:
            return _delayed(client, starts)
        return ((start_s, client, opening) for start_s, opening in starts)

    def _until_end(self, starts):
        until, numbers = self._until, self._open
        for start in starts:
            if start[0] > until:
                return
            yield start
            if not numbers.left:
                return

    def _first_of_users(self, client, concurrency):
        """(arrival, client, request) of all users' first requests, in order."""
        users = self._users[client]
        first = [
            self._begin(client, opening, opening.delay_s, users.numbers)
            for opening in _as_long_as(users.numbers, islice(users.openings, concurrency))
        ]
        for request in sorted(first, key=attrgetter("arrival_s", "number")):
            yield request.arrival_s, client, request

    def _begin(self, client, opening: Opening, arrival_s, numbers):
        number, count = numbers.take(1 + len(opening.later))
        own, shared = opening.own, opening.shared
        session = -1
        if self._loads[client].session:
            session = number
            if count > 1:
                self._plans[session] = opening.later[count - 2 :: -1]
        pieces: tuple[Piece, ...] = ()
        if shared or session >= 0:
            pieces = _with_own(shared, number, own)
            own += sum(tokens for _, tokens in shared)
        priority = opening.priority
        return Request(
            number,
            arrival_s,
            own,
            opening.output_tokens,
            client,
            self.clients[client].priority if priority is None else priority,
            session,
            0,
            pieces,
        )

    def _next_turn(self, request, steps, now):
        step = steps.pop()
        if steps:
            self._plans[request.session] = steps
        number = request.number + 1
        answer = (answer_identity(request.number), request.output_tokens)
        new = sum(tokens for _, tokens in step.shared) + step.own
        return Request(
            number,
            now + step.wait_s,
            request.prompt_tokens + request.output_tokens + new,
            step.output_tokens,
            request.client,
            request.priority,
            request.session,
            request.turn + 1,
            _with_own((*request.pieces, answer, *step.shared), number, step.own),
        )


def _with_own(shared, number, own):
    return (*shared, (prompt_identity(number), own)) if own else shared


def _as_long_as(numbers, contents):
    while numbers.left:
        opening = next(contents, None)
        if opening is None:
            return
        yield opening


def _delayed(client, starts):
    """(arrival, client, opening) in order of arrival, which is not that of the starts."""
    waiting: list = []
    for place, (start_s, opening) in enumerate(starts):
        while waiting and waiting[0][0] <= start_s:
            arrival_s, _, ready = heapq.heappop(waiting)
            yield arrival_s, client, ready
        heapq.heappush(waiting, (start_s + opening.delay_s, place, opening))
    while waiting:
        arrival_s, _, ready = heapq.heappop(waiting)
        yield arrival_s, client, ready

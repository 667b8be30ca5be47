"""Programs that are drawn at random, and whether they end, by a machine of a few lines.

A program is made of messages that could all be sent one after another, and is then disturbed: some
ends are posted and waited for later, some change places with their neighbour, some are left out.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random

import numpy as np

from simcore.distributed import Deadlock
from tests.distributed.corpus.case import Case, End, Reported

TAGS = 2


@dataclass(frozen=True)
class Step:
    """What a rank does next.

    Attributes
    ----------
    name : of the method of the communicator; "wait" for that of an earlier post
    peer, tag : of the message
    number : by which a payload and a wait are known
    """

    name: str
    peer: int = -1
    tag: int = 0
    number: int = -1

    @property
    def sends(self):
        """Whether it is the sending end of a message."""
        return self.name in ("send", "isend")


def drawn_steps(seed: int, ranks: int, messages: int = 6) -> list[list[Step]]:
    """The steps of each rank of the program of that seed."""
    draw = Random(seed)
    steps: list[list[Step]] = [[] for _ in range(ranks)]
    for number in range(messages):
        source, target = draw.sample(range(ranks), 2)
        tag = draw.randrange(TAGS)
        _add(draw, steps[source], "send", target, tag, number)
        _add(draw, steps[target], "recv", source, tag, number)
    for own in steps:
        if len(own) > 1 and draw.random() < 0.4:
            place = draw.randrange(len(own) - 1)
            _exchange(own, place)
        if own and draw.random() < 0.1:
            _leave_out(own, draw.randrange(len(own)))
    return steps


def _add(draw, own, name, peer, tag, number):
    if draw.random() < 0.5:
        own.append(Step(name, peer, tag, number))
        return
    own.append(Step(f"i{name}", peer, tag, number))
    own.append(Step("wait", number=number))
    # Waits come later, by any number of steps.
    if draw.random() < 0.7:
        own.sort(key=lambda step: step.name == "wait" and step.number == number)


def _exchange(own, place):
    first, second = own[place : place + 2]
    if second.name != "wait" or second.number != first.number:
        own[place : place + 2] = second, first


def _leave_out(own, place):
    number = own[place].number
    own[:] = [step for step in own if step.number != number]


def run_steps(comm, steps: list[list[Step]]):
    """The program itself; returns what has arrived, by the number of its receive."""
    rooms, works = {}, {}
    for step in steps[comm.rank]:
        if step.name == "wait":
            works.pop(step.number).wait()
        elif step.sends:
            payload = np.array([step.number, comm.rank])
            works[step.number] = getattr(comm, step.name)(payload, step.peer, step.tag)
        else:
            room = rooms[step.number] = np.full(2, -1)
            works[step.number] = getattr(comm, step.name)(room, step.peer, step.tag)
    return [rooms[number] for number in sorted(rooms)]


def ends(steps: list[list[Step]], eager: bool = False) -> tuple[bool, bool]:
    """Whether every rank ends, and whether every message has met its other end.

    Who goes first does not matter: what a rank does next depends on nothing but the messages that
    have met, and those meet in the order of their posting.

    Parameters
    ----------
    eager : whether a send is done as soon as it is posted
    """
    next_step = [0] * len(steps)
    posted, met = set(), set()
    waiting: dict[tuple, deque] = defaultdict(deque)
    moved = True
    while moved:
        moved = False
        for rank, own in enumerate(steps):
            while next_step[rank] < len(own):
                step = own[next_step[rank]]
                end = rank, step.number
                if step.name != "wait" and end not in posted:
                    posted.add(end)
                    _meet(waiting, met, rank, step, end)
                sent = eager and any(s.sends for s in own if s.number == step.number)
                if step.name in ("send", "recv", "wait") and end not in met and not sent:
                    break
                next_step[rank] += 1
                moved = True
    all_end = all(place == len(own) for place, own in zip(next_step, steps, strict=True))
    return all_end, posted == met


def _meet(waiting, met, rank, step, end):
    source, target = (rank, step.peer) if step.sends else (step.peer, rank)
    others = waiting[source, target, step.tag, not step.sends]
    if others:
        met |= {end, others.popleft()}
    else:
        waiting[source, target, step.tag, step.sends].append(end)


def drawn_cases(*, ending: int, stuck: int) -> dict[str, Case]:
    """The first programs of three ranks that end, and the first that do not, so many of each."""
    wanted = {True: ending, False: stuck}
    cases = {}
    for seed in count():
        steps = drawn_steps(seed, ranks=3)
        all_end = ends(steps)[0]
        if wanted[all_end]:
            wanted[all_end] -= 1
            reported, end = (None, End.PASSES) if all_end else (Reported(Deadlock), End.HANGS)
            name, program = f"drawn {seed}", partial(run_steps, steps=steps)
            cases[name] = Case(name, program, 3, reported, end, None)
        if not any(wanted.values()):
            return cases
    raise AssertionError("there are programs of both kinds")

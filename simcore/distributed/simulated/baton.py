"""Logical processes: threads of which exactly one runs, in an order that is the simulation's.

A process that must wait passes the baton to the one whose turn it is: that one's lock is opened and
its own is waited for. Whoever has the baton drives the simulation, so that no thread stands between
two ranks, and none switches whose own turn it is again.
"""

import sys
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from simcore.distributed.errors import ProgramError

MOST_STOPS = 100
"""How often a process may catch what is to stop it; then it is left where it waits."""
STOP_S = 1.0
"""How long a process that computes may take to come to where it can be stopped [s]."""


class Stopped(BaseException):
    """Raised in a program that must end because another has failed. Not to be caught."""


class Kept(Protocol):
    """Something global that each process must find as it left it, such as a random generator."""

    def save(self) -> Any:
        """What it is now."""

    def restore(self, state) -> None:
        """Make it so again."""


@dataclass(eq=False)
class Process:
    """One thread of a rank.

    Attributes
    ----------
    rank : which it belongs to
    number : of all processes, in order of creation
    order : what breaks ties with others that can go on at the same moment
    beside : "file:line" of the call that it runs for, beside the program; "" for the program
    waits_for : the work that it waits for; None while it does not
    stops : how often it was told to stop
    """

    rank: int
    number: int
    run: Callable[["Process"], None]
    beside: str = ""
    order: tuple = ()
    waits_for: Any = None
    ident: int = 0
    ended: bool = False
    stops: int = 0
    kept: tuple = ()
    _lock: Any = field(default_factory=allocate_lock)

    def __post_init__(self):
        self._lock.acquire()


class Baton:
    """Passes the right to run among processes.

    Parameters
    ----------
    advance : called when nobody can go on; makes some ready, or returns False if nothing can
    stuck : called when there is nothing to advance and some have not ended; returns the error
    kept : each process finds these as it left them
    """

    def __init__(self, advance, stuck, kept=()):
        self._advance = advance
        self._stuck = stuck
        self._kept = kept
        self._ready: list[Process] = []  # the next one last
        self._woken: list[Process] = []
        self._threads: list[threading.Thread] = []
        self._over = allocate_lock()
        self._over.acquire()
        self.processes: list[Process] = []
        self.failure: BaseException | None = None
        self.stopping = False

    def add(self, rank: int, run, *, beside: str = "") -> Process:
        """A process that can go on at once; it runs when its turn comes."""
        process = Process(rank, len(self.processes), run, beside)
        process.order = (-1, rank, process.number)
        process.kept = self._save()
        self.processes.append(process)
        thread = threading.Thread(
            target=self._life, args=(process,), name=f"rank {rank}", daemon=True
        )
        self._threads.append(thread)
        thread.start()
        self._woken.append(process)
        return process

    def wake(self, process: Process, order: tuple) -> None:
        """The process can go on; `order` says when, among those of this moment."""
        process.order = order
        self._woken.append(process)

    def check_runs(self, process: Process) -> None:
        """Raises ProgramError if it is another thread that calls."""
        if process.ident != get_ident():
            raise ProgramError(
                f"rank {process.rank}: communicate from the thread that runs the program, not from "
                "one that it has started"
            )

    def run(self) -> None:
        """Run all processes to their ends; raises what failed first."""
        before = self._save()
        try:
            self._next()._lock.release()
            self._over.acquire()
        except BaseException as error:
            # Ctrl-C comes to the main thread: the one that runs stops at its next call.
            self.fail(error)
            if not self._over.acquire(timeout=STOP_S):
                raise
        finally:
            self._restore(before)
        for thread in self._threads:
            thread.join(timeout=1.0)
        if self.failure is not None:
            raise self.failure

    def wait(self, process: Process) -> None:
        """Wait until something wakes the process, which is the one that runs."""
        following = self._next()
        if following is not process:
            if self._kept:
                process.kept = self._save()
                self._restore(following.kept)
            following._lock.release()
            process._lock.acquire()
        if self.stopping:
            process.stops += 1
            if process.stops > MOST_STOPS:
                self._leave(process)
            raise Stopped

    def fail(self, error: BaseException) -> None:
        """Stop everything for this error, if it is the first."""
        if self.failure is None:
            self.failure = error
        self.stopping = True

    def _life(self, process):
        process.ident = get_ident()
        process._lock.acquire()
        try:
            if not self.stopping:
                process.run(process)
        except Stopped:
            pass
        except BaseException as error:
            self.fail(error)
        self._end(process)

    def _end(self, process):
        process.ended = True
        following = self._next()
        if following is None:
            self._over.release()
            return
        if self._kept:
            self._restore(following.kept)
        following._lock.release()

    def _leave(self, process):
        """The others end without it: nothing opens its lock again."""
        thread = threading.current_thread()
        thread.name = f"left by rank {process.rank}"
        self._threads.remove(thread)
        self._end(process)
        process._lock.acquire()

    def _next(self):
        """Whose turn it is; None if all have ended."""
        while True:
            if self.stopping:
                return next((p for p in self.processes if not p.ended), None)
            if self._ready:
                return self._ready.pop()
            if self._woken:
                self._turns()
                continue
            try:
                if self._advance():
                    continue
            except BaseException as error:
                self.fail(error)
                continue
            if all(process.ended for process in self.processes):
                return None
            self.fail(self._stuck())

    def _turns(self):
        woken = self._woken
        if len(woken) > 1:
            woken.sort(key=_order, reverse=True)
        self._ready, self._woken = woken, self._ready

    def _save(self):
        return tuple(each.save() for each in self._kept)

    def _restore(self, states):
        for each, state in zip(self._kept, states, strict=True):
            each.restore(state)


def _order(process):
    return process.order


def stack_of(process: Process):
    """The innermost frame of a process that waits; None if it has none."""
    return sys._current_frames().get(process.ident)

"""Starts a process for each rank, watches them, and leaves none behind."""

import multiprocessing
import pickle
import signal
import tempfile
import time
import traceback
from multiprocessing import connection
from pathlib import Path

from simcore.distributed.deployed.process import (
    LEAVE,
    WHERE,
    Failed,
    Place,
    Ready,
    Setting,
    live,
)
from simcore.distributed.deployed.rank import Ended, RemoteTraceback
from simcore.distributed.errors import ProgramError, RankFailed, TimedOut
from simcore.distributed.program_file import ProgramFile
from simcore.distributed.waiting import circle_text, cycle_of, ranks_text
from simcore.errors import PdscopeError

# Loading torch in many processes at once takes a while.
START_LIMIT_S = 120.0
# What fails in one rank fails in others soon after: so long is waited for who was first [s].
AFTERMATH_S = 0.3
# For a rank to say where it is, and to leave [s].
ANSWER_LIMIT_S, LEAVE_LIMIT_S = 2.0, 10.0


def run_started(program, ranks, args, backend, profile, timeout_s, threads) -> list[Ended]:
    """What each rank has to tell, from processes that have ended by then; see `deploy`."""
    if isinstance(program, ProgramFile):
        # What it returns may be of classes that the file defines.
        program.load()
    work = _pickled(program, args, profile)
    with tempfile.TemporaryDirectory(prefix="pdscope-") as folder:
        settings = [
            Setting(
                rank=rank,
                ranks=ranks,
                store=str(Path(folder) / "store"),
                backend=backend,
                threads=threads,
                # Longer than anybody waits here, so that a rank that hangs can say where.
                patience_s=2 * (START_LIMIT_S + timeout_s),
                work=work,
            )
            for rank in range(ranks)
        ]
        with _Processes(settings) as processes:
            processes.hear(Ready, START_LIMIT_S, "start")
            ended = processes.hear(Ended, timeout_s, "end")
            processes.dismiss()
            return ended


def _pickled(program, args, profile):
    try:
        return pickle.dumps((program, args, profile))
    except Exception as error:
        raise ProgramError(
            f"the program and its arguments cannot be brought to other processes: {error}; take "
            "functions on the top level of a module, or a ProgramFile, and arguments that pickle "
            "knows"
        ) from error


class _Processes:
    """The processes of all ranks; when the context is left, they have ended."""

    def __init__(self, settings):
        self._settings = settings
        self._processes = []
        self._lines = []

    def __enter__(self):
        # Spawned, not forked: threads of this process, torch's among them, do not survive a fork.
        context = multiprocessing.get_context("spawn")
        try:
            for setting in self._settings:
                ours, theirs = context.Pipe()
                self._lines.append(ours)
                process = context.Process(
                    target=live, args=(theirs, setting), name=f"rank {setting.rank}", daemon=True
                )
                process.start()
                self._processes.append(process)
                # So that the line breaks when the process ends.
                theirs.close()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()
            process.close()
        for line in self._lines:
            line.close()

    def hear(self, kind, limit_s, what):
        """What each rank says of that kind; raises if one fails, or says nothing in time."""
        heard = {}
        deadline = time.monotonic() + limit_s
        while len(heard) < len(self._lines):
            waiting = [line for rank, line in enumerate(self._lines) if rank not in heard]
            ready = connection.wait(waiting, max(0.0, deadline - time.monotonic()))
            if not ready:
                raise self._timed_out(heard, limit_s, what)
            for line in ready:
                rank = self._lines.index(line)
                said = self._said(rank)
                if not isinstance(said, kind):
                    raise self._cause(rank, said)
                heard[rank] = said
        return [heard[rank] for rank in range(len(self._lines))]

    def dismiss(self):
        """All have said what they had to say."""
        for line in self._lines:
            line.send_bytes(LEAVE)
        deadline = time.monotonic() + LEAVE_LIMIT_S
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))

    def _said(self, rank):
        """The next thing that a rank says; None if it has ended without a word."""
        try:
            words = self._lines[rank].recv_bytes()
        except (EOFError, OSError):
            return None
        try:
            return pickle.loads(words)
        except Exception as error:
            problem = ProgramError(
                f"what rank {rank} returned or raised cannot be read here: {error}; return "
                "numbers, arrays, tensors or lists of them"
            )
            return Failed(problem, traceback.format_exc(), time.monotonic())

    def _cause(self, rank, said):
        """What to raise, now that a rank has failed: whatever went wrong first."""
        failures = {rank: said}
        deadline = time.monotonic() + AFTERMATH_S
        while left := deadline - time.monotonic():
            others = [line for other, line in enumerate(self._lines) if other not in failures]
            ready = connection.wait(others, left) if others and left > 0 else []
            if not ready:
                break
            for line in ready:
                other = self._lines.index(line)
                said = self._said(other)
                if said is None or isinstance(said, Failed):
                    failures[other] = said
        # A process that ended without a word is why others fail, whenever that is noticed.
        silent = [rank for rank, said in failures.items() if said is None]
        if silent:
            return self._vanished(min(silent))
        first = min(failures.values(), key=lambda failed: failed.at_s)
        error = first.error
        if not isinstance(error, PdscopeError):
            # Of loading the program or of meeting the others: it has not begun.
            rank = next(rank for rank, failed in failures.items() if failed is first)
            error = RankFailed(
                f"rank {rank} could not begin: {type(error).__name__}: {error}", rank
            )
        error.__cause__ = RemoteTraceback(first.text)
        return error

    def _vanished(self, rank):
        process = self._processes[rank]
        process.join(ANSWER_LIMIT_S)
        code = process.exitcode
        if code is not None and code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        else:
            how = f"ended with status {code}"
        hint = {
            -signal.SIGABRT: "Gloo does that to a process that is sent more than it has room for",
            1: 'if it began this script anew, put what deploys behind `if __name__ == "__main__":`',
        }.get(code, "the program must return, or raise")
        return RankFailed(
            f"the process of rank {rank} {how} before its program did; {hint}. What it wrote is "
            "above; the other ranks were stopped",
            rank,
        )

    def _timed_out(self, heard, limit_s, what):
        """Ask those that have not said it where they are."""
        missing = [rank for rank in range(len(self._lines)) if rank not in heard]
        for rank in missing:
            self._lines[rank].send_bytes(WHERE)
        lines, waiting = [], []
        for rank in missing:
            place = self._said(rank) if self._lines[rank].poll(ANSWER_LIMIT_S) else None
            if place is None:
                lines.append(f"  rank {rank} does not answer")
            elif not isinstance(place, Place):
                lines.append(f"  rank {rank} ended in this very moment")
            elif place.waiting is None:
                lines.append(f"  rank {rank} does not wait for others; it is at {place.where}")
            else:
                waiting.append(place.waiting)
                lines.append(f"  {place.waiting}")
        cycle = cycle_of(waiting)
        if len(cycle) > 1:
            lines.append(f"  {circle_text(cycle)}")
        if heard:
            lines.append(f"  {what}ed: {ranks_text(tuple(sorted(heard)))}")
        return TimedOut(
            "\n".join(
                [
                    f"after {limit_s:g} s, {len(missing)} of {len(self._lines)} ranks did not "
                    f"{what}; they were stopped:",
                    *lines,
                    "simulate the program to see whether it can end; if it can, give it more time "
                    "(timeout_s)",
                ]
            ),
            tuple(waiting),
            cycle,
        )

"""A process that was started for one rank, and what it and its starter say to one another."""

import faulthandler
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from simcore.distributed.deployed.joining import Joined
from simcore.distributed.deployed.rank import Ended, Rank
from simcore.distributed.errors import ProgramError
from simcore.distributed.waiting import Waiting, user_place
from simcore.distributed.with_torch import torch

# What the starter says.
WHERE, LEAVE = b"where", b"leave"


@dataclass(frozen=True)
class Setting:
    """What a process needs to know to be a rank.

    Attributes
    ----------
    store : path of the file by which the ranks find one another
    threads : that torch may compute with
    patience_s : how long an operation may wait before the back end gives up [s]
    work : (program, args, profile of collectives), pickled
    """

    rank: int
    ranks: int
    store: str
    backend: str
    threads: int
    patience_s: float
    work: bytes


@dataclass(frozen=True)
class Ready:
    """The rank has met the others and begins."""


@dataclass(frozen=True)
class Failed:
    """The rank raised `error` at `at_s` on the machine's clock [s]; `text` is its traceback."""

    error: BaseException
    text: str
    at_s: float


@dataclass(frozen=True)
class Place:
    """Where the program is.

    Attributes
    ----------
    waiting : what it waits for; None while it computes
    where : "file:line"
    """

    waiting: Waiting | None
    where: str


def live(connection: Connection, setting: Setting) -> None:
    """Be a rank, until the starter says that all have ended, or has gone."""
    # Ctrl-C reaches the starter, too, which ends its ranks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    voice = _Voice(connection)
    try:
        torch.set_num_threads(setting.threads)
        program, args, profile = pickle.loads(setting.work)
        joined = Joined(
            setting.backend,
            setting.patience_s,
            rank=setting.rank,
            ranks=setting.ranks,
            store=setting.store,
        )
        rank = Rank(joined, joined.meet(one_machine=True), profile)
        voice.rank = rank
        voice.say(Ready())
        ended = rank.run(program, args)
        voice.say(ended)
    except BaseException as error:
        voice.say(Failed(error, traceback.format_exc(), time.monotonic()))
    else:
        voice.leave.wait()
        if rank.has_open_ends:
            # The process group would wait for them.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
        joined.leave()
        return
    # Until the starter ends this process, so that others do not see it go before they have failed.
    voice.leave.wait()


class _Voice:
    """Talks with the starter, in a thread of its own, whatever the program does."""

    def __init__(self, connection):
        self.rank: Rank | None = None
        self.leave = threading.Event()
        self._connection = connection
        self._lock = threading.Lock()
        self._program = threading.get_ident()
        threading.Thread(target=self._listen, name="starter", daemon=True).start()

    def say(self, what: Any) -> None:
        try:
            words = pickle.dumps(what)
        except Exception as error:
            words = pickle.dumps(_unspeakable(what, error))
        with self._lock:
            self._connection.send_bytes(words)

    def _listen(self):
        while True:
            try:
                word = self._connection.recv_bytes()
            except (EOFError, OSError):
                # The starter has gone: nobody waits for this rank.
                os._exit(1)
            if word == LEAVE:
                self.leave.set()
            elif word == WHERE:
                self.say(self._place())

    def _place(self):
        where = user_place(sys._current_frames().get(self._program))
        waits = None if self.rank is None else self.rank.waits
        if waits is None:
            return Place(None, where)
        peers = () if waits.peer < 0 else (waits.peer,)
        return Place(Waiting(self.rank.rank, waits.call, peers, waits.sends, where), where)


def _unspeakable(what, error):
    """What to say of something that cannot be pickled."""
    if isinstance(what, Failed):
        return Failed(
            ProgramError(f"{type(what.error).__name__}: {what.error}"), what.text, what.at_s
        )
    assert isinstance(what, Ended)
    problem = ProgramError(
        f"what the program returned, a {type(what.value).__name__}, cannot be brought to the "
        f"process that deployed it: {error}; return numbers, arrays, tensors or lists of them"
    )
    return Failed(problem, str(error), time.monotonic())

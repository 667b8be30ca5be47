"""Runs the programs of the corpus on real processes over Gloo, many at once.

Each rank of each program is a process of its own, forked from one that has loaded torch. So what
hangs costs little more than one timeout in all, and what ends its process ends nothing else.
"""

import multiprocessing
import os
import pickle
import tempfile
import time
import traceback
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from tests.distributed.corpus.case import NATIVE, Case, End

HANGING_S, PATIENCE_S = 2.0, 60.0
"""How long a rank may wait in a program that is expected to hang, and in any other [s]."""
LIMIT_S = 120.0
AT_ONCE = 16


@dataclass(frozen=True)
class RankEnd:
    """How one rank of a program ended.

    Attributes
    ----------
    end : of this rank
    value : what it returned
    text : what it raised, with its traceback
    """

    end: End
    value: Any = None
    text: str = ""


@dataclass(frozen=True)
class CaseEnd:
    """How a program ended, over all its ranks."""

    ranks: tuple[RankEnd, ...]

    @property
    def end(self) -> End:
        """The worst of what the ranks did."""
        ends = {rank.end for rank in self.ranks}
        return next(end for end in (End.CRASHES, End.HANGS, End.FAILS, End.PASSES) if end in ends)

    def __str__(self):
        told = (f"rank {i}: {rank.end.name} {rank.text}" for i, rank in enumerate(self.ranks))
        return "\n".join(told)


def run_on_gloo(
    cases: Iterable[Case], collectives: str, hanging_s: float = HANGING_S
) -> dict[str, CaseEnd]:
    """How each program ends, by name; without those that are not for these collectives.

    Parameters
    ----------
    collectives : PORTABLE, as programs over Gloo's sends, or NATIVE, Gloo's own
    hanging_s : after which a rank counts as hanging that is expected to [s]; another one, which a
        busy machine may delay, has longer
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["simcore.distributed.deployed.rank", __name__])
    cases = [case for case in cases if case.end(collectives) is not None]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:

        def run(case):
            hangs = case.end(collectives) is End.HANGS
            patience_s = hanging_s if hangs else PATIENCE_S
            return _run_case(context, folder, collectives, case, patience_s)

        ends = pool.map(run, cases)
        return {case.name: end for case, end in zip(cases, ends, strict=True)}


def _run_case(context, folder, collectives, case, patience_s):
    pipes, processes = [], []
    try:
        for rank in range(case.ranks):
            mine, theirs = context.Pipe()
            setting = (rank, os.path.join(folder, case.name), collectives, case, patience_s)
            process = context.Process(target=_live, args=(theirs, *setting), daemon=True)
            process.start()
            theirs.close()
            pipes.append(mine)
            processes.append(process)
        return CaseEnd(tuple(_hear(pipe, patience_s) for pipe in pipes))
    finally:
        for process in processes:
            process.kill()
            process.join()


def _hear(pipe, patience_s):
    """How the rank at the other end of the pipe ends."""
    try:
        assert pipe.poll(LIMIT_S) and pipe.recv_bytes() == b"begin"
        # Gloo's timeouts come first; what waits in no operation of Gloo has none.
        if not pipe.poll(2 * patience_s):
            return RankEnd(End.HANGS, text="it waits in no operation of Gloo")
        return pickle.loads(pipe.recv_bytes())
    except EOFError:
        return RankEnd(End.CRASHES, text="its process has ended")


def _live(pipe, rank, store, collectives, case: Case, patience_s):
    """Be a rank of a program; the starter kills it when all have told how they ended."""
    from simcore.distributed.deployed.joining import Joined
    from simcore.distributed.deployed.rank import Rank
    from simcore.distributed.with_torch import torch

    torch.set_num_threads(1)
    joined = Joined("gloo", LIMIT_S, rank=rank, ranks=case.ranks, store=store)
    # Connecting takes a while; from here on the clock of what hangs runs.
    zero_s = joined.meet(one_machine=True)
    patience = timedelta(seconds=patience_s)
    torch.distributed.distributed_c10d._set_pg_timeout(patience, joined.group)
    pipe.send_bytes(b"begin")
    rank = Rank(joined, zero_s, "gloo" if collectives == NATIVE else case.profile)
    pipe.send_bytes(pickle.dumps(_run_rank(rank, case.program, patience_s)))
    time.sleep(LIMIT_S)


def _run_rank(rank, program, patience_s):
    begun = time.monotonic()
    try:
        return RankEnd(End.PASSES, rank.run(program, ()).value)
    except Exception:
        waited = time.monotonic() - begun >= 0.9 * patience_s
        return RankEnd(End.HANGS if waited else End.FAILS, text=traceback.format_exc(limit=-3))


def same_bits(one, other):
    """Whether two results are of the same types, shapes and bits."""
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same_bits, one, other))
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    return type(one) is type(other) and one == other

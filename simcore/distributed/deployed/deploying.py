"""Runs a program on real processes: on those that torchrun has started, or on some of its own."""

import os
from collections.abc import Sequence

from simcore.distributed.collectives import Profile
from simcore.distributed.deployed.joining import Joined
from simcore.distributed.deployed.profiles import check_profile
from simcore.distributed.deployed.rank import Ended, Rank
from simcore.distributed.deployed.started import run_started
from simcore.distributed.errors import ProgramError, SizeMismatch
from simcore.distributed.failures import LeftOver, unmatched
from simcore.distributed.run import Program, Run
from simcore.distributed.trace import LabTrace, Recorder, merged, paired_ends
from simcore.distributed.with_torch import torch

MOST_RANKS = 256
BACKENDS = ("gloo", "nccl")
_LAUNCHED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def deploy(
    program: Program,
    ranks: int,
    *,
    args: tuple = (),
    backend: str = "gloo",
    profile: str | Profile = "portable",
    timeout_s: float = 60.0,
    threads: int | None = None,
) -> Run:
    """Run `program(comm, *args)` on real processes, one for each rank.

    The processes are started on this machine, and have ended when this returns or raises. Where
    torchrun, or whoever else sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, has started this
    process as one of several, it is the rank that it was told to be; all of them call this, and all
    get the same result.

    Parameters
    ----------
    program : a function that can be imported by its name, or a `ProgramFile`; it and `args` are
        brought to the processes by pickle, and so is back what it returns. A script that calls
        this guards the call by `if __name__ == "__main__":`
    ranks : 1 to 256
    backend : "gloo"; or "nccl", for payloads on the GPUs of NVIDIA, one for each rank. NCCL knows
        no tags: between two ranks, the first send meets the first receive
    profile : "portable", and others that the collectives offer, run as the same programs as in
        simulation, to the same bits; "gloo" with the back end gloo, and "nccl-ring" with nccl, are
        the operations of the library. Or one's own, a `Profile`
    timeout_s : how long the run may take, once all ranks have met [s]; under torchrun, how long an
        operation may wait
    threads : that torch may compute with in each process; None for the machine's cores divided
        among the ranks. Under torchrun it is as the environment says

    Raises
    ------
    RankFailed : the program raised, or a process ended; the others are stopped
    TimedOut : not all ranks had ended in time; says where each is, and what it waits for
    UnmatchedMessages, SizeMismatch : at the end, for messages that never met their other end, and
        for those that were received into more room than they took
    ProgramError : for arguments that cannot be, and whatever the program did wrong in communicating
    """
    _check(ranks, backend, timeout_s, threads)
    check_profile(profile, backend)
    if all(name in os.environ for name in _LAUNCHED):
        ended = _run_launched(program, ranks, args, backend, profile, timeout_s)
    else:
        threads = threads or max(1, (os.cpu_count() or 1) // ranks)
        ended = run_started(program, ranks, args, backend, profile, timeout_s, threads)
    return run_of(ended)


def _check(ranks, backend, timeout_s, threads):
    if isinstance(ranks, bool) or not isinstance(ranks, int) or not 1 <= ranks <= MOST_RANKS:
        raise ProgramError(f"ranks = {ranks!r} is not a whole number from 1 to {MOST_RANKS}")
    if backend not in BACKENDS:
        raise ProgramError(f"backend = {backend!r} is none of {', '.join(BACKENDS)}")
    if not 0 < timeout_s < float("inf"):
        raise ProgramError(f"timeout_s = {timeout_s!r} is not a finite time above 0")
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise ProgramError(f"threads = {threads!r} is not a whole number above 0")
    if not getattr(torch.distributed, f"is_{backend}_available")():
        raise ProgramError(f"this build of torch has no back end {backend}")
    if backend == "nccl" and not torch.cuda.is_available():
        raise ProgramError("the back end nccl needs GPUs of NVIDIA; take backend='gloo' here")


def _run_launched(program, ranks, args, backend, profile, timeout_s):
    """As one of the processes that torchrun has started; every one gets what all have to tell."""
    told = int(os.environ["WORLD_SIZE"])
    if told != ranks:
        raise ProgramError(
            f"ranks = {ranks}, but this process was started as one of {told} (WORLD_SIZE); let "
            "both be the same"
        )
    joined = Joined(backend, timeout_s)
    try:
        one_machine = int(os.environ.get("LOCAL_WORLD_SIZE", 0)) == ranks
        rank = Rank(joined, joined.meet(one_machine), profile)
        everybody: list[Ended | None] = [None] * ranks
        torch.distributed.all_gather_object(everybody, rank.run(program, args))
        return everybody
    finally:
        joined.leave()


def run_of(ended: Sequence[Ended]) -> Run:
    """What all ranks have to tell, by rank, as one run; raises as `deploy` does at the end."""
    recorders = [each.recorder for each in ended]
    _check_messages(recorders)
    whole = merged(recorders)
    # On the wire a message is known by group and tag; a trace has the program's tag alone.
    whole.messages = [(*row[:3], row[3][1], *row[4:]) for row in whole.messages]
    return Run(
        [each.value for each in ended],
        max(each.seconds for each in ended),
        LabTrace.of(whole, len(ended)),
        [each.peak_bytes for each in ended],
    )


def _check_messages(recorders: Sequence[Recorder]) -> None:
    """Every message has two ends, of one size."""
    ends = paired_ends(recorders)
    for sent, received in ends.pairs:
        if sent.bytes != received.bytes:
            _, tag = sent.tag
            of_tag = f" with tag {tag}" if tag >= 0 else ""
            raise SizeMismatch(
                f"rank {sent.source} sent {sent.bytes:,} bytes to rank {sent.target} "
                f"({sent.operation}{of_tag}), which had room for {received.bytes:,} bytes; receive "
                "into a payload of the same size"
            )
    left = [
        *(LeftOver(end.source, end.target, True, *_facts(end)) for end in ends.sent),
        *(LeftOver(end.target, end.source, False, *_facts(end)) for end in ends.received),
    ]
    if left:
        raise unmatched(left)


def _facts(end):
    _, tag = end.tag
    return end.operation, end.bytes, tag

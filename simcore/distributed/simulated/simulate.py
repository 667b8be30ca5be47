"""Runs a program on simulated ranks."""

import sys
from collections.abc import Sequence

from simcore.distributed.collectives import Profile, chosen_profile
from simcore.distributed.communicator import Communicator
from simcore.distributed.errors import ProgramError
from simcore.distributed.failures import check_has_run, raise_for_rank
from simcore.distributed.network import Network, star
from simcore.distributed.run import Program, Run
from simcore.distributed.simulated.baton import Kept, Stopped
from simcore.distributed.simulated.transport import SimulatedTransport
from simcore.distributed.simulated.world import World
from simcore.distributed.timing import Declared, Timing
from simcore.distributed.trace import LabTrace

MOST_RANKS = 4096
# 100 Gbit/s and 10 µs: Ethernet between servers.
DEFAULT_NETWORK = star(12.5e9, 10e-6)


def simulate(
    program: Program,
    ranks: int,
    *,
    args: tuple = (),
    network: Network | None = None,
    timing: Timing | None = None,
    profile: str | Profile = "portable",
    eager_bytes: int = 0,
    kept: Sequence[Kept] | None = None,
    start_order: Sequence[int] | None = None,
    most_messages: int | None = None,
    limit_s: float | None = None,
) -> Run:
    """Run `program(comm, *args)` on each of `ranks` simulated ranks.

    The program's code is executed, in one thread a rank of which exactly one runs; its messages
    are transfers of the simulator, and its computing takes what `timing` says.

    Parameters
    ----------
    network : what joins the ranks; None for a switch with NICs of 100 Gbit/s and 10 µs
    timing : how long computing takes; None for `Declared()`
    profile : which algorithm each collective takes; by name, or one's own
    eager_bytes : a send of no more is over as soon as it is posted [byte]; a larger one when it is
        received
    kept : what is global in a process, which each rank must find as it left it; None for torch's
        random numbers, where torch is loaded. The rest is shared: let ranks draw from generators
        of their own rather than seed NumPy's or Python's
    start_order : ranks in the order in which their threads start; the result is the same for all
    most_messages, limit_s : bounds; None for none. The run may take so many seconds in all [s]

    Raises
    ------
    RankFailed : the program raised; the other ranks are stopped
    Deadlock : every rank that has not ended waits for something that cannot happen any more
    MismatchedCollective, SizeMismatch, BufferModified, UnmatchedMessages : see there
    LimitReached : at a bound
    ProgramError : for arguments that cannot be, and calls that the program makes wrongly
    """
    if isinstance(ranks, bool) or not isinstance(ranks, int) or not 1 <= ranks <= MOST_RANKS:
        raise ProgramError(f"ranks = {ranks!r} is not a whole number from 1 to {MOST_RANKS}")
    if isinstance(eager_bytes, bool) or not isinstance(eager_bytes, int) or eager_bytes < 0:
        raise ProgramError(f"eager_bytes = {eager_bytes!r} is not a whole number, 0 or more")
    order = range(ranks) if start_order is None else list(start_order)
    if sorted(order) != list(range(ranks)):
        raise ProgramError(f"start_order must name each of the ranks 0 to {ranks - 1} once")
    chosen = chosen_profile(profile)
    paths = (network or DEFAULT_NETWORK).path(ranks)
    world = World(
        ranks,
        paths,
        eager_bytes=eager_bytes,
        kept=_kept() if kept is None else kept,
        most_messages=most_messages,
        limit_s=limit_s,
    )
    timing = timing or Declared()
    values = [None] * ranks

    def life(process):
        transport = SimulatedTransport(world, process, timing.clock(process.rank))
        comm = Communicator(transport, chosen)
        transport.start()
        try:
            values[process.rank] = value = program(comm, *args)
            check_has_run(value)
        except Stopped:
            raise
        except BaseException as error:
            raise_for_rank(process.rank, error)
        transport.finish()

    for rank in order:
        world.baton.add(rank, life)
    world.baton.run()
    world.check_all_matched()
    trace = LabTrace.of(world.recorder, ranks, paths)
    return Run(values, world.simulator.current_time, trace, world.peak)


class _TorchRandom:
    """Torch's random numbers; see `simcore.distributed.simulated.baton.Kept`."""

    def __init__(self, generator):
        self.save = generator.get_state
        self.restore = generator.set_state


def _kept():
    torch = sys.modules.get("torch")
    return () if torch is None else (_TorchRandom(torch.default_generator),)

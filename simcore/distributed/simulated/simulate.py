"""Runs a program on simulated ranks."""

import sys
import traceback
from collections.abc import Sequence

from simcore.distributed.collectives import Profile, chosen_profile
from simcore.distributed.communicator import Communicator
from simcore.distributed.errors import ProgramError, RankFailed
from simcore.distributed.network import Network, star
from simcore.distributed.run import Program, Run
from simcore.distributed.simulated.baton import Kept, Stopped
from simcore.distributed.simulated.transport import SimulatedTransport
from simcore.distributed.simulated.world import World
from simcore.distributed.timing import Declared, Timing
from simcore.distributed.trace import LabTrace
from simcore.distributed.waiting import user_place
from simcore.errors import PdscopeError

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
        random numbers, where torch is loaded
    start_order : ranks in the order in which their threads start; the result is the same for all
    most_messages, limit_s : bounds; None for none. The run may take so many seconds in all [s]

    Raises a ProgramError that says who did what where (Deadlock, SizeMismatch, …), RankFailed where
    the program raises, and LimitReached at a bound.
    """
    if isinstance(ranks, bool) or not isinstance(ranks, int) or not 1 <= ranks <= MOST_RANKS:
        raise ProgramError(f"ranks = {ranks!r} is not a whole number from 1 to {MOST_RANKS}")
    order = range(ranks) if start_order is None else list(start_order)
    if sorted(order) != list(range(ranks)):
        raise ProgramError(f"start_order must name each of the ranks 0 to {ranks - 1} once")
    chosen = chosen_profile(profile)
    path = (network or DEFAULT_NETWORK).path(ranks)
    world = World(
        ranks,
        path,
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
        values[process.rank] = _watched(process.rank, program, comm, *args)
        transport.finish()

    for rank in order:
        world.baton.add(rank, life)
    world.baton.run()
    world.check_all_matched()
    trace = LabTrace.of(world.recorder, ranks, path)
    return Run(values, world.simulator.current_time, trace, world.peak)


def _watched(rank, program, comm, *args):
    try:
        return program(comm, *args)
    except PdscopeError as error:
        # What several ranks have done wrong together is told with all their places.
        if type(error) is not ProgramError:
            raise
        raise ProgramError(f"rank {rank}: {error} (at {_place_of(error)})") from error
    except Stopped:
        raise
    except BaseException as error:
        raise RankFailed(
            f"rank {rank} raised {type(error).__name__}: {error}, at {_place_of(error)}; the other "
            "ranks were stopped",
            rank,
        ) from error


def _place_of(error):
    """ "file:line" of the innermost frame of the program that the error came from."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return user_place(frames[-1]) if frames else "an unknown place"


class _TorchRandom:
    """Torch's random numbers; see `simcore.distributed.simulated.baton.Kept`."""

    def __init__(self, generator):
        self.save = generator.get_state
        self.restore = generator.set_state


def _kept():
    torch = sys.modules.get("torch")
    return () if torch is None else (_TorchRandom(torch.default_generator),)

"""Simulates a script that was written for torch.distributed, as it is."""

import os
import sys
import threading
import warnings
from contextlib import contextmanager
from pathlib import Path

from simcore.distributed.errors import ProgramError
from simcore.distributed.network import Network
from simcore.distributed.run import Run
from simcore.distributed.shim.launch import Launch
from simcore.distributed.shim.main_module import compiled
from simcore.distributed.shim.process import ProcessState
from simcore.distributed.shim.replacing import replaced
from simcore.distributed.timing import Timing
from simcore.distributed.with_torch import torch

_ALONE = threading.Lock()


def simulate_script(
    path: str | os.PathLike,
    ranks: int | None = None,
    *,
    argv=(),
    network: Network | None = None,
    timing: Timing | None = None,
    profile: str = "gloo",
    eager_bytes: int = 0,
    most_messages: int | None = None,
    limit_s: float | None = None,
) -> Run:
    """Run an unmodified torch.distributed script on simulated ranks, with real values.

    Each rank executes the script as if torchrun had started it: it finds RANK, WORLD_SIZE and the
    like in its environment. A script that starts its ranks itself, by torch.multiprocessing.spawn
    or multiprocessing.Process, is executed once, and simulated are those. Ranks have their own
    environment, arguments, random numbers, main module and modules that lie beside the script; they
    share other modules, the current directory, and standard output. The time that they read is
    simulated, too, when they `import time`.

    Parameters
    ----------
    path : the script
    ranks : how many; None where the script starts its own
    argv : its arguments, without its name
    profile : which algorithm each collective takes; as Gloo, unless one says otherwise

    The others are those of `simcore.distributed.simulate`, whose errors it raises, too. What is not
    simulated (DistributedDataParallel, RPC, receiving from any rank, …) raises RankFailed, which
    names it. No values come back, for a script returns none.
    """
    path = Path(path).resolve()
    code = compiled(path)
    options = {
        **{"network": network, "timing": timing, "profile": profile, "eager_bytes": eager_bytes},
        **{"most_messages": most_messages, "limit_s": limit_s},
    }
    if not _ALONE.acquire(blocking=False):
        raise ProgramError("a script is being simulated in this process already; wait for it")
    try:
        with _everything_put_back(path.parent) as state:
            return Launch(path, code, tuple(argv), ranks, state, options).simulated()
    finally:
        _ALONE.release()


@contextmanager
def _everything_put_back(folder):
    """The script's folder is searched for modules; what is global is afterwards as it was."""
    state = ProcessState(folder)
    search, before = list(sys.path), state.save()
    working, threads = Path.cwd(), torch.get_num_threads()
    sys.path.insert(0, str(folder))
    sys.meta_path.insert(0, state.modules)
    try:
        with replaced(), warnings.catch_warnings():
            yield state
    finally:
        sys.meta_path.remove(state.modules)
        sys.path[:] = search
        os.chdir(working)
        torch.set_num_threads(threads)
        state.restore(before)

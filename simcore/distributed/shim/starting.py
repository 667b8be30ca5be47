"""What a script starts ranks with, of `multiprocessing` and torch's, simulated."""

from simcore.distributed.errors import ProgramError
from simcore.distributed.shim.handing_over import HandedOver
from simcore.distributed.shim.world import here
from simcore.distributed.with_torch import torch

_worker_loop = torch.utils.data._utils.worker._worker_loop
_ALONE = "a DataLoader with workers starts processes; give it num_workers=0 where it is simulated"
_METHODS = ("fork", "spawn", "forkserver", None)


def set_start_method(method, force=False) -> None:
    """As that of `multiprocessing`, with no effect: whatever it is, ranks start as if spawned."""
    if method not in _METHODS:
        raise ValueError(f"cannot find context for {method!r}")


def spawn(fn, args=(), nprocs=1, join=True, daemon=False, start_method="spawn"):
    """As `torch.multiprocessing.spawn`: simulated ranks that call `fn(i, *args)`."""
    processes = [RankProcess(target=fn, args=(i, *args)) for i in range(nprocs)]
    for process in processes:
        process.start()
    context = SpawnContext(processes)
    if not join:
        return context
    context.join()
    return None


class SpawnContext:
    """What `spawn` gives a script that does not wait at once."""

    def __init__(self, processes):
        self.processes = processes

    def join(self, timeout=None, grace_period=None) -> bool:
        """Simulate the ranks; True, for they have ended then."""
        for process in self.processes:
            process.join()
        return True

    def pids(self) -> list[None]:
        """None of them has a number of the operating system."""
        return [None for _ in self.processes]


class RankProcess:
    """As `multiprocessing.Process`: it becomes a simulated rank, its number that of its start."""

    pid = None

    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None):
        self.name = name or "rank"
        self.daemon = bool(daemon)
        self.exitcode = None
        self._target = target
        self._args = tuple(args)
        self._kwargs = dict(kwargs or {})

    def run(self) -> None:
        """What it does; to be overridden, as that of `multiprocessing.Process`."""
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

    def start(self) -> None:
        """Start it. It gets copies of what it is given, and runs when somebody waits for it."""
        if self._target is _worker_loop:
            raise ProgramError(_ALONE)
        launch = here().launch
        launch.check_may_start()
        handed = HandedOver(self)

        def call():
            handed.unpacked().run()
            self.exitcode = 0

        launch.add(call)

    def join(self, timeout=None) -> None:
        """Simulate all that were started; they have ended then."""
        here().launch.run_added()

    def is_alive(self) -> bool:
        """False: whoever asks has waited."""
        self.join()
        return False

    def terminate(self) -> None:
        """Cannot be simulated, unless it has ended."""
        if self.exitcode is None:
            raise ProgramError("the script kills a process that it has started; let it end")

    kill = terminate

    def close(self) -> None:
        """Nothing is held."""

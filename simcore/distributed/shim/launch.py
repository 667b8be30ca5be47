"""How the ranks of a script come to be: started from outside, or by the script itself.

From outside, as torchrun does: each rank executes the script, and finds its number in the
environment. By the script: rank 0 executes it first and, when it calls `spawn` or starts processes,
turns out to be what only starts ranks; those are then simulated, and nothing else is.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

from simcore.distributed.errors import ProgramError
from simcore.distributed.run import Run
from simcore.distributed.shim.main_module import ending_well, execute
from simcore.distributed.shim.modules import MAIN, SPAWNED
from simcore.distributed.shim.process import Environment, ProcessState
from simcore.distributed.shim.starting_time import UnlessItStarts
from simcore.distributed.shim.world import World, enter, here
from simcore.distributed.simulated.simulate import simulate
from simcore.distributed.timing import Declared


@dataclass
class Launch:
    """One simulation of one script.

    Attributes
    ----------
    path, code : the script
    argv : its arguments
    ranks : how many were asked for; None leaves that to the script
    state : what each rank has for itself
    options : of `simulate`
    run : of the ranks that the script has started itself, when they have ended
    """

    path: Path
    code: CodeType
    argv: tuple[str, ...]
    ranks: int | None
    state: ProcessState
    options: dict[str, Any]
    run: Run | None = None
    failure: BaseException | None = None
    _starts: bool = False
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def simulated(self) -> Run:
        """Run the script; returns what its ranks did."""
        timing = UnlessItStarts(self.options["timing"] or Declared(), lambda: self._starts)
        options = {**self.options, "timing": timing, "kept": (self.state,)}
        whole = simulate(self._from_outside, self.ranks or 1, **options)
        if self.failure is not None:
            raise self.failure
        return whole if self.run is None else self.run

    @property
    def knows_ranks(self) -> bool:
        """Whether anybody has said how many ranks there are."""
        return self._starts or self.ranks is not None

    def add(self, call: Callable[[], None]) -> None:
        """The script has started a process: it runs when the script waits for it, or ends."""
        self._waiting.append(call)

    def run_added(self) -> None:
        """Simulate the processes that the script has started."""
        if self._waiting:
            calls, self._waiting = self._waiting, []
            self._run_ranks(calls)

    def check_may_start(self) -> None:
        """Raises ProgramError unless the one that calls may start ranks."""
        world = here()
        if self._starts or world.communicator.rank != 0 or world.default is not None:
            raise ProgramError(
                f"rank {world.communicator.rank} starts processes, or the script starts ranks a "
                "second time; simulated are the ranks that a script starts first, and they cannot "
                "start others (a DataLoader needs num_workers=0)"
            )

    def _run_ranks(self, calls):
        if self.ranks is not None and self.ranks != len(calls):
            raise ProgramError(
                f"the script starts {len(calls)} ranks itself, and {self.ranks} were asked for; "
                "leave the number of ranks to the script, or ask for as many"
            )
        self._starts = True
        given = self._told_by_torchrun(here().communicator)
        environment = {k: v for k, v in os.environ.items() if given.get(k) != v}
        arguments = list(sys.argv)

        def program(communicator):
            enter(World(communicator, self))
            self.state.begin(communicator.rank, Environment(environment), list(arguments))
            execute(self.code, self.path, SPAWNED)
            ending_well(calls[communicator.rank])

        try:
            self.run = simulate(program, len(calls), kept=(self.state,), **self.options)
        except BaseException as error:
            self.failure = error
            raise

    def _from_outside(self, communicator):
        if self._starts:
            return
        enter(World(communicator, self))
        environment = Environment(os.environ, **self._told_by_torchrun(communicator))
        self.state.begin(communicator.rank, environment, [str(self.path), *self.argv])
        ending_well(execute, self.code, self.path, MAIN)
        self.run_added()

    def _told_by_torchrun(self, communicator):
        if self.ranks is None:
            return {}
        rank, size = str(communicator.rank), str(communicator.size)
        return {
            **{"RANK": rank, "LOCAL_RANK": rank, "ROLE_RANK": rank, "GROUP_RANK": "0"},
            **{"WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "ROLE_WORLD_SIZE": size},
            **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"},
        }

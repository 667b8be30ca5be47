"""What is global in a process, kept for each rank of a script: ranks are threads of one process."""

import os
import random
import sys
from pathlib import Path

import numpy as np

from simcore.distributed.shim.modules import Modules
from simcore.distributed.with_torch import torch


class Environment(dict):
    """Variables of one rank, as os.environ has them."""

    def __setitem__(self, name, value):
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError("names and values of environment variables must be str")
        super().__setitem__(name, value)

    def copy(self):
        """A dict of them, as os.environ gives."""
        return dict(self)


class Generator:
    """Python's and NumPy's own random numbers, which functions of their modules draw.

    Parameters
    ----------
    functions : by module, its functions that draw, by name
    """

    def __init__(self, functions):
        self._functions = functions

    @classmethod
    def of_modules(cls) -> "Generator":
        """What the modules draw from as they are."""
        return cls(
            {
                module: {
                    name: value
                    for name, value in vars(module).items()
                    if type(getattr(value, "__self__", None)) is owner
                }
                for module, owner in ((random, random.Random), (np.random, np.random.RandomState))
            }
        )

    def seeded(self, seed: int) -> "Generator":
        """Another one, which draws what follows from the seed."""
        owners = {random: random.Random(seed), np.random: np.random.RandomState(seed)}
        return Generator(
            {
                module: {name: getattr(owners[module], name) for name in names}
                for module, names in self._functions.items()
            }
        )

    def install(self) -> None:
        """Have the modules draw from this one."""
        for module, functions in self._functions.items():
            vars(module).update(functions)


class ProcessState:
    """Saves and restores what a process has for itself, whenever another rank goes on.

    See `simcore.distributed.simulated.baton.Kept`. What a thread has of its own anyway, such as
    torch's grad mode, needs none of it.

    Parameters
    ----------
    folder : of the script
    """

    def __init__(self, folder: Path):
        self.modules = Modules(folder)
        self._generator = Generator.of_modules()

    def save(self):
        """What it is now."""
        return (
            *(os.environ, sys.argv, self._generator, torch.default_generator.get_state()),
            *(torch.get_default_dtype(), self.modules.save()),
        )

    def restore(self, state) -> None:
        """Make it so again."""
        environment, sys.argv, generator, numbers, dtype, modules = state
        _set_environment(environment)
        self._draw_from(generator)
        torch.default_generator.set_state(numbers)
        if dtype != torch.get_default_dtype():
            torch.set_default_dtype(dtype)
        self.modules.restore(modules)

    def begin(self, rank: int, environment: Environment, argv: list[str]) -> None:
        """Make it as in a process that has just been started.

        Random numbers of Python, NumPy and torch, which would differ from process to process and
        from day to day, follow from the rank.
        """
        self.modules.forget()
        _set_environment(environment)
        sys.argv = argv
        self._draw_from(self._generator.seeded(rank))
        torch.manual_seed(rank)

    def _draw_from(self, generator):
        if generator is not self._generator:
            generator.install()
            self._generator = generator


def _set_environment(environment):
    # Not the variables of the object that is there, but another object.
    vars(os)["environ"] = environment

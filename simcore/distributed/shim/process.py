"""What is global in a process, kept for each rank of a simulated script: ranks are threads of one.

Each of these saves and restores something, as `simcore.distributed.simulated.baton.Kept` says,
whenever another rank goes on. What a thread has of its own anyway, such as torch's grad mode, needs
none of it.
"""

import os
import random
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

import numpy as np

from simcore.distributed.with_torch import torch

MAIN = "__main__"
SPAWNED = "__mp_main__"
"""What `multiprocessing` calls the main module in processes that it starts."""


class OfEachRank:
    """Attributes of a module, such as os.environ, of which each rank has its own."""

    def __init__(self, module: ModuleType, names):
        self._attributes = vars(module)
        self._names = tuple(names)

    def save(self):
        """What they are now."""
        attributes = self._attributes
        return {name: attributes[name] for name in self._names}

    def restore(self, state):
        """Make them so again."""
        self._attributes.update(state)


class TorchState:
    """Torch's random numbers, and the type of its new tensors."""

    def save(self):
        """What they are now."""
        return torch.default_generator.get_state(), torch.get_default_dtype()

    def restore(self, state):
        """Make them so again."""
        numbers, dtype = state
        torch.default_generator.set_state(numbers)
        if dtype != torch.get_default_dtype():
            torch.set_default_dtype(dtype)


class Modules:
    """The script itself, and the modules that lie beside it: each rank imports its own.

    Parameters
    ----------
    folder : of the script
    """

    def __init__(self, folder: Path):
        self._folder = str(folder) + os.sep
        self._loaded = {name.partition(".")[0] for name in sys.modules}
        self._names = {SPAWNED}

    def save(self):
        """Those that are loaded now."""
        modules = sys.modules
        own = {name: modules[name] for name in self._names if name in modules}
        own[MAIN] = modules[MAIN]
        return own

    def restore(self, state):
        """Have these loaded, and no others that lie beside the script."""
        self.forget()
        sys.modules.update(state)

    def forget(self) -> None:
        """Have none of them loaded, as in a process that has just been started."""
        for name in self._names:
            sys.modules.pop(name, None)

    def find_spec(self, name, path=None, target=None):
        """Of the protocol of import: notes what is found beside the script."""
        if name.partition(".")[0] in self._loaded:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and (spec.origin or "").startswith(self._folder):
            self._names.add(name)
        return spec


class Environment(dict):
    """Variables of one rank, as os.environ has them."""

    def __setitem__(self, name, value):
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError("names and values of environment variables must be str")
        super().__setitem__(name, value)

    def copy(self):
        """A dict of them, as os.environ gives."""
        return dict(self)


def _methods_of(module, owner):
    """Functions of a module that are methods of a hidden generator, such as random.random."""
    return [
        name
        for name, value in vars(module).items()
        if type(getattr(value, "__self__", None)) is owner
    ]


_RANDOM = _methods_of(random, random.Random)
_NUMPY_RANDOM = _methods_of(np.random, np.random.RandomState)


def kept_of(folder: Path) -> tuple[tuple, Modules]:
    """What is to be kept for each rank of a script in `folder`, and its modules among that."""
    modules = Modules(folder)
    return (
        OfEachRank(os, ["environ"]),
        OfEachRank(sys, ["argv"]),
        OfEachRank(random, _RANDOM),
        OfEachRank(np.random, _NUMPY_RANDOM),
        TorchState(),
        modules,
    ), modules


def begin_process(rank: int, modules: Modules, environment: Environment, argv: list[str]) -> None:
    """Make what is global as in a process that has just been started.

    Random numbers of Python, NumPy and torch, which would differ from process to process and from
    day to day, follow from the rank.
    """
    modules.forget()
    vars(os)["environ"] = environment
    sys.argv = argv
    numbers, arrays = random.Random(rank), np.random.RandomState(rank)
    vars(random).update({name: getattr(numbers, name) for name in _RANDOM})
    vars(np.random).update({name: getattr(arrays, name) for name in _NUMPY_RANDOM})
    torch.manual_seed(rank)

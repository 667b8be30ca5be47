"""Modules that each rank of a simulated script imports for itself."""

import importlib
import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

from simcore.distributed.shim.clock import BUILTINS

# Whoever imports a module holds its lock, also while another rank goes on and imports its own.
_LOCKS = getattr(importlib._bootstrap, "_module_locks", {})

MAIN = "__main__"
SPAWNED = "__mp_main__"
"""What `multiprocessing` calls the main module in processes that it starts."""


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
            _LOCKS.pop(name, None)

    def find_spec(self, name, path=None, target=None):
        """Of the protocol of import: notes what is found beside the script."""
        if name.partition(".")[0] in self._loaded:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and (spec.origin or "").startswith(self._folder):
            self._names.add(name)
            if isinstance(spec.loader, SourceFileLoader):
                spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Of a module beside the script."""

    def exec_module(self, module):
        module.__builtins__ = BUILTINS
        super().exec_module(module)

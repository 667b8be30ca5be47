"""Modules that each rank of a simulated script imports for itself."""

import importlib
import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

from simcore.distributed.shim.clock import BUILTINS

# Whoever imports a module holds its lock, also while another rank goes on and imports its own.
_LOCKS = getattr(importlib._bootstrap, "_module_locks", {})
_INSTALLED = f"{os.sep}site-packages{os.sep}"

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
        hidden = {name for name in sys.modules if self._is_hidden(name.partition(".")[0])}
        self._loaded = {name.partition(".")[0] for name in sys.modules if name not in hidden}
        self._names = {SPAWNED, *hidden}

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
        if spec is not None and self._is_beside(
            spec.origin, *spec.submodule_search_locations or ()
        ):
            self._names.add(name)
            if isinstance(spec.loader, SourceFileLoader):
                spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec

    def _is_beside(self, *places):
        """Whether a file or folder is the script's own, and not of a library installed there."""
        return any(
            place and place.startswith(self._folder) and _INSTALLED not in place for place in places
        )

    def _is_hidden(self, name):
        """Whether another module is loaded under the name of one that lies beside the script."""
        if name in sys.stdlib_module_names or name not in sys.modules:
            return False
        loaded = getattr(sys.modules[name], "__file__", None)
        files = f"{name}.py", os.path.join(name, "__init__.py")
        lies_there = any(os.path.isfile(self._folder + file) for file in files)
        return name != MAIN and lies_there and not self._is_beside(loaded)


class _Loader(SourceFileLoader):
    """Of a module beside the script."""

    def exec_module(self, module):
        module.__builtins__ = BUILTINS
        super().exec_module(module)

"""A program that is a function of a Python file, which other processes can load, too."""

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from simcore.distributed.errors import ProgramError


@dataclass(frozen=True)
class ProgramFile:
    """A program, to be called like the function that it names.

    It crosses to other processes as its path; each of them loads the file once, when it is first
    called. As with `python FILE`, the folder of the file is searched for what it imports.

    Attributes
    ----------
    path : of the Python file
    name : of the function in it

    Raises
    ------
    ProgramError : when called, where there is no such file or function
    """

    path: str
    name: str = "program"

    def __call__(self, comm, *args):
        return self.load()(comm, *args)

    def load(self):
        """The function itself. What the file does when it is imported happens the first time."""
        module = _module(Path(self.path).resolve())
        function = getattr(module, self.name, None)
        if not callable(function):
            raise ProgramError(
                f"{self.path} defines no function {self.name}; define the program as "
                f"`def {self.name}(comm):`"
            )
        return function


def _module(path):
    # Under a name of its own in sys.modules, so that instances of its classes can be pickled.
    name = "program_" + hashlib.sha256(str(path).encode()).hexdigest()[:16]
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise ProgramError(f"there is no file {path}; give the path of a Python file")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise ProgramError(f"{path} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(path.parent))
    return module

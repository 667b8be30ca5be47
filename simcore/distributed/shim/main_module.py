"""The script as a module, executed once in each rank."""

import sys
from pathlib import Path
from types import CodeType, ModuleType

from simcore.distributed.errors import ProgramError
from simcore.distributed.shim.clock import BUILTINS
from simcore.distributed.shim.modules import MAIN

MOST_BYTES = 10_000_000


def compiled(path: Path) -> CodeType:
    """The script's code; raises ProgramError for a file that is no Python."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ProgramError(f"{path}: a script of more than {MOST_BYTES:,} bytes is not run")
        return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except OSError as error:
        raise ProgramError(f"{path}: {error.strerror or error}; name a Python file") from error
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
        raise ProgramError(f"{path}{line}: this is no Python: {error}") from error


def execute(code: CodeType, path: Path, name: str) -> None:
    """Execute the script as the main module of the rank that calls.

    Parameters
    ----------
    name : what `__name__` is to be; it is found under this name, too
    """
    module = ModuleType(name)
    module.__file__ = str(path)
    module.__builtins__ = BUILTINS
    sys.modules[MAIN] = sys.modules[name] = module
    exec(code, vars(module))


def ending_well(run, *args) -> None:
    """Call `run`; leaving with sys.exit is an end as any other, if its status is 0.

    Raises ProgramError for another status.
    """
    try:
        run(*args)
    except SystemExit as left:
        if left.code not in (None, 0):
            raise ProgramError(f"the script left with sys.exit({left.code!r})") from left

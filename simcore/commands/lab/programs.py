"""The files of programs."""

import ast
import importlib.util
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from simcore.errors import PdscopeError
from simcore.reading import text_of

MOST_FILE_BYTES = 4_000_000
FUNCTION = "program"


@dataclass(frozen=True)
class ProgramFile:
    """The function `program(comm, …)` of a file; it is loaded where it is first called.

    Real processes get the name of the file, and load it themselves.
    """

    path: str

    def __call__(self, comm, *arguments):
        return self.function()(comm, *arguments)

    def function(self):
        """The function; raises PdscopeError where the file fails."""
        name = f"pdscope_program_{Path(self.path).stem}"
        module = sys.modules.get(name)
        if module is None or module.__file__ != self.path:
            module = _load(name, self.path)
        return getattr(module, FUNCTION)


def loaded(program: ProgramFile) -> ProgramFile:
    """`program`, whose file has been loaded here; raises PdscopeError where that fails."""
    program.function()
    return program


def defines_program(path) -> bool:
    """Whether the file `path` has a `program` at its top level; it is read, and not run.

    Raises PdscopeError where it cannot be read or is no Python.
    """
    try:
        text = text_of(path, MOST_FILE_BYTES)
    except PdscopeError as error:
        raise PdscopeError(f"{path}: {error}") from None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"{path}:{line}" if line else path
        raise PdscopeError(f"{where}: is no Python: {getattr(error, 'msg', error)}") from None
    return any(FUNCTION in _named(statement) for statement in tree.body)


def _named(statement):
    """The names that a statement at the top level gives something to."""
    match statement:
        case ast.FunctionDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return {name}
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            return {alias.asname or alias.name for alias in names}
    return set()


def _load(name, path):
    # As Python does for a script: what lies beside it can be imported.
    folder = str(Path(path).parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, Exception):
            raise PdscopeError(f"{_place(error, path)}: {_told(error)}") from error
        raise
    return module


def _place(error, path):
    """ "file:line" of the line of `path` that failed."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    return f"{path}:{lines[-1]}" if lines else path


def _told(error):
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

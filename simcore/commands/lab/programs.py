"""The files of programs."""

import ast
import traceback
from pathlib import Path

from simcore.errors import PdscopeError
from simcore.reading import text_of

MOST_FILE_BYTES = 4_000_000
FUNCTION = "program"


def loaded(path):
    """The program of the file `path`, which has been loaded; raises PdscopeError where it fails."""
    from simcore.distributed import ProgramFile

    program = ProgramFile(path)
    try:
        program.load()
    except PdscopeError:
        raise
    except (Exception, SystemExit) as error:
        raise PdscopeError(f"{_place(error, path)}: {_told(error)}") from error
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


def names_torch(path) -> bool:
    """Whether torch is named in the file `path`, as in every script that imports it itself."""
    return "torch" in text_of(path, MOST_FILE_BYTES)


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


def _place(error, path):
    """ "file:line" of the line of `path` that failed."""
    own = str(Path(path).resolve())
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    return f"{path}:{lines[-1]}" if lines else path


def _told(error):
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

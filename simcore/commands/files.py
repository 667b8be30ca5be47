"""Files the commands write."""

from pathlib import Path

from simcore.errors import PdscopeError


def check_folder(path) -> None:
    """Raises PdscopeError where `path` lies in no folder; for asking before the work."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise PdscopeError(f"{path}: cannot be written: there is no folder {folder}")


def write_text(path, text: str) -> None:
    """Write `text` to `path`; raises PdscopeError that names it."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise PdscopeError(f"{path}: cannot be written: {error.strerror}") from None

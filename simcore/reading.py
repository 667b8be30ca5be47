"""Text files that people name: regular, not too large, in UTF-8."""

import json
import os
import stat

from simcore.errors import ScenarioError


def text_of(path, most_bytes: int) -> str:
    """The text of the file `path`.

    Raises ScenarioError, which leaves naming the file to the caller, where it is no regular file
    (a pipe may never end, and neither may a device), is larger than `most_bytes`, is no UTF-8 text
    or cannot be read.
    """
    try:
        # Without waiting: a pipe that nobody writes to is to be refused, not waited for.
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ScenarioError("cannot be read: it is no regular file; save it as one")
            data = file.read(most_bytes + 1)
        if len(data) > most_bytes:
            raise ScenarioError(f"is larger than {_size(most_bytes)}, which is all that is read")
        return data.decode("utf-8")
    except ScenarioError:  # which is a ValueError, too
        raise
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioError("cannot be read: it is not a UTF-8 text") from None
    except ValueError:
        raise ScenarioError("cannot be read: no file has such a name") from None


def json_of(text: str):
    """What the JSON `text` says.

    Raises ScenarioError, which leaves naming the file to the caller, where it is no JSON, is nested
    too deeply, or has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=object_without_repetition)
    except ScenarioError:  # which is a ValueError, too
        raise
    except RecursionError:
        raise ScenarioError("is nested too deeply") from None
    except ValueError as error:
        raise ScenarioError(f"is not JSON: {error}") from None


def object_without_repetition(pairs) -> dict:
    """For `json.loads`: an object; ScenarioError if a key stands twice, for one would be lost."""
    values = {}
    for key, value in pairs:
        if key in values:
            raise ScenarioError(
                f"the key {key[:60]!r} stands twice in one object; keep one of them"
            )
        values[key] = value
    return values


def _open_at_once(path, flags):
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _size(count):
    return f"{count // 1024} KiB" if count < 1_000_000 else f"{count / 1e6:.0f} MB"

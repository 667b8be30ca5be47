"""Which version of the app this is, so that an open page notices that the server has another."""

import functools
import hashlib
from pathlib import Path

import app
import assets

KINDS = (".py", ".js", ".css")


@functools.cache
def build() -> str:
    """A name for the app's own code and assets, which changes when any of them does."""
    digest = hashlib.sha256()
    for package in (app, assets):
        folder = Path(package.__file__).parent
        for path in sorted(path for path in folder.rglob("*") if path.suffix in KINDS):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]

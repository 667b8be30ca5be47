"""What results depend on besides their scenario: the code, the data and the numeric library."""

import hashlib
import sys
from functools import cache
from pathlib import Path

import numpy as np

import gpu_catalog
from simcore.costs.serving_engines import user_constants_files

_SOURCES = ("*.py", "*.toml")


@cache
def results_digest() -> str:
    """A digest of all that determines results, as it is at the first call.

    It covers the sources of simcore and gpu_catalog, the catalog's entries and constants, the
    user's own among them, and the versions of Python and numpy, whose sums may differ in the last
    digit. A process that runs for long asks for it at its start, before a file may change under
    code that is loaded already.
    """
    simcore, catalog = Path(__file__).parent, Path(gpu_catalog.__file__).parent
    digest = digest_of((simcore, catalog))
    own = (*gpu_catalog.user_files(), *user_constants_files())
    if not own:
        return digest
    # What the user adds or replaces may be called as before and say something else.
    parts = [digest, *(hashlib.sha256(path.read_bytes()).hexdigest() for path in own)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def digest_of(folders) -> str:
    """A digest of the sources and data in `folders`, which differ in their names."""
    versions = f"{sys.version_info.major}.{sys.version_info.minor} numpy {np.__version__}"
    digest = hashlib.sha256(versions.encode())
    for folder in folders:
        found = {path.relative_to(folder).as_posix(): path for ending in _SOURCES
                 for path in folder.rglob(ending)}  # fmt: skip
        for name, path in sorted(found.items()):
            data = path.read_bytes()
            # With its length, so that nothing can move from one file to the next unnoticed.
            digest.update(f"\n{folder.name}/{name} {len(data)}\n".encode())
            digest.update(data)
    return digest.hexdigest()

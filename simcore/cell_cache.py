"""Results of cells on disk, by scenario: what was computed once is not computed again.

A cell's key is its scenario and the digest of the code and data that determine its result, so that
nothing stale is ever found. What is kept is JSON and is only ever read as JSON: a file that someone
has tampered with cannot run code. A folder that cannot be used costs a warning, not the sweep.
"""

import hashlib
import json
import logging
import math
import os
import sqlite3
import threading
from pathlib import Path

import diskcache

from gpu_catalog import overlay
from simcore.errors import ScenarioError
from simcore.provenance import results_digest
from simcore.run import MOST_EVENTS, predicted_events
from simcore.sweep import DONE, INFEASIBLE, RESULTS, Cell, Row, run_cell
from simcore.topologies import topology_digest

MOST_BYTES = 256_000_000
FOLDER_VARIABLE = "PDSCOPE_CACHE"
# A cell takes milliseconds: rather compute it than wait longer than this for other processes.
PATIENCE_S = 1.0

_log = logging.getLogger("pdscope")


class CellCache:
    """Rows of cells in a folder; any number of processes and threads may use it at once.

    Where it outgrows `most_bytes`, what was stored first goes first. Nothing here raises: a folder
    or file that cannot be used is warned of once, and from then on nothing is found or kept.

    Parameters
    ----------
    folder : made if it is not there
    most_bytes : of the file on disk, but for what is being written [byte]
    digest : of what results depend on besides their scenario
    """

    def __init__(self, folder, *, most_bytes: int = MOST_BYTES, digest: str | None = None):
        self.folder = Path(folder)
        self._most_bytes = most_bytes
        self._digest = results_digest() if digest is None else digest
        self._lock = threading.Lock()
        self._store = None
        self._given_up = False

    def get(self, cell: Cell, *, max_events: int = MOST_EVENTS) -> Row | None:
        """What `run_cell` returns for the cell, bit for bit; None if that is not known."""
        key = self._key(cell, max_events)
        text = self._try(lambda store: store.get(key)) if key else None
        told = _decoded(text)
        return None if told is None else {**dict(cell.values), **told}

    def put(self, cell: Cell, row: Row, *, max_events: int = MOST_EVENTS) -> None:
        """Keep the row that `run_cell` has returned for the cell."""
        if key := self._key(cell, max_events):
            self._try(lambda store: store.set(key, _encoded(row)))

    def close(self) -> None:
        """Close this thread's file; using the cache opens it again."""
        if self._store is not None:
            self._store.close()

    def _key(self, cell, max_events):
        """None where the row is quickly had anyway, or depends on the bound of events."""
        with overlay(cell.added):
            try:
                scenario = cell.scenario()
                too_many = predicted_events(scenario) > max_events
            except ScenarioError:
                return None
        if too_many or scenario.chunk_tokens > scenario.prompt_tokens:
            return None
        added = [cell.added.digest] if cell.added else []
        if own := topology_digest(scenario.topology):
            added.append(own)
        text = json.dumps([self._digest, *added, scenario.to_dict()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _try(self, work):
        """What `work` makes of the open store; None, after a warning, where that fails."""
        if self._given_up:
            return None
        try:
            return work(self._opened())
        except diskcache.Timeout:
            return None
        except (sqlite3.Error, OSError, _Unusable) as error:
            with self._lock:
                if not self._given_up:
                    self._given_up = True
                    _log.warning(
                        "warning: the cache in %s cannot be used (%s); going on without it. "
                        "Remove that folder, or set %s to another or to nothing",
                        ascii(str(self.folder)), error, FOLDER_VARIABLE,
                    )  # fmt: skip
            return None

    def _opened(self):
        if self._store is None:
            with self._lock:
                if self._store is None:
                    self._store = _open(self.folder, self._most_bytes)
        return self._store


def default_cache() -> CellCache | None:
    """The cache where PDSCOPE_CACHE says, or in the user's cache folder; None if that is "".

    It opens its file when it is first used.
    """
    if (chosen := os.environ.get(FOLDER_VARIABLE)) is not None:
        return CellCache(chosen) if chosen else None
    # A relative one is to be ignored, as the XDG base directory specification has it.
    home = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(home) if os.path.isabs(home) else Path.home() / ".cache"
    except RuntimeError:  # a user without a home has no place for it
        return None
    return CellCache(base / "pdscope")


def cached_cell(cell: Cell, cache: CellCache | None, *, max_events: int = MOST_EVENTS) -> Row:
    """What `run_cell` returns, from the cache if it is there, and kept there if it was not."""
    if cache is None:
        return run_cell(cell, max_events=max_events)
    row = cache.get(cell, max_events=max_events)
    if row is None:
        row = run_cell(cell, max_events=max_events)
        cache.put(cell, row, max_events=max_events)
    return row


class _Unusable(Exception):
    """A file that is no cache of ours."""


class _PlainDisk(diskcache.Disk):
    """Texts under texts, all in the one database: nothing is unpickled, no other file touched."""

    def put(self, key):
        return key, True

    def get(self, key, raw):
        return key

    def store(self, value, read, key=None):
        return 0, diskcache.core.MODE_RAW, None, value

    def fetch(self, mode, filename, value, read):
        return value

    def remove(self, filename):
        pass


def _open(folder, most_bytes):
    try:
        return diskcache.Cache(
            folder,
            timeout=PATIENCE_S,
            disk=_PlainDisk,
            size_limit=most_bytes,
            # The only policy by which a hit writes nothing.
            eviction_policy="least-recently-stored",
            statistics=0,
            tag_index=0,
        )
    except (sqlite3.Error, OSError):
        raise
    except Exception as error:  # whatever the library makes of settings that it did not write
        raise _Unusable(f"{type(error).__name__}: {error}") from error


def _encoded(row):
    results = [row[name] for name in RESULTS] if row["outcome"] == DONE else None
    # JSON writes a float with as many digits as it takes to read the same one back.
    return json.dumps([row["outcome"], results, row["reason"]])


def _decoded(text):
    """The columns of a row besides its values; None for anything `_encoded` never wrote."""
    try:
        outcome, results, reason = json.loads(text)
        done = outcome == DONE and reason == "" and len(results) == len(RESULTS)
    except (TypeError, ValueError, RecursionError):
        return None
    if done and all(type(value) is float and math.isfinite(value) for value in results):
        return dict(zip(RESULTS, results, strict=True)) | {"outcome": DONE, "reason": ""}
    if outcome == INFEASIBLE and results is None and type(reason) is str:
        return dict.fromkeys(RESULTS, math.nan) | {"outcome": outcome, "reason": reason}
    return None

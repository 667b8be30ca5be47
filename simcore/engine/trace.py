"""The trace of a run: a table with a row for each transfer and job that completed."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

import numpy as np
import pandas as pd

from simcore.engine.graph import COMPUTE, TaskGraph

INTEGER_ABSENT = -1

SHARDS = "shards"
"""The field of a tag that says how many transfers alike a transfer stands for."""


@dataclass(frozen=True)
class Trace:
    """Columns of equal length, rows in order of completion.

    Attributes
    ----------
    start_s, end_s : when it was added or began to run, and when it completed [s]
    kind : the tag's type, as its `kind` attribute or class name says; "transfer" or "compute"
        without a tag
    device, path : where it ran, or the channels it crossed, joined by " > "; "" otherwise. One that
        is crossed n times on end is told once, with ×n
    bytes : payload [byte]; 0 for a job. Where a tag's field `shards` says that a transfer stands
        for several, of all of them
    facts : the tags' fields, a column each; -1 (or "") where a tag has no such field
    crossed : of each category of `path`, the names of the channels, one as often as it is crossed
    stands_for : names of channels that carry the same as another, which no path crosses, with the
        name of that other one
    """

    start_s: np.ndarray
    end_s: np.ndarray
    kind: pd.Categorical
    device: pd.Categorical
    path: pd.Categorical
    bytes: np.ndarray
    facts: dict[str, np.ndarray]
    crossed: tuple[tuple[str, ...], ...]
    stands_for: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, batches, jobs) -> "Trace":
        """The trace of completed transfers and jobs, each in order of completion."""
        items = [*batches, *jobs]
        end_s = np.array([item.end_time for item in items], dtype=float)
        # Stable: at one instant transfers stand before jobs, as they complete.
        order = np.argsort(end_s, kind="stable")
        n_batches = len(batches)
        tags = [item.tag for item in items]
        kinds = ["transfer" if tag is None else type(tag) for tag in tags[:n_batches]]
        kinds += ["compute" if tag is None else type(tag) for tag in tags[n_batches:]]
        sizes = [batch.total_size for batch in batches] + [0.0] * len(jobs)
        facts = _facts(tags, order)
        path = _labels([batch.path for batch in batches] + [()] * len(jobs), order)
        crossed = {_name(batch.path): _crossed(batch.path) for batch in batches}
        return cls(
            start_s=np.array([item.start_time for item in items], dtype=float)[order],
            end_s=end_s[order],
            kind=_labels(kinds, order),
            device=_labels([None] * n_batches + [job.device for job in jobs], order),
            path=path,
            bytes=_of_all(np.array(sizes, dtype=float)[order], facts),
            facts=facts,
            crossed=tuple(crossed.get(name, ()) for name in path.categories),
        )

    @classmethod
    def of_graph(cls, graph: TaskGraph, start_s, end_s) -> "Trace":
        """The trace of an executed task graph, from the times that `execute` returned."""
        start_s, end_s = np.asarray(start_s), np.asarray(end_s)
        order = completion_order(graph, end_s)
        route = np.array(graph.route)[order]
        job = route == COMPUTE
        paths = _labelled(graph.routes)
        facts = {name: column[order] for name, column in graph.facts.items()}
        kinds = np.unique(graph.kind)  # those that there are
        return cls(
            start_s=start_s[order],
            end_s=end_s[order],
            kind=_categorical(
                np.searchsorted(kinds, graph.kind[order]),
                tuple(_name(graph.kinds[kind]) for kind in kinds),
            ),
            device=_categorical(graph.device[order] + 1, ("", *map(_name, graph.devices))),
            path=_categorical(route + 1, ("", *(name for name, _ in paths))),
            bytes=_of_all(np.where(job, 0.0, np.array(graph.amount)[order]), facts),
            facts=facts,
            crossed=((), *(crossed for _, crossed in paths)),
            stands_for={c.name: other.name for c, other in graph.stands_for.items()},
        )

    def __len__(self):
        return len(self.start_s)

    def to_frame(self) -> pd.DataFrame:
        """The table as a DataFrame, the tags' fields as columns among the others."""
        columns = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        facts = columns.pop("facts")
        del columns["crossed"], columns["stands_for"]
        kept = {name: columns.pop(name) for name in ("start_s", "end_s", "kind")}
        return pd.DataFrame({**kept, **facts, **columns})


def completion_order(graph: TaskGraph, end_s) -> np.ndarray:
    """The task of each row of the trace of an executed graph."""
    # At one instant transfers end before jobs, and each in the order of their numbers.
    return np.lexsort((np.array(graph.route) == COMPUTE, end_s))


def _categorical(codes, names):
    return pd.Categorical.from_codes(codes, dtype=_dtype(names), validate=False)


@lru_cache(maxsize=256)
def _dtype(names):
    # To check them takes longer than all else that is done with them.
    return pd.CategoricalDtype(names)


def _labels(values, order):
    """A categorical of what `values` are called; each distinct value is named only once."""
    codes = {}
    numbers = np.fromiter(
        (codes.setdefault(value, len(codes)) for value in values), int, len(values)
    )
    names = {}
    renumber = [names.setdefault(_name(value), len(names)) for value in codes]
    numbers = np.asarray(renumber, dtype=int)[numbers] if len(values) else numbers
    return pd.Categorical.from_codes(numbers[order], categories=list(names))


def _name(value) -> str:
    if value is None:
        return ""
    if isinstance(value, type):
        return getattr(value, "kind", value.__name__)
    if isinstance(value, tuple):
        return " > ".join(
            name if times == 1 else f"{name} ×{times}" for name, times in _on_end(value)
        )
    return str(value)


def _labelled(routes):
    """What each route is called, and the names of the channels that it crosses."""
    known = routes.labels
    for number in range(len(known), len(routes)):
        path = routes.paths[number]
        known[number] = _name(path), _crossed(path)
    return [known[number] for number in range(len(routes))]


def _on_end(path):
    """Names of the channels of a path, each with how often it is crossed on end."""
    return [(name, len(list(same))) for name, same in groupby(channel.name for channel in path)]


def _crossed(path):
    return tuple(channel.name for channel in path)


def _of_all(sizes, facts):
    """Payloads [byte], times the transfers that each stands for."""
    shards = facts.get(SHARDS)
    return sizes if shards is None else sizes * np.maximum(shards, 1)


def _facts(tags, order):
    """A column for each field of any tag's type, in order of first appearance."""
    rows_of = {}
    for row, tag in enumerate(tags):
        if tag is not None:
            rows_of.setdefault(type(tag), []).append(row)
    values = {}  # field -> (rows, their values)
    for kind, rows in rows_of.items():
        for fact in dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ():
            field_rows, field_values = values.setdefault(fact.name, ([], []))
            field_rows += rows
            field_values += [getattr(tags[row], fact.name) for row in rows]
    columns = {}
    for name, (rows, held) in values.items():
        whole = all(type(value) is int for value in held)
        column = np.full(len(tags), INTEGER_ABSENT if whole else "", int if whole else object)
        for row, value in zip(rows, held, strict=True):
            column[row] = value
        columns[name] = column[order]
    return columns

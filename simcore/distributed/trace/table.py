"""The trace of a run of a program: two tables, alike whether it was simulated or deployed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from simcore.distributed.network import Paths
from simcore.distributed.trace.critical import CriticalPath, critical_path
from simcore.distributed.trace.overlap import per_operation, per_rank
from simcore.distributed.trace.rates import Rates, nic_rates
from simcore.distributed.trace.recorder import Message, Recorder, Span, SpanKind

_NUMBERS = {"rank", "peer", "bytes", "tag", "source", "target"}
_KINDS = [kind.value for kind in SpanKind]
_MESSAGE = "message"


@dataclass(frozen=True, eq=False)
class LabTrace:
    """What each rank did, and each message, of a run of a program.

    Equal runs give equal tables, whatever the order in which things were recorded.

    Attributes
    ----------
    ranks : how many took part
    span_rows, message_rows : as recorded; `spans` and `messages` are the tables of them
    paths : of the network that was simulated, the channels from one rank to another; None where it
        is not known
    """

    ranks: int
    span_rows: Sequence[tuple] = field(repr=False)
    message_rows: Sequence[tuple] = field(repr=False)
    paths: Paths | None = field(default=None, repr=False)

    @classmethod
    def of(cls, recorder: Recorder, ranks: int, paths: Paths | None = None) -> "LabTrace":
        """The trace that a recorder holds, of a run of `ranks` ranks."""
        return cls(ranks, recorder.spans, recorder.messages, paths)

    @cached_property
    def spans(self) -> pd.DataFrame:
        """What ranks did: rows in order of start, then rank.

        Columns: rank; sequence, its number among the spans of its rank; kind, "compute",
        "communication" or "idle"; name, of the call; region; peer, -1 for none; bytes; tag, -1 for
        none; start_s and end_s [s].
        """
        columns = _columns(Span, self.span_rows)
        # A rank's spans follow one another; what takes no time stays as it was recorded.
        order = np.lexsort((columns["end_s"], columns["start_s"], columns["rank"]))
        columns = {name: column[order] for name, column in columns.items()}
        sequence = _number_in_runs(columns["rank"])
        order = np.argsort(columns["start_s"], kind="stable")
        kinds = {kind: code for code, kind in enumerate(SpanKind)}
        codes = np.fromiter(map(kinds.__getitem__, columns["kind"]), np.int8, len(order))
        return pd.DataFrame(
            {
                "rank": columns["rank"][order],
                "sequence": sequence[order],
                "kind": pd.Categorical.from_codes(codes[order], categories=_KINDS),
                "name": _categories(columns["name"][order]),
                "region": _categories(columns["region"][order]),
                **{name: columns[name][order] for name in ("peer", "bytes", "tag")},
                **{name: columns[name][order] for name in ("start_s", "end_s")},
            }
        )

    @cached_property
    def messages(self) -> pd.DataFrame:
        """Messages, in order of arrival, then of start, posting, source, target and tag.

        Columns: source and target, ranks; bytes; tag; operation, the call it belongs to; posted_s,
        when the sender posted it, start_s, when it set out, and end_s, when it had arrived [s].
        """
        columns = _columns(Message, self.message_rows)
        keys = ("tag", "target", "source", "posted_s", "start_s", "end_s")
        order = np.lexsort([columns["bytes"], *(columns[key] for key in keys)])
        frame = {name: column[order] for name, column in columns.items()}
        return pd.DataFrame(frame | {"operation": _categories(frame["operation"])})

    @cached_property
    def per_rank(self) -> pd.DataFrame:
        """What each rank did with its time, exposed and hidden communication; see `overlap`."""
        return per_rank(self.spans, self.messages, self.ranks)

    @property
    def exposed_s(self) -> np.ndarray:
        """Of each rank, the time in which it was inside a communication call [s]."""
        return self.per_rank["exposed_s"].to_numpy()

    @property
    def hidden_s(self) -> np.ndarray:
        """Of each rank, the time in which it computed while a message of it was under way [s]."""
        return self.per_rank["hidden_s"].to_numpy()

    @cached_property
    def per_operation(self) -> pd.DataFrame:
        """What the calls of each name cost the ranks that made them; see `overlap`."""
        return per_operation(self.spans)

    def compute_table(self) -> pd.DataFrame:
        """How long each piece of computation took, to be replayed.

        Columns: rank; piece, its number among those of its rank; region; seconds.
        """
        computes = self.spans[self.spans["kind"] == SpanKind.COMPUTE.value]
        computes = computes.sort_values(["rank", "sequence"])
        return pd.DataFrame(
            {
                "rank": computes["rank"].to_numpy(),
                "piece": _number_in_runs(computes["rank"].to_numpy()),
                "region": computes["region"].astype(object).to_numpy(),
                "seconds": (computes["end_s"] - computes["start_s"]).to_numpy(),
            }
        )

    @cached_property
    def rates(self) -> Rates:
        """How fast each rank sent and received over time."""
        return nic_rates(self.messages, self.paths)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Spans and messages in one table, in order of end, as other traces are.

        Columns: start_s and end_s [s]; kind, "compute", "communication", "idle" or "message"; name,
        of the call; region; rank, of a message its source; peer, its target; bytes; tag; posted_s,
        when a message's sender posted it, and otherwise start_s [s].
        """
        spans, messages = self.spans, self.messages
        columns = {
            "start_s": [spans["start_s"], messages["start_s"]],
            "end_s": [spans["end_s"], messages["end_s"]],
            "kind": [spans["kind"].astype(object), [_MESSAGE] * len(messages)],
            "name": [spans["name"].astype(object), messages["operation"].astype(object)],
            "region": [spans["region"].astype(object), [""] * len(messages)],
            "rank": [spans["rank"], messages["source"]],
            "peer": [spans["peer"], messages["target"]],
            "bytes": [spans["bytes"], messages["bytes"]],
            "tag": [spans["tag"], messages["tag"]],
            "posted_s": [spans["start_s"], messages["posted_s"]],
        }
        whole = {name: np.concatenate(parts) for name, parts in columns.items()}
        # At one instant messages arrive before what waits for them ends.
        order = np.lexsort(([True] * len(spans) + [False] * len(messages), whole["end_s"]))
        frame = {name: column[order] for name, column in whole.items()}
        kinds = pd.Categorical(frame["kind"], categories=[*_KINDS, _MESSAGE])
        texts = {name: _categories(frame[name]) for name in ("name", "region")}
        return pd.DataFrame(frame | texts | {"kind": kinds})

    def critical_path(self) -> CriticalPath:
        """What led to the last end."""
        return critical_path(self.spans, self.messages)

    @cached_property
    def end_s(self) -> float:
        """When the last span or message ended [s]; 0 if there is none."""
        ends = [0.0, *self.spans["end_s"].tolist(), *self.messages["end_s"].tolist()]
        return max(ends)


def _columns(kind, rows):
    """An array for each field of `kind`."""
    values = zip(*rows, strict=True) if rows else ((),) * len(kind._fields)
    return {name: _array(name, column) for name, column in zip(kind._fields, values, strict=True)}


def _array(name, values):
    if name in _NUMBERS:
        return np.array(values, dtype=np.int64)
    if name.endswith("_s"):
        return np.array(values, dtype=float)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _categories(values):
    # Of one type even where there is nothing to tell it by.
    return pd.Categorical(values, categories=pd.Index(sorted(set(values)), dtype=object))


def _number_in_runs(ranks):
    """Of each place its number among those of the same rank, which stand together."""
    first = np.flatnonzero(np.diff(ranks, prepend=-1))
    lengths = np.diff(np.append(first, len(ranks)))
    return np.arange(len(ranks)) - np.repeat(first, lengths)

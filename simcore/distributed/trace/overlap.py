"""Which communication ranks waited for, and which computation hid."""

import numpy as np
import pandas as pd

from simcore.distributed.trace.recorder import SpanKind


def per_rank(spans: pd.DataFrame, messages: pd.DataFrame, ranks: int) -> pd.DataFrame:
    """What each rank did with its time: a row for each, in order of rank.

    Parameters
    ----------
    spans, messages : tables of a LabTrace

    Returns
    -------
    Table with the columns rank; compute_s, the time in its computation; exposed_s, the time in
    which it was inside a communication call and could do nothing else; idle_s, the time in which it
    did nothing because its program said so; hidden_s, the time in which it computed while a message
    that it sends or receives was under way, however many of them; end_s, when its last span ended;
    sent_bytes and received_bytes of its messages [s, byte].
    """
    rank = spans["rank"].to_numpy()
    starts, ends = spans["start_s"].to_numpy(), spans["end_s"].to_numpy()
    kind, lasted = spans["kind"], ends - starts
    computes = (kind == SpanKind.COMPUTE.value).to_numpy()
    end_s = np.zeros(ranks)
    np.maximum.at(end_s, rank, ends)
    source, target = messages["source"].to_numpy(), messages["target"].to_numpy()
    size = messages["bytes"].to_numpy()
    return pd.DataFrame(
        {
            "rank": np.arange(ranks),
            **{
                name: np.bincount(rank, np.where(kind == of.value, lasted, 0.0), ranks)
                for name, of in (
                    ("compute_s", SpanKind.COMPUTE),
                    ("exposed_s", SpanKind.COMMUNICATION),
                    ("idle_s", SpanKind.IDLE),
                )
            },
            "hidden_s": _hidden_s(spans[computes], messages, ranks),
            "end_s": end_s,
            "sent_bytes": _sums(source, size, ranks),
            "received_bytes": _sums(target, size, ranks),
        }
    )


def per_operation(spans: pd.DataFrame) -> pd.DataFrame:
    """What calls of each name cost the ranks that made them.

    Returns
    -------
    Table in order of name with the columns operation; count, of calls, one for each rank that makes
    one; bytes, of all their payloads; median_s and total_s, the time inside one and inside all [s].
    """
    calls = spans[spans["kind"] == SpanKind.COMMUNICATION.value]
    seconds = (calls["end_s"] - calls["start_s"]).to_numpy()
    size, codes = calls["bytes"].to_numpy(), calls["name"].cat.codes.to_numpy()
    rows = []
    for code, name in enumerate(calls["name"].cat.categories):
        own = codes == code
        if own.any():
            times = seconds[own]
            rows.append((name, own.sum(), size[own].sum(), np.median(times), times.sum()))
    columns = zip(*rows, strict=True) if rows else ((),) * 5
    names = {"operation": object, "count": int, "bytes": int, "median_s": float, "total_s": float}
    return pd.DataFrame(
        {name: np.array(column, kind)
         for (name, kind), column in zip(names.items(), columns, strict=True)}
    )  # fmt: skip


def _sums(places, values, length):
    sums = np.zeros(length, dtype=np.int64)
    np.add.at(sums, places, values)
    return sums


def _hidden_s(computations, messages, ranks):
    """Of each rank the time in which it computes and has a message under way [s]."""
    starts, ends = messages["start_s"].to_numpy(), messages["end_s"].to_numpy()
    source, target = messages["source"].to_numpy(), messages["target"].to_numpy()
    ours = _by_rank(np.concatenate([source, target[target != source]]), ranks)
    message = np.concatenate([np.arange(len(source)), np.flatnonzero(target != source)])
    computes = _by_rank(computations["rank"].to_numpy(), ranks)
    began, ended = computations["start_s"].to_numpy(), computations["end_s"].to_numpy()
    hidden = np.zeros(ranks)
    for rank in range(ranks):
        own = message[ours[rank]]
        if len(own) and len(computes[rank]):
            moments, under_way = _time_under_way(starts[own], ends[own])
            until = np.interp(ended[computes[rank]], moments, under_way)
            since = np.interp(began[computes[rank]], moments, under_way)
            hidden[rank] = max(0.0, np.sum(until - since))  # rounding makes -0.0 of nothing
    return hidden


def _by_rank(rank, ranks):
    order = np.argsort(rank, kind="stable")
    return np.split(order, np.searchsorted(rank[order], np.arange(1, ranks)))


def _time_under_way(starts, ends):
    """Moments [s], and how long until each of them any of the intervals was on [s]."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    first = np.append(True, starts[1:] > ends[:-1])  # of intervals that overlap or touch
    begins, finishes = starts[first], ends[np.append(first[1:], True)]
    moments = np.stack([begins, finishes], axis=1).ravel()
    so_far = np.cumsum(finishes - begins)
    return moments, np.stack([so_far - (finishes - begins), so_far], axis=1).ravel()

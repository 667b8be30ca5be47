"""A run of a cluster for Perfetto: requests on the replicas where they were, and counters.

Chrome's Trace Event Format, as `simcore.exports.perfetto` has it. A request is an asynchronous
slice, so that those that overlap need no lane of their own: one for each part of its time to first
token, and one for its decoding.
"""

import json
from itertools import pairwise

import numpy as np

from simcore.serving.results import TERMS, ServingResult

US = 1e6
COUNTERS = ("waiting", "running", "kv_blocks")


def perfetto(result: ServingResult) -> bytes:
    """The trace; equal results give equal bytes."""
    events = [
        {"ph": "M", "name": "process_name", "pid": facts.index + 1,
         "args": {"name": f"{facts.pool} {facts.slot}"}}
        for facts in result.served.replicas
    ]  # fmt: skip
    events += [*_slices(result), *_counters(result)]
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}).encode()


def _slices(result):
    columns = result.columns
    for row in np.flatnonzero(result.completed):
        first = int(columns["prefill_replica"][row]) + 1
        decode = int(columns["decode_replica"][row])
        last = first if decode < 0 else decode + 1
        number = int(columns["number"][row])
        lengths = [float(columns[term][row]) for term in TERMS]
        ends = float(columns["arrival_s"][row]) + np.cumsum([0.0, *lengths])
        for term, (begins, over) in zip(TERMS, pairwise(ends), strict=True):
            if over > begins:
                yield from _slice(term.removesuffix("_s"), number, first, begins, over)
        yield from _slice("decode", number, last, ends[-1], float(columns["ended_s"][row]))


def _slice(name, number, pid, begins, over):
    same = {"cat": "request", "name": name, "id": number, "pid": pid, "tid": pid}
    yield {"ph": "b", "ts": round(begins * US, 3), "args": {"request": number}, **same}
    yield {"ph": "e", "ts": round(over * US, 3), **same}


def _counters(result):
    table = result.served.replica_timeline
    for row, at in enumerate(table["time_s"]):
        for name in COUNTERS:
            yield {
                "ph": "C",
                "name": name,
                "ts": round(float(at) * US, 3),
                "pid": int(table["replica"][row]) + 1,
                "args": {name: int(table[name][row])},
            }

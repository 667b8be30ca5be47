"""A run for Perfetto, as trace events.

Each device and channel is a thread, in a process for each pool and kind of wire. A pass is a
complete event on its device; a transfer is one on every channel of its path, from when it is sent
until it has arrived, for a trace does not say when it is where. Transfers that overlap on a channel
would be taken for nested: each gets a thread of its own then, as few as can be. Flow arrows lead
from a prefill pass along its handoff to the first decode pass that needs it. A counter for each
channel shows the share of its bandwidth in use, from the rates that transfers had.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import BinaryIO

import numpy as np

from simcore.engine.trace import INTEGER_ABSENT
from simcore.exports.about import about
from simcore.exports.events import (
    FIRST_THREAD,
    Track,
    arrow,
    complete,
    content,
    counter,
    naming,
    ns,
    write_events,
)
from simcore.exports.lanes import lanes_of
from simcore.exports.utilisation import utilisation
from simcore.run import Result, cost_model_of, topology_of
from simcore.units import MS


@dataclass(frozen=True)
class _Rows:
    """The trace's columns, as events need them.

    Attributes
    ----------
    start, end : [ns]
    told : of each event all but its place, which the events of a row on several channels share
    """

    start: np.ndarray
    end: np.ndarray
    told: list[str]


def write_perfetto(result: Result, file: BinaryIO) -> None:
    """Write the run to `file`; equal scenarios give equal bytes."""
    write_events(_events(result), about(result), file)


def _events(result) -> Iterator[str]:
    rows = _rows(result)
    pids, tids = count(1), count(FIRST_THREAD)
    yield from _times(result, next(pids), tids)
    places: dict[int, Track] = {}  # the (first) event of each row, for the arrows
    plan, trace = result.plan, result.table
    by_name = {name: code for code, name in enumerate(trace.device.categories)}
    on_device = _rows_by(trace.device.codes)
    for name, devices in (
        ("prefill GPUs", plan.prefill_devices),
        ("decode GPUs", plan.decode_devices),
    ):
        members = [(device.name, on_device.get(by_name[device.name], _NONE)) for device in devices]
        yield from _process(next(pids), tids, name, members, rows, places, {})
    shares = utilisation(result.graph, result.start_s, result.end_s)
    on_channel = _rows_of_channels(result)
    machine = topology_of(result.scenario, cost_model_of(result.scenario), result.faster)
    steps = {channel.name: share for channel, share in shares.steps.items()}
    for name, channels in machine.groups.items():
        pid = next(pids)
        members = [(channel.name, on_channel.get(channel.name, _NONE)) for channel in channels]
        yield from _process(pid, tids, name, members, rows, places, threads := {})
        for channel in channels:
            if channel.name in steps:
                place = Track(pid, threads[channel.name])
                yield from _counter(place, channel.name, steps[channel.name], shares.mean_s)
    yield from _arrows(result, rows, places)


_NONE = np.empty(0, dtype=int)


def _rows(result) -> _Rows:
    trace = result.table
    start, end = ns(trace.start_s), ns(trace.end_s)
    facts = list(trace.facts)
    told = []
    columns = zip(
        start.tolist(), end.tolist(), trace.kind, trace.bytes.tolist(),
        *(trace.facts[fact].tolist() for fact in facts),
        strict=True,
    )  # fmt: skip
    for begins, ends, kind, size, *values in columns:
        known = {fact: value for fact, value in zip(facts, values, strict=True)
                 if value != INTEGER_ABSENT}  # fmt: skip
        number = known.get("chunk", known.get("step", ""))
        inside = [f'"{fact}":{value}' for fact, value in known.items()]
        inside += [f'"bytes":{size:.17g}'] if size else []
        arguments = f"{{{','.join(inside)}}}"
        told.append(content(f"{kind} {number}".strip(), begins, ends, arguments))
    return _Rows(start, end, told)


def _rows_by(codes) -> dict[int, np.ndarray]:
    """The rows of each code, rising."""
    order = np.argsort(codes, kind="stable")
    found, first = np.unique(codes[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, first[1:]), strict=True))


def _rows_of_channels(result) -> dict[str, np.ndarray]:
    by_route = _rows_by(np.asarray(result.table.path.codes) - 1)
    found: dict[str, list] = {}
    for number, path in enumerate(result.graph.routes.paths):
        if number in by_route:
            for channel in dict.fromkeys(path):
                found.setdefault(channel.name, []).append(by_route[number])
    rows = {name: np.sort(np.concatenate(parts)) for name, parts in found.items()}
    twins = result.graph.stands_for.items()
    return rows | {c.name: rows[other.name] for c, other in twins if other.name in rows}


def _process(pid, tids, name, members, rows, places, first_threads):
    """A process, a thread or more for each member, and their events.

    `places` is told of the first event of each row, `first_threads` of each member's first thread.
    """
    named = False
    for member, own in members:
        lanes = lanes_of(rows.start[own], rows.end[own])
        threads = [next(tids) for _ in range(int(lanes.max(initial=0)) + 1)]
        first_threads[member] = threads[0]
        if not named:
            yield from naming("process", pid, threads[0], name, pid)
            named = True
        for lane, tid in enumerate(threads):
            called = f"{member} ({lane + 1})" if lane else member
            yield from naming("thread", pid, tid, called, tid)
        for row, lane in zip(own.tolist(), lanes.tolist(), strict=True):
            place = Track(pid, threads[lane])
            places.setdefault(row, place)
            yield complete(place, rows.told[row])


def _times(result, pid, tids):
    """A process of what is measured: TTDS, the first decode step, and the critical path."""
    metrics = result.metrics
    times, path = Track(pid, next(tids)), Track(pid, next(tids))
    ttds, ttft = ns([metrics.ttds_s, metrics.ttft_s]).tolist()
    yield from naming("process", pid, times.tid, "pdscope", pid)
    yield from naming("thread", pid, times.tid, "TTFT", times.tid)
    scenario = {k: v for k, v in result.scenario.to_dict().items() if v is not None}
    title = f"TTDS {metrics.ttds_s / MS:.3f} ms"
    yield complete(times, content(title, 0, ttds, json.dumps(scenario)))
    yield complete(times, content("first decode step", ttds, ttft, "{}"))
    yield from naming("thread", pid, path.tid, "critical path", path.tid)
    for stretch in result.critical_path.stretches:
        start, end = ns([stretch.start_s, stretch.end_s]).tolist()
        parts = f'{{"parts":{stretch.segments}}}'
        yield complete(path, content(stretch.kind.value, start, end, parts))


def _counter(place, channel, steps, mean_s):
    unit = "% of bandwidth" if mean_s is None else f"% of bandwidth, mean of {mean_s / MS:.3g} ms"
    yield from counter(place, channel, unit, steps[0], 100 * steps[1])


def _arrows(result, rows, places):
    """From each prefill pass along its handoffs to the first pass of the decode stage."""
    trace = result.table
    kind = {name: trace.kind.codes == code for code, name in enumerate(trace.kind.categories)}
    stage, chunk, step = (trace.facts[name] for name in ("stage", "chunk", "step"))
    prefill = np.flatnonzero(kind["prefill"]).tolist()
    decode = np.flatnonzero(kind["decode"] & (step == 0)).tolist()
    part = trace.facts["part"]
    sender = {(stage[row], chunk[row], part[row]): row for row in prefill}
    receiver = {stage[row]: row for row in reversed(decode)}
    to_stage = trace.facts["to_stage"]
    for number, row in enumerate(np.flatnonzero(kind["handoff"]).tolist(), start=1):
        sent_by = sender[stage[row], chunk[row], part[row]]
        hops = (("s", sent_by), ("t", row), ("f", receiver[to_stage[row]]))
        for phase, hop in hops:
            place = places[hop]
            # It belongs to what is open on its thread at that time.
            inside = (int(rows.start[hop]) + int(rows.end[hop])) // 2
            yield arrow(phase, "handoff", number, place, inside)

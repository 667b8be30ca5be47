"""A run for Perfetto: Chrome's Trace Event Format, in JSON.

Each device and channel is a thread, in a process for each pool and kind of wire. A pass is a
complete event on its device; a transfer is one on every channel of its path, from when it is sent
until it has arrived, for a trace does not say when it is where. Transfers that overlap on a channel
would be taken for nested: each gets a thread of its own then, as few as can be. Flow arrows lead
from a prefill pass along its handoff to the first decode pass that needs it. A counter for each
channel shows the share of its bandwidth in use, from the rates that transfers had.

Format: "Trace Event Format", Google, 2016; read by ui.perfetto.dev and by chrome://tracing.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import BinaryIO

import numpy as np

from simcore.engine.trace import INTEGER_ABSENT
from simcore.exports.about import about
from simcore.exports.lanes import lanes_of
from simcore.exports.utilisation import utilisation
from simcore.run import Result, cost_model_of, topology_of
from simcore.units import MS

NS = 1e-9
BLOCK = 2000
# A number below it is a process, one from it on a thread. Readers know threads by their number
# alone, so that no two may share one, and take one that has its process's number for its main one.
FIRST_THREAD = 1001


@dataclass(frozen=True)
class Track:
    """Where a device or channel is drawn: of overlapping events, the first thread of several."""

    pid: int
    tid: int


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
    events = _events(result)
    file.write(b'{"traceEvents":[\n')
    separator = ""
    while block := list(islice(events, BLOCK)):
        file.write((separator + ",\n".join(block)).encode())
        separator = ",\n"
    rest = {"displayTimeUnit": "ms", "otherData": about(result)}
    file.write(f"\n],{json.dumps(rest)[1:]}\n".encode())


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
    start, end = _ns(trace.start_s), _ns(trace.end_s)
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
        told.append(_told(f"{kind} {number}".strip(), begins, ends, arguments))
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
            yield from _named("process", pid, threads[0], name, pid)
            named = True
        for lane, tid in enumerate(threads):
            called = f"{member} ({lane + 1})" if lane else member
            yield from _named("thread", pid, tid, called, tid)
        for row, lane in zip(own.tolist(), lanes.tolist(), strict=True):
            place = Track(pid, threads[lane])
            places.setdefault(row, place)
            yield _complete(place, rows.told[row])


def _times(result, pid, tids):
    """A process of what is measured: TTDS, the first decode step, and the critical path."""
    metrics = result.metrics
    times, path = Track(pid, next(tids)), Track(pid, next(tids))
    ttds, ttft = _ns([metrics.ttds_s, metrics.ttft_s]).tolist()
    yield from _named("process", pid, times.tid, "pdscope", pid)
    yield from _named("thread", pid, times.tid, "TTFT", times.tid)
    scenario = {k: v for k, v in result.scenario.to_dict().items() if v is not None}
    title = f"TTDS {metrics.ttds_s / MS:.3f} ms"
    yield _complete(times, _told(title, 0, ttds, json.dumps(scenario)))
    yield _complete(times, _told("first decode step", ttds, ttft, "{}"))
    yield from _named("thread", pid, path.tid, "critical path", path.tid)
    for stretch in result.critical_path.stretches:
        start, end = _ns([stretch.start_s, stretch.end_s]).tolist()
        parts = f'{{"parts":{stretch.segments}}}'
        yield _complete(path, _told(stretch.kind.value, start, end, parts))


def _counter(place, channel, steps, mean_s):
    unit = "% of bandwidth" if mean_s is None else f"% of bandwidth, mean of {mean_s / MS:.3g} ms"
    head = f'{{"ph":"C",{_at(place)},"name":{json.dumps(channel)},"ts":'
    for moment, share in zip(_ns(steps[0]).tolist(), steps[1].tolist(), strict=True):
        yield f'{head}{_us(moment)},"args":{{"{unit}":{100 * share:.7g}}}}}'


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
            bind = ',"bp":"e"' if phase == "f" else ""
            yield (
                f'{{"ph":"{phase}","cat":"handoff","name":"handoff","id":{number},'
                f'{_at(place)},"ts":{_us(inside)}{bind}}}'
            )


def _named(what, pid, tid, name, place):
    """Says what a process or thread is called, and where it stands among the others."""
    head = f'{{"ph":"M",{_at(Track(pid, tid))},"name":"{what}'
    yield f'{head}_name","args":{{"name":{json.dumps(name)}}}}}'
    yield f'{head}_sort_index","args":{{"sort_index":{place}}}}}'


def _complete(place, told):
    return f'{{"ph":"X",{_at(place)},{told}}}'


def _told(name, start, end, arguments):
    """Of a complete event all but its place; times in ns, the arguments as a JSON object."""
    return f'"ts":{_us(start)},"dur":{_us(end - start)},"name":"{name}","args":{arguments}'


def _at(place):
    return f'"pid":{place.pid},"tid":{place.tid}'


def _ns(seconds) -> np.ndarray:
    """Whole nanoseconds, so that what follows at once neither overlaps nor leaves a gap."""
    return np.rint(np.asarray(seconds) / NS).astype(np.int64)


def _us(ns) -> str:
    """Microseconds with three decimals.

    Readers multiply by 1000 in floating point and cut off, which of one number in a hundred and
    thirty makes the nanosecond before; of those it is the next larger double.
    """
    us = ns / 1000
    if int(us * 1000.0) == ns:
        return f"{ns // 1000}.{ns % 1000:03}"
    return repr(math.nextafter(us, math.inf))

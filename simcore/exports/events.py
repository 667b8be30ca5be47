"""Chrome's Trace Event Format, in JSON: its kinds of events, each as a line.

Format: "Trace Event Format", Google, 2016; read by ui.perfetto.dev and by chrome://tracing.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Literal

import numpy as np

NS = 1e-9
BLOCK = 2000
# A number below it is a process, one from it on a thread. Readers know threads by their number
# alone, so that no two may share one, and take one that has its process's number for its main one.
FIRST_THREAD = 1001


@dataclass(frozen=True)
class Track:
    """Where something is drawn: of overlapping events, the first thread of several."""

    pid: int
    tid: int


def write_events(events: Iterator[str], about: dict, file: BinaryIO) -> None:
    """Write events to `file`, and what they are of; equal ones give equal bytes."""
    file.write(b'{"traceEvents":[\n')
    separator = ""
    while block := list(islice(events, BLOCK)):
        file.write((separator + ",\n".join(block)).encode())
        separator = ",\n"
    rest = {"displayTimeUnit": "ms", "otherData": about}
    file.write(f"\n],{json.dumps(rest)[1:]}\n".encode())


def naming(what: Literal["process", "thread"], pid, tid, name, place) -> Iterator[str]:
    """Says what a process or thread is called, and where it stands among the others."""
    head = f'{{"ph":"M",{at(Track(pid, tid))},"name":"{what}'
    yield f'{head}_name","args":{{"name":{json.dumps(name)}}}}}'
    yield f'{head}_sort_index","args":{{"sort_index":{place}}}}}'


def complete(place: Track, inside: str) -> str:
    """An event with a start and an end; `inside` is its `content`."""
    return f'{{"ph":"X",{at(place)},{inside}}}'


def content(name: str, start: int, end: int, arguments: str) -> str:
    """Of a complete event all but its place; times in ns, the arguments as a JSON object."""
    return f'"ts":{us(start)},"dur":{us(end - start)},"name":{json.dumps(name)},"args":{arguments}'


def arrow(phase: Literal["s", "t", "f"], name: str, number: int, place: Track, moment: int) -> str:
    """A start ("s"), a stop on the way ("t") or the end ("f") of a flow arrow.

    It belongs to what is open on its thread at that time [ns].
    """
    bind = ',"bp":"e"' if phase == "f" else ""
    name = json.dumps(name)
    return (
        f'{{"ph":"{phase}","cat":{name},"name":{name},"id":{number},'
        f'{at(place)},"ts":{us(moment)}{bind}}}'
    )


def counter(place: Track, name: str, unit: str, moments_s, values) -> Iterator[str]:
    """A quantity that has each value from its moment [s] until the next."""
    head = f'{{"ph":"C",{at(place)},"name":{json.dumps(name)},"ts":'
    unit = json.dumps(unit)
    for moment, value in zip(ns(moments_s).tolist(), values.tolist(), strict=True):
        yield f'{head}{us(moment)},"args":{{{unit}:{value:.7g}}}}}'


def at(place: Track) -> str:
    """The place of an event."""
    return f'"pid":{place.pid},"tid":{place.tid}'


def ns(seconds) -> np.ndarray:
    """Whole nanoseconds, so that what follows at once neither overlaps nor leaves a gap."""
    return np.rint(np.asarray(seconds) / NS).astype(np.int64)


def us(moment: int) -> str:
    """Microseconds with three decimals, of a moment in ns.

    Readers multiply by 1000 in floating point and cut off, which of one number in a hundred and
    thirty makes the nanosecond before; of those it is the next larger double.
    """
    micro = moment / 1000
    if int(micro * 1000.0) == moment:
        return f"{moment // 1000}.{moment % 1000:03}"
    return repr(math.nextafter(micro, math.inf))

"""Reads a file of trace events as Perfetto does, and refuses what it would refuse or drop.

The rules are those of Perfetto's importer of JSON: times are cut off at nanoseconds; threads are
known by their number alone; complete events of a thread nest or are disjoint; a flow event belongs
to the event that is open on its thread at its time.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Slice:
    """A complete event; times in ns."""

    pid: int
    tid: int
    start: int
    end: int
    name: str
    args: dict


@dataclass
class Events:
    """What the reader understood.

    Attributes
    ----------
    processes, threads : names by number
    process_of : of each thread, its process
    flows : of each flow's number, the slices along it, in order
    counters : (process, name) -> (time [ns], value), in order of time
    """

    slices: list[Slice] = field(default_factory=list)
    processes: dict[int, str] = field(default_factory=dict)
    threads: dict[int, str] = field(default_factory=dict)
    process_of: dict[int, int] = field(default_factory=dict)
    order_of: dict[tuple[str, int], int] = field(default_factory=dict)
    flows: dict[int, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    counters: dict[tuple[int, str], list] = field(default_factory=lambda: defaultdict(list))
    other: dict = field(default_factory=dict)


def read_events(data: bytes) -> Events:
    """The events in a JSON file; AssertionError for what Perfetto would not show."""
    whole = json.loads(data, parse_constant=lambda name: AssertionError(name))
    assert next(iter(whole)) == "traceEvents"
    found = Events(other=whole["otherData"])
    timed = []
    for event in whole["traceEvents"]:
        pid, tid = event["pid"], event["tid"]
        assert 0 < pid < tid, "0 is the idle process, and a number shared means the main thread"
        assert found.process_of.setdefault(tid, pid) == pid, f"thread {tid} is in two processes"
        if event["ph"] == "M":
            _name(found, event)
        else:
            timed.append((_ns(event["ts"]), event))
    timed.sort(key=lambda item: item[0])  # stable, as Perfetto's
    open_on = defaultdict(list)
    for ts, event in timed:
        _take(found, open_on[event["tid"]], ts, event)
    return found


def _name(found, event):
    what, _, kind = event["name"].partition("_")
    number = event["pid"] if what == "process" else event["tid"]
    if kind == "sort_index":
        assert (what, number) not in found.order_of
        found.order_of[what, number] = event["args"]["sort_index"]
        return
    names = found.processes if what == "process" else found.threads
    assert kind == "name" and number not in names
    names[number] = event["args"]["name"]


def _take(found, stack, ts, event):
    while stack and stack[-1].end <= ts and event["ph"] == "X":
        stack.pop()
    match event["ph"]:
        case "X":
            end = ts + _ns(event["dur"])
            assert end >= ts >= 0
            assert not stack or end <= stack[-1].end, "a complete event that overlaps is dropped"
            assert isinstance(event["args"], dict)
            own = Slice(event["pid"], event["tid"], ts, end, event["name"], event["args"])
            stack.append(own)
            found.slices.append(own)
        case "s" | "t" | "f" as phase:
            hops = found.flows[event["id"]]
            assert stack and stack[-1].start <= ts <= stack[-1].end, "a flow event of nothing"
            assert (phase == "s") == (not hops)
            assert (phase == "f") == ("bp" in event)
            hops.append(stack[-1])
        case "C":
            [(unit, value)] = event["args"].items()
            found.counters[event["pid"], f"{event['name']} {unit}"].append((ts, value))
        case other:
            raise AssertionError(f"unknown phase {other}")


def _ns(us):
    return int(us * 1000.0)

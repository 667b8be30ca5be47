"""Who is on a wire at a moment, and who was over the whole run."""

import math

from app import numbers
from app.fabric.names import delay_text
from app.fabric.results import FabricRun, FabricRuns
from app.gantt6d.asked import scenario_in, seq_of
from simcore import PdscopeError, ScenarioError
from simcore.engine import CommChannel
from simcore.explain.channel_use import Crossing, Sharer
from simcore.explain.numbers import quantity

# Of a direction of a wire, so many are listed.
MOST_LISTED = 12
# As a share of the speed alone: less than this is rounding.
LEAST_LOSS = 1e-9


def on_wire(asked, runs: FabricRuns) -> dict:
    """Who is on the wire that the browser names; it never raises for what may be posted.

    `asked` is {"seq": number of the request, "values": scenario fields, "wire": name, "from_s": s,
    "to_s": s}. The answer has, for each direction of the wire, who is on it `now`: at that moment
    of the time asked for at which most are; and who used it in all.
    """
    seq = seq_of(asked)
    try:
        if seq is None:
            raise ScenarioError("a request is a mapping with a number `seq`")
        run = runs.of(scenario_in(asked))
        wire, times = asked.get("wire"), (asked.get("from_s"), asked.get("to_s"))
        if not isinstance(wire, str) or wire not in run.wires:
            raise ScenarioError("`wire` is the name of a wire of this fabric")
        if not all(type(each) in (int, float) and math.isfinite(each) for each in times):
            raise ScenarioError("`from_s` and `to_s` are times in seconds")
    except (PdscopeError, OverflowError) as error:
        return {"seq": seq, "wrong": f"{error}."}
    channels = run.wires[wire].channels
    return {
        "seq": seq,
        "wire": wire,
        "directions": [_direction(run, channel, *times) for channel in channels],
    }


def _direction(run: FabricRun, channel: CommChannel, from_s, to_s):
    at_s = run.contention.fullest(channel, from_s, to_s)
    now = run.contention.crossing(channel, at_s)
    use = run.contention.use_of(channel)
    sharers = use.sharers if use else ()
    return {
        "channel": channel.name,
        "at": numbers.duration_text(at_s) if at_s else "0 s",
        "now": [_crossing(run, one, channel) for one in now[:MOST_LISTED]],
        "more_now": max(0, len(now) - MOST_LISTED),
        "busy": sum(one.copies * one.rate for one in now) / channel.bandwidth_bps,
        "all": [_sharer(run, one) for one in sharers[:MOST_LISTED]],
        "more": max(0, len(sharers) - MOST_LISTED),
    }


def _crossing(run, one: Crossing, channel):
    """A transfer that is on its way: what it is, how fast, and what holds it to that."""
    share = one.rate / one.alone if math.isfinite(one.alone) and one.alone else 1.0
    slowed = share < 1 - LEAST_LOSS
    return {
        "kind": one.flow.kind,
        "what": run.names.flow(one.flow),
        "which": _which(run.contention.graph, one),
        "rate": quantity(one.rate, "B/s"),
        "share": numbers.percent(share) if slowed else "all",
        "held": _held(run, one, channel) if slowed else "–",
    }


def _held(run, one, channel):
    """What holds it back: this channel, if that is one that carries the same."""
    stands_for = run.contention.graph.stands_for
    return "here" if one.bound_by is stands_for.get(channel, channel) else one.bound_by.name


def _which(graph, one):
    """Of which chunk or step it is, and how many of it cross; "" where that is not said."""
    told = []
    for fact in ("chunk", "step"):
        number = int(graph.facts[fact][one.task]) if fact in graph.facts else -1
        if number >= 0:
            told.append(f"{fact} {number}")
    if one.flow.shards > 1:
        told.append(f"{one.copies} of {one.flow.shards}")
    return ", ".join(told)


def _sharer(run: FabricRun, one: Sharer):
    return {
        "kind": one.flow.kind,
        "what": run.names.flow(one.flow),
        "transfers": numbers.count(one.transfers),
        "bytes": quantity(one.bytes, "B"),
        "moving": numbers.duration_text(one.moving_s),
        "delay": delay_text(one.delay_s),
    }

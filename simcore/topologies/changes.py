"""What changes a topology: other bandwidths, and parts of it that are down."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from simcore.engine import CommChannel
from simcore.errors import ScenarioError
from simcore.topologies.graph import NodeKind, Wire

MOST_NAMES = 8


def unknown(name: str, known: Iterable[str], what: str, field: str | None) -> ScenarioError:
    """The error for a name that is not `known`."""
    known = list(known)
    near = get_close_matches(str(name)[:100], known, n=3)
    some = near or known[:MOST_NAMES]
    hint = "did you mean" if near else "there are, for instance,"
    return ScenarioError(
        f"{field or 'topology'}: no {what} is called {str(name)[:60]!r}; {hint} {', '.join(some)}",
        field=field,
    )


def rescaled(
    fabric, factors: Mapping[str, float]
) -> tuple[tuple[Wire, ...], dict[CommChannel, float]]:
    """The wires of `fabric`, new where a channel, their name, group or link has a factor.

    With them, of each channel whose bandwidth is not the one it was made with, that one [byte/s].
    """
    factor: dict[CommChannel, float] = {}
    for name, times in factors.items():
        for channel in fabric.channels_called(name, field="background"):
            factor[channel] = factor.get(channel, 1.0) * times
    wires = tuple(_rescaled(wire, factor) for wire in fabric.wires)
    rated = {}
    for old, new in zip(fabric.wires, wires, strict=True):
        for before, after in zip((old.out, old.into), (new.out, new.into), strict=True):
            if after is not before or before in fabric.rated:
                rated[after] = fabric.rated.get(before, before.bandwidth_bps)
    return wires, rated


def _rescaled(wire, factor):
    if wire.out not in factor and wire.into not in factor:
        return wire
    out, into = (
        CommChannel(c.name, c.bandwidth_bps * factor[c], c.latency_s) if c in factor else c
        for c in (wire.out, wire.into)
    )
    return replace(wire, out=out, into=out if wire.into is wire.out else into)


def checked_down(fabric, names: Collection[str]) -> frozenset[str]:
    """`names`, each of which is one of a wire or of a node that may fail; else a ScenarioError."""
    kinds = {node.name: node.kind for node in fabric.nodes}
    wires = {wire.name for wire in fabric.wires}
    for name in names:
        if name not in wires and name not in kinds:
            known = [n for n, kind in kinds.items() if kind is not NodeKind.GPU]
            raise unknown(name, [*known, *wires], "NIC, switch or wire", "failures")
        if kinds.get(name) is NodeKind.GPU:
            raise ScenarioError(
                f"failures: {name} is a GPU, without which nothing runs; name a NIC, a switch or "
                "a wire",
                field="failures",
            )
    return frozenset(names)


def nothing_joins(fabric, source, target) -> ScenarioError:
    """The error for two GPUs that nothing joins, with what would join them again."""
    down = sorted(fabric.down)
    if not down:
        return ScenarioError(
            f"topology: nothing joins {source} and {target}; add a wire, or place them on others",
            field="topology",
        )
    alone = [name for name in down if fabric.restored([name]).joined(source, target)]
    remedy = " or ".join(alone) or " and ".join(_needed(fabric, source, target, down))
    return ScenarioError(
        f"failures: {source} cannot reach {target} while {', '.join(down)} "
        f"{'is' if len(down) == 1 else 'are'} down; restore {remedy}",
        field="failures",
    )


def _needed(fabric, source, target, down):
    """As few of what is down as join the two again, none of them idle."""
    needed = down
    for name in down:
        fewer = [other for other in needed if other != name]
        if fabric.restored(fewer).joined(source, target):
            needed = fewer
    return needed

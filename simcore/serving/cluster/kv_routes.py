"""Over which channels a KV cache goes from one replica to another, and how much over each."""

from dataclasses import dataclass, replace

from simcore.costs import transformer as tf
from simcore.costs.handoff import Part, Resharding, kv_heads
from simcore.costs.plan import Workload, split_evenly
from simcore.engine import CommChannel, CommNetworkSimulator, DataBatch, SilentSystem
from simcore.engine.bundles import Path, Shard, bundled
from simcore.serving.cluster.spec import PoolSpec
from simcore.serving.replica.replica import Role
from simcore.topologies import Place, Topology

ONE = Workload(batch_size=1, prompt_tokens=1, chunk_tokens=1, output_tokens=1)

MOST_BUNDLED = 8192
"""Flows between all replicas, up to which those that are alike are looked for."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes from one GPU to another.

    Attributes
    ----------
    path : of one of those it stands for; a channel stands there as often as they cross it
    token_bytes : of each token [byte]
    window_bytes : of each of the last tokens, as many as layers with a window look at [byte]
    latency_s : of one of them [s]
    stands_for : flows
    """

    path: Path
    token_bytes: float
    window_bytes: float
    latency_s: float
    stands_for: int = 1

    def bytes(self, tokens: int, window_tokens: int) -> float:
        """What one of them carries [byte]."""
        return self.token_bytes * tokens + self.window_bytes * window_tokens


@dataclass(frozen=True, slots=True)
class KVRoute:
    """All flows of one transfer.

    Attributes
    ----------
    window : tokens that layers with a window look at; 0 where there are none
    latency_s : of the longest path [s]
    byte_s : that each byte of the transfer takes with nothing else on its paths [s]
    one_latency : whether all paths have that latency
    """

    flows: tuple[Flow, ...]
    window: int
    latency_s: float
    byte_s: float
    one_latency: bool

    def window_tokens(self, first: int, end: int, prompt: int) -> int:
        """Of the tokens from `first` to `end`, those that the window still shows after a prompt."""
        return max(0, end - max(first, prompt - self.window)) if self.window else 0

    def bytes(self, tokens: int, window_tokens: int) -> float:
        """Of the whole transfer [byte]."""
        return sum(flow.stands_for * flow.bytes(tokens, window_tokens) for flow in self.flows)

    def alone_s(self, tokens: int, window_tokens: int) -> float:
        """How long it takes with nothing else on its paths [s]."""
        if self.one_latency:
            return self.latency_s + self.byte_s * self.bytes(tokens, window_tokens)
        return _seconds(
            (flow.path, flow.bytes(tokens, window_tokens), flow.latency_s) for flow in self.flows
        )


@dataclass(frozen=True, slots=True)
class End:
    """One end of a transfer: a replica, by its place among those of its pool.

    Attributes
    ----------
    slot : whose GPUs it has
    group : attention group, in which the request is
    """

    pool: PoolSpec
    slot: int
    group: int


Key = tuple[str, int, int, str, int, int, int, int]


class KVRoutes:
    """The routes between all replicas, each found once.

    Parameters
    ----------
    alike : whether flows that are alike are kept as one

    Attributes
    ----------
    whole : whether everything works
    stands_for : of channels that no flow crosses, one that carries the same
    """

    def __init__(self, topology: Topology, pools: tuple[PoolSpec, ...], *, alike: bool):
        self.topology = topology
        self.whole = True
        self._resharded: dict[tuple[str, str], tuple[Part, ...]] = {}
        self._known: dict[Key, KVRoute] = {}
        self.stands_for: dict[CommChannel, CommChannel] = {}
        self._alike: dict[Key, list[Flow]] | None = None
        self._pools = pools
        if alike:
            self._bundle()

    def route(self, source: End, target: End, layer_group: tuple[int, int]) -> KVRoute:
        """The route of a group of layers, (number, groups).

        Raises ScenarioError where nothing joins the two.
        """
        key = _key(source, target, layer_group)
        route = self._known.get(key)
        if route is None:
            if self._alike is not None:
                flows = tuple(self._alike[key])
            else:
                flows = tuple(self._flows(source, target, layer_group))
            route = self._known[key] = _route(source.pool.plan.llm, flows)
        return route

    def changed(self, topology: Topology, *, whole: bool) -> None:
        """Something has failed, or works again; nothing is kept as one from here on."""
        self.topology, self.whole = topology, whole
        self._known.clear()
        self._alike = None

    def _flows(self, source, target, layer_group):
        """One for each pair of GPUs and path between them."""
        ours, theirs = source.pool.plan, target.pool.plan
        llm = ours.llm
        heads = kv_heads(llm)
        wanted = split_evenly(llm.layers, layer_group[1])[layer_group[0]]
        head_bytes = tf.kv_bytes_per_token(llm) / heads
        parts = self._parts(source.pool, target.pool)
        for stage, held in enumerate(ours.pool.layers(llm.layers)):
            for other, kept in enumerate(theirs.pool.layers(llm.layers)):
                layers = range(
                    max(wanted.start, held.start, kept.start),
                    min(wanted.stop, held.stop, kept.stop),
                )
                if not layers:
                    continue
                of = tf.slice_of(llm, layers)
                for part in parts:
                    paths = self.topology.paths(
                        _place(source, stage, part.sender), _place(target, other, part.receiver)
                    )
                    each = part.heads * head_bytes / len(paths)
                    for path in paths:
                        latency = sum(channel.latency_s for channel in path)
                        yield Flow(path, of.global_layers * each, of.local_layers * each, latency)

    def _parts(self, source, target):
        """What each GPU of an attention group sends to each of another."""
        names = source.name, target.name
        if names not in self._resharded:
            ours, theirs = (_one_group(pool.plan.pool) for pool in (source, target))
            self._resharded[names] = Resharding(source.plan.llm, ONE, ours, theirs).parts
        return self._resharded[names]

    def _bundle(self):
        shards, flows, keys = [], [], []
        for source, target, group in _all_ends(self._pools):
            key = _key(source, target, group)
            for flow in self._flows(source, target, group):
                if not flow.path:
                    return
                shards.append(Shard((key, flow.token_bytes, flow.window_bytes), flow.path))
                flows.append(flow)
                keys.append(key)
                if len(shards) > MOST_BUNDLED:
                    return
        found = bundled(shards)
        self._alike = {}
        for bundle in found.bundles:
            first = bundle.members[0]
            like = flows[first]
            self._alike.setdefault(keys[first], []).append(
                replace(like, path=bundle.path, stands_for=len(bundle.members))
            )
        self.stands_for = {a: b for a, b in found.stands_for.items() if a is not b}


def _key(source, target, group) -> Key:
    return (
        *(source.pool.name, source.slot, source.group),
        *(target.pool.name, target.slot, target.group, *group),
    )


def _all_ends(pools):
    """Whatever may be sent from where to where."""
    for source in pools:
        if source.role is not Role.PREFILL:
            continue
        groups = source.plan.settings.layer_groups
        parts = [(0, 1)] if groups == 1 else [(0, 1), *((g, groups) for g in range(groups))]
        for target in pools:
            if target.role is Role.PREFILL:
                continue
            for a in range(source.most_replicas):
                for b in range(target.most_replicas):
                    for part in parts:
                        for g in range(source.plan.pool.dp):
                            for h in range(target.plan.pool.dp):
                                yield End(source, a, g), End(target, b, h), part


def _one_group(pool):
    """The pool as one attention group of it is."""
    return replace(pool, dp=1, ep=1)


def _place(end, stage, rank):
    pool = end.pool
    each = pool.plan.pool
    first = pool.first_gpu + end.slot * each.gpus + stage * each.stage_gpus
    return Place(pool.place or pool.name, first + end.group * each.tp + rank)


def _route(llm, flows):
    window = getattr(llm.attention, "window", None) or 0
    latency = max((flow.latency_s for flow in flows), default=0.0)
    one_latency = all(flow.latency_s == latency for flow in flows)
    return KVRoute(flows, window, latency, _byte_s(flows), one_latency)


def _byte_s(flows):
    """What a byte takes where only these flows are on their way: found by sending some."""
    sizes = [flow.token_bytes + flow.window_bytes for flow in flows]
    total = sum(size * flow.stands_for for size, flow in zip(sizes, flows, strict=True))
    if not total:
        return 0.0
    many = 1e4
    batches = ((f.path, size * many, 0.0) for f, size in zip(flows, sizes, strict=True))
    return _seconds(batches) / (total * many)


def _seconds(batches):
    """How long these (path, bytes, latency [s]) take together with nothing else on their way."""
    simulator = CommNetworkSimulator()
    for path, size, latency in batches:
        simulator.add_batch(DataBatch("", size, path, latency_s=latency))
    simulator.run(SilentSystem())
    return simulator.current_time

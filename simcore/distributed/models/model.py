"""A transformer as algorithms see it: parts to call, each of which says what it costs."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from simcore.costs.plan import split_evenly
from simcore.distributed.models import costs
from simcore.distributed.models.costs import Cost, Share
from simcore.distributed.models.device import Device
from simcore.distributed.models.maths import Maths


def shares(total: int, parts: int) -> list[tuple[int, int]]:
    """`total` things dealt out to `parts`: bounds of each, the first ones one thing longer."""
    return [(part.start, part.stop) for part in split_evenly(total, parts)]


class Model:
    """A transformer on one rank.

    Parameters
    ----------
    maths : what computes; ranks of one process may share it
    comm : the communicator that is told what computing costs
    device : what it is computed on; None leaves that to the timing of the run, which knows a GPU
    """

    def __init__(self, maths: Maths, comm, device: Device | None = None):
        self.maths = maths
        self.shape = maths.shape
        self.device = device
        self._comm = comm
        self._together: list[float] | None = None
        share = costs.whole(self.shape)
        self.layers = tuple(Layer(self, i, share) for i in range(self.shape.layers))

    def __call__(self, inputs, block: Callable[["Layer", Any], Any]):
        """Outputs for `inputs`, each layer run by `block(layer, x)`, inside the model's forward."""
        self.charge(costs.embedding(self.shape, inputs.shape[0] * self.positions(inputs)))
        outputs = self.maths(inputs, lambda index, x: block(self.layers[index], x))
        self.charge(costs.head(self.shape, inputs.shape[0]))
        return outputs

    def embed(self, inputs, start: int = 0, stop: int | None = None):
        """Activations before the first layer, of positions `start` to `stop`."""
        stop = self.positions(inputs) if stop is None else stop
        self.charge(costs.embedding(self.shape, inputs.shape[0] * (stop - start)))
        return self.maths.cut(self.maths.embed(inputs), start, stop)

    def head(self, x):
        """Outputs at the position that answers, which must be among those of `x`."""
        self.charge(costs.head(self.shape, x.shape[0]))
        return self.maths.head(x)

    def answering(self, positions: int) -> int:
        """Which position of `positions` answers."""
        return positions - 1 if self.shape.causal else 0

    def positions(self, inputs) -> int:
        """Positions of one sequence of the inputs."""
        return self.maths.positions(inputs)

    def charge(self, cost: Cost) -> None:
        """Tell the communicator of one piece of work."""
        if self.device is None:
            self._comm.compute(flops=cost.flops, bytes=cost.traffic)
        elif self._together is None:
            self._comm.compute(self.device.seconds(cost))
        else:
            self._together.append(self.device.seconds(cost))

    @contextmanager
    def as_one(self):
        """What is charged inside is told as one piece: for work between which nothing is sent.

        Without a device nothing changes, as only the timing of the run knows what a piece takes.
        """
        if self._together is not None:
            yield
            return
        self._together = []
        try:
            yield
            seconds = sum(self._together)
        finally:
            self._together = None
        if self.device is not None:
            self._comm.compute(seconds)


@dataclass(frozen=True)
class Layer:
    """One layer, or the share of it that a rank of a tensor-parallel group holds.

    Activations are (batch, positions, hidden); `start` is where the first of those positions
    stands in its sequence. Residual sums are left to the caller.
    """

    model: Model
    index: int
    share: Share

    @property
    def maths(self) -> Maths:
        """What computes it."""
        return self.model.maths

    def sharded(self, rank: int, size: int) -> "Layer":
        """What rank `rank` of `size` holds: some heads, and some columns of the feed-forward."""
        shape = self.model.shape
        share = Share(
            kv_heads=shares(shape.kv_heads, size)[rank],
            columns=shares(shape.intermediate, size)[rank],
            first=rank == 0,
        )
        return replace(self, share=share)

    def attention(self, x):
        """Attention of whole sequences: what it adds to `x`, or this share's part of that."""
        with self.model.as_one():
            return self.output(self.attend(self.queries(x), self.keys_values(x)))

    def queries(self, x, start=0):
        """Queries of the positions of `x`; `start` may be an array with the place of each, too."""
        self._charge(costs.queries(self.model.shape, self.share, _rows(x)))
        return self.maths.queries(self.index, x, start, self.share)

    def keys_values(self, x, start=0):
        """Keys and values of the positions of `x`, as one payload; `start` as for queries."""
        self._charge(costs.keys_values(self.model.shape, self.share, _rows(x)))
        return self.maths.keys_values(self.index, x, start, self.share)

    def attend(self, queries, keys_values, start: int = 0, seen_from: int = 0):
        """Attention of `queries`, from position `start`, over those from `seen_from`."""
        self._charge(self._attention_cost(queries, keys_values))
        return self.maths.attend(queries, keys_values, start, seen_from, self.share)

    def partial(self, queries, keys_values, start: int, seen_from: int):
        """Attention over a part of what is to be seen; for `merged`, then `finished`."""
        self._charge(self._attention_cost(queries, keys_values))
        return self.maths.partial(queries, keys_values, start, seen_from, self.share)

    def merged(self, one, other):
        """Two partial attentions as one (Milakov & Gimelshein, arXiv:1805.02867)."""
        return self.maths.merged(one, other)

    def finished(self, partial):
        """A partial attention that has seen all, as `attend` gives it."""
        return self.maths.finished(partial)

    def output(self, attended):
        """The projection behind attention."""
        self._charge(costs.output(self.model.shape, self.share, _rows(attended)))
        return self.maths.output(self.index, attended, self.share)

    def feed_forward(self, x):
        """What the feed-forward block adds to `x`; of a mixture, all its experts."""
        shape = self.model.shape
        if shape.experts:
            visits = _rows(x) * shape.active
            touched = min(visits, shape.experts)
            each = costs.feed_forward(shape, self.share, visits // max(touched, 1))
            self._charge(costs.routing(shape, _rows(x)) + each * touched)
        else:
            self._charge(costs.feed_forward(shape, self.share, _rows(x)))
        return self.maths.feed_forward(self.index, x, self.share)

    def route(self, x):
        """Which experts each row of `x` visits, an array (rows, active), and their weights."""
        self._charge(costs.routing(self.model.shape, _rows(x)))
        return self.maths.route(self.index, x)

    def expert(self, expert: int, rows):
        """One expert's answers."""
        if rows.shape[0]:
            self._charge(costs.feed_forward(self.model.shape, self.share, rows.shape[0]))
        return self.maths.expert(self.index, expert, rows)

    def _attention_cost(self, queries, keys_values):
        return costs.attention(
            self.model.shape,
            self.share,
            batch=queries.shape[0],
            seeing=queries.shape[1],
            seen=keys_values.shape[2],
        )

    def _charge(self, cost):
        self.model.charge(cost)


def _rows(x):
    return x.shape[0] * x.shape[1]

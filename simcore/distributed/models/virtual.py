"""A transformer of which only sizes exist: as fast to simulate as its messages."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from simcore.distributed.models.costs import Share, query_heads
from simcore.distributed.models.shapes import TransformerShape
from simcore.distributed.payloads import Virtual

TOKEN_BYTES = 8


@dataclass(frozen=True, slots=True)
class VirtualTensor(Virtual):
    """A virtual payload that knows its shape. A sum keeps the shape of what stands on the left."""

    shape: tuple[int, ...] = ()

    def __add__(self, other) -> "VirtualTensor":
        return self

    __mul__ = __add__


def tensor(*shape: int, value_bytes: int) -> VirtualTensor:
    """A virtual tensor of that shape."""
    return VirtualTensor(prod(shape) * value_bytes, shape)


def balanced(shape: TransformerShape) -> Callable[[int, int], np.ndarray]:
    """Tokens dealt out to the experts in turn."""

    def chosen(layer, rows):
        return np.arange(rows * shape.active).reshape(rows, shape.active) % shape.experts

    return chosen


class VirtualMaths:
    """`Maths` on virtual tensors.

    Parameters
    ----------
    shape : of the transformer
    router : (layer, rows) to the experts of each row, an array (rows, active); dealt out in turn
        where None
    """

    def __init__(self, shape: TransformerShape, router=None):
        self.shape = shape
        self._router = router or balanced(shape)

    def inputs(self, batch: int, positions: int) -> VirtualTensor:
        """Sequences of so many positions each."""
        if self.shape.patch_values:
            values = self.shape.patch_values
            return self._tensor(batch, positions - 1, values)
        return tensor(batch, positions, value_bytes=TOKEN_BYTES)

    def __call__(self, inputs, run):
        x = self.embed(inputs)
        for layer in range(self.shape.layers):
            x = run(layer, x)
        return self.head(x)

    def positions(self, inputs):
        return inputs.shape[1] + (1 if self.shape.patch_values else 0)

    def embed(self, inputs):
        return self._tensor(inputs.shape[0], self.positions(inputs), self.shape.hidden)

    def head(self, x):
        return self._tensor(x.shape[0], self.shape.outputs)

    def queries(self, layer, x, start, share):
        return self._tensor(*x.shape[:2], query_heads(self.shape, share), self.shape.head_dim)

    def keys_values(self, layer, x, start, share: Share):
        kv_heads = share.kv_heads[1] - share.kv_heads[0]
        return self._tensor(2, *x.shape[:2], kv_heads, self.shape.head_dim)

    def attend(self, queries, keys_values, start, seen_from, share):
        return queries

    partial = attend

    def merged(self, one, other):
        return one

    def finished(self, partial):
        return partial

    def output(self, layer, attended, share):
        return self._tensor(*attended.shape[:2], self.shape.hidden)

    def feed_forward(self, layer, x, share):
        return x

    def route(self, layer, x):
        return self._router(layer, x.shape[0] * x.shape[1]), None

    def rows_for(self, layer, x, rows):
        return self._tensor(len(rows), self.shape.hidden)

    def expert(self, layer, expert, rows):
        return rows

    def combined(self, x, chosen, weights, answers):
        return x

    def cut(self, x, start, stop):
        return self._tensor(x.shape[0], stop - start, *x.shape[2:])

    def joined(self, parts):
        positions = sum(part.shape[1] for part in parts)
        return self._tensor(parts[0].shape[0], positions, *parts[0].shape[2:])

    def cut_keys_values(self, keys_values, start, stop):
        return self._tensor(*keys_values.shape[:2], stop - start, *keys_values.shape[3:])

    def joined_keys_values(self, parts):
        positions = sum(part.shape[2] for part in parts)
        return self._tensor(*parts[0].shape[:2], positions, *parts[0].shape[3:])

    def stacked(self, parts):
        return self._tensor(sum(part.shape[0] for part in parts), *parts[0].shape[1:])

    def next_tokens(self, outputs):
        return self.room_for_tokens(outputs.shape[0])

    def room(self, batch, positions):
        return self._tensor(batch, positions, self.shape.hidden)

    def room_for_keys_values(self, batch, positions):
        return self._tensor(2, batch, positions, self.shape.kv_heads, self.shape.head_dim)

    def room_for_tokens(self, count):
        return tensor(count, 1, value_bytes=TOKEN_BYTES)

    def split_batch(self, inputs, bounds):
        each = inputs.nbytes // inputs.shape[0]
        return [
            VirtualTensor((stop - start) * each, (stop - start, *inputs.shape[1:]))
            for start, stop in bounds
        ]

    def cut_rows(self, rows, counts):
        return [self._tensor(count, self.shape.hidden) for count in counts]

    def joined_rows(self, parts):
        return self._tensor(sum(part.shape[0] for part in parts), self.shape.hidden)

    def room_for_rows(self, count):
        return self._tensor(count, self.shape.hidden)

    def _tensor(self, *shape):
        return tensor(*shape, value_bytes=self.shape.value_bytes)

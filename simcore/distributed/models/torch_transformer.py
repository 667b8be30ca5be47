"""What small transformers in torch have in common: attention, shares of it, and mixtures."""

from math import sqrt

import numpy as np

from simcore.distributed.models.costs import Share, query_heads, whole
from simcore.distributed.models.shapes import TransformerShape
from simcore.distributed.with_torch import torch

nn, functional = torch.nn, torch.nn.functional


class Weights:
    """Random weights, the same for the same seed.

    Parameters
    ----------
    seed : of the random numbers
    """

    def __init__(self, seed: int):
        self._generator = torch.Generator().manual_seed(seed)

    def matrix(self, rows: int, columns: int) -> nn.Parameter:
        """Of a projection of `columns` values to `rows`."""
        values = torch.randn(rows, columns, generator=self._generator) / sqrt(columns)
        return nn.Parameter(values, requires_grad=False)

    def vector(self, size: int, mean: float = 0.0) -> nn.Parameter:
        """Of a bias, or of a norm, not far from `mean`."""
        values = mean + 0.1 * torch.randn(size, generator=self._generator)
        return nn.Parameter(values, requires_grad=False)


class TorchLayer(nn.Module):
    """The weights of one layer. Kinds of transformers say what its norms and its blocks are."""

    def __init__(self, shape: TransformerShape, weights: Weights):
        super().__init__()
        self.shape = shape
        kv_width = shape.kv_heads * shape.head_dim
        self.query = weights.matrix(shape.heads * shape.head_dim, shape.hidden)
        self.key = weights.matrix(kv_width, shape.hidden)
        self.value = weights.matrix(kv_width, shape.hidden)
        self.out = weights.matrix(shape.hidden, shape.heads * shape.head_dim)

    def attention_norm(self, x):
        """What the projections of attention are given."""
        raise NotImplementedError

    def block_norm(self, x):
        """What the feed-forward block is given."""
        raise NotImplementedError

    def biases(self, name: str):
        """Of the projection of that name; None where it has none."""
        return getattr(self, f"{name}_bias", None)

    def block(self, rows, share: Share):
        """The feed-forward block of rows that are normalised already."""
        raise NotImplementedError

    def expert(self, expert: int, rows):
        """One expert's block."""
        raise NotImplementedError

    def scores(self, rows):
        """Of each expert, for rows that are normalised already."""
        raise NotImplementedError


class TorchTransformer(nn.Module):
    """`Maths` with values: see `simcore.distributed.models.maths.Maths`.

    Parameters
    ----------
    shape : of the transformer
    seed : of its weights, and of its inputs
    """

    def __init__(self, shape: TransformerShape, seed: int = 0):
        super().__init__()
        self.shape = shape
        self.seed = seed
        weights = Weights(seed)
        self.layers = nn.ModuleList(self.layer(weights) for _ in range(shape.layers))
        self.outputs = weights.matrix(shape.outputs, shape.hidden)

    def layer(self, weights: Weights) -> TorchLayer:
        """One layer of this kind of transformer."""
        raise NotImplementedError

    def final_norm(self, x):
        """What the output head is given."""
        raise NotImplementedError

    def turned(self, heads, start):
        """Queries or keys with their places turned into them, where the kind does that."""
        return heads

    def forward(self, inputs, run):
        x = self.embed(inputs)
        for layer in range(self.shape.layers):
            x = run(layer, x)
        return self.head(x)

    def queries(self, layer, x, start, share):
        heads = query_heads(self.shape, share)
        first = share.kv_heads[0] * (self.shape.heads // self.shape.kv_heads)
        projected = self._heads(layer, "query", x, first, first + heads)
        return self.turned(projected, start)

    def keys_values(self, layer, x, start, share):
        keys = self.turned(self._heads(layer, "key", x, *share.kv_heads), start)
        return torch.stack([keys, self._heads(layer, "value", x, *share.kv_heads)])

    def attend(self, queries, keys_values, start, seen_from, share):
        return self.finished(self.partial(queries, keys_values, start, seen_from, share))

    def partial(self, queries, keys_values, start, seen_from, share):
        group = self.shape.heads // self.shape.kv_heads
        keys, values = keys_values.repeat_interleave(group, dim=3)
        scores = torch.einsum("bqhd,bkhd->bhqk", queries, keys) / sqrt(self.shape.head_dim)
        if self.shape.causal:
            seeing = start + torch.arange(queries.shape[1])
            seen = seen_from + torch.arange(keys.shape[1])
            scores = scores.masked_fill(seen > seeing[:, None], float("-inf"))
        highest = scores.amax(dim=-1, keepdim=True)
        weights = (scores - highest).exp()
        return weights @ values.transpose(1, 2), highest, weights.sum(dim=-1, keepdim=True)

    def merged(self, one, other):
        highest = torch.maximum(one[1], other[1])
        scales = [(part[1] - highest).exp() for part in (one, other)]
        values = one[0] * scales[0] + other[0] * scales[1]
        return values, highest, one[2] * scales[0] + other[2] * scales[1]

    def finished(self, partial):
        return (partial[0] / partial[2]).transpose(1, 2)

    def output(self, layer, attended, share):
        weights = self.layers[layer]
        group = self.shape.heads // self.shape.kv_heads
        columns = _span(share.kv_heads, group * self.shape.head_dim)
        bias = weights.biases("out") if share.first else None
        return functional.linear(attended.flatten(2), weights.out[:, columns], bias)

    def feed_forward(self, layer, x, share):
        weights = self.layers[layer]
        if not self.shape.experts:
            return weights.block(weights.block_norm(x), share)
        chosen, gates = self.route(layer, x)
        answers = []
        for expert in range(self.shape.experts):
            rows = np.flatnonzero((chosen == expert).any(axis=1))
            answers.append(self.expert(layer, expert, self.rows_for(layer, x, rows)))
        return self.combined(x, chosen, gates, answers)

    def route(self, layer, x):
        weights = self.layers[layer]
        scores = weights.scores(weights.block_norm(x).flatten(0, 1)).softmax(dim=-1)
        gates, chosen = scores.topk(self.shape.active, dim=-1)
        return chosen.numpy(), gates / gates.sum(dim=-1, keepdim=True)

    def rows_for(self, layer, x, rows):
        return self.layers[layer].block_norm(x).flatten(0, 1)[torch.from_numpy(rows)]

    def expert(self, layer, expert, rows):
        return self.layers[layer].expert(expert, rows)

    def combined(self, x, chosen, weights, answers):
        total = torch.zeros(chosen.shape[0], self.shape.hidden)
        for expert, answer in enumerate(answers):
            rows, slots = (torch.from_numpy(places) for places in np.nonzero(chosen == expert))
            total.index_add_(0, rows, answer * weights[rows, slots][:, None])
        return total.view_as(x)

    def cut(self, x, start, stop):
        return x[:, start:stop]

    def joined(self, parts):
        return torch.cat(list(parts), dim=1)

    def cut_keys_values(self, keys_values, start, stop):
        return keys_values[:, :, start:stop]

    def joined_keys_values(self, parts):
        return torch.cat(list(parts), dim=2)

    def stacked(self, parts):
        return torch.cat(list(parts), dim=0)

    def next_tokens(self, outputs):
        return outputs.argmax(dim=-1, keepdim=True)

    def room(self, batch, positions):
        return torch.empty(batch, positions, self.shape.hidden)

    def room_for_keys_values(self, batch, positions):
        return torch.empty(2, batch, positions, self.shape.kv_heads, self.shape.head_dim)

    def room_for_tokens(self, count):
        return torch.empty(count, 1, dtype=torch.int64)

    def split_batch(self, inputs, bounds):
        return [inputs[start:stop] for start, stop in bounds]

    def cut_rows(self, rows, counts):
        return list(rows.split(list(counts)))

    def joined_rows(self, parts):
        return torch.cat(list(parts))

    def room_for_rows(self, count):
        return torch.empty(count, self.shape.hidden)

    def on_one_device(self, inputs):
        """Outputs for `inputs`, computed as one process does it."""
        share = whole(self.shape)

        def run(layer, x):
            queries = self.queries(layer, x, 0, share)
            attended = self.attend(queries, self.keys_values(layer, x, 0, share), 0, 0, share)
            x = x + self.output(layer, attended, share)
            return x + self.feed_forward(layer, x, share)

        return self(inputs, run)

    def _heads(self, layer, name, x, first, stop):
        weights = self.layers[layer]
        rows = _span((first, stop), self.shape.head_dim)
        bias = weights.biases(name)
        projected = functional.linear(
            weights.attention_norm(x),
            getattr(weights, name)[rows],
            None if bias is None else bias[rows],
        )
        return projected.unflatten(-1, (stop - first, self.shape.head_dim))


def _span(heads, width):
    return slice(heads[0] * width, heads[1] * width)

"""What computes the parts of a transformer: with sizes only, or with values."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from simcore.distributed.models.costs import Share
from simcore.distributed.models.shapes import TransformerShape


class Maths(Protocol):
    """The arithmetic of a model. Activations are (batch, positions, hidden), rows (n, hidden).

    `layer` is the number of a layer, `start` the place of the first position in its sequence,
    or an array with the place of each. Keys and values are one payload: one message.
    """

    shape: TransformerShape

    def __call__(self, inputs, run: Callable[[int, Any], Any]):
        """Embedding, `run(layer, x)` for each layer, and the output head."""

    def inputs(self, batch: int, positions: int):
        """Some inputs, the same at each call."""

    def positions(self, inputs) -> int:
        """Positions of one sequence."""

    def embed(self, inputs):
        """Activations before the first layer."""

    def head(self, x):
        """Outputs at the position that answers: a decoder's last one, an image's first one."""

    def queries(self, layer: int, x, start, share: Share):
        """Queries of the positions of `x`."""

    def keys_values(self, layer: int, x, start, share: Share):
        """Keys and values of the positions of `x`."""

    def attend(self, queries, keys_values, start: int, seen_from: int, share: Share):
        """Values weighted by the softmax of the scores."""

    def partial(self, queries, keys_values, start: int, seen_from: int, share: Share):
        """The same over some of what is to be seen: values, and what `merged` weighs them by."""

    def merged(self, one, other):
        """Two partial attentions as one."""

    def finished(self, partial):
        """What `attend` had given, from a partial attention over all that is to be seen."""

    def output(self, layer: int, attended, share: Share):
        """The projection behind attention."""

    def feed_forward(self, layer: int, x, share: Share):
        """The feed-forward block; of a mixture, all its experts."""

    def route(self, layer: int, x) -> tuple[np.ndarray, Any]:
        """Experts of each row (rows, active), and whatever `combined` needs of them."""

    def rows_for(self, layer: int, x, rows: np.ndarray):
        """What the experts are given of those rows of `x`."""

    def expert(self, layer: int, expert: int, rows):
        """One expert of one layer."""

    def combined(self, x, chosen: np.ndarray, weights, answers: Sequence[Any]):
        """Answers of each expert, in order of rows, weighed and put back in the shape of `x`."""

    def cut(self, x, start: int, stop: int):
        """Some positions of activations, or of queries."""

    def joined(self, parts: Sequence[Any]):
        """Positions on end, of activations or of what attention gave."""

    def cut_keys_values(self, keys_values, start: int, stop: int):
        """Some positions of keys and values."""

    def joined_keys_values(self, parts: Sequence[Any]):
        """Positions of keys and values on end."""

    def stacked(self, parts: Sequence[Any]):
        """Activations of several sequences as one batch."""

    def next_tokens(self, outputs):
        """The likeliest token of each output, as inputs of one position."""

    def room(self, batch: int, positions: int):
        """Activations to receive into."""

    def room_for_keys_values(self, batch: int, positions: int):
        """Keys and values of all heads to receive into."""

    def room_for_tokens(self, count: int):
        """Tokens to receive into."""

    def split_batch(self, inputs, bounds: Sequence[tuple[int, int]]) -> list:
        """Inputs of some of the sequences."""

    def cut_rows(self, rows, counts: Sequence[int]) -> list:
        """Rows cut into pieces of so many rows."""

    def joined_rows(self, parts: Sequence[Any]):
        """Rows on end."""

    def room_for_rows(self, count: int):
        """Rows to receive into."""

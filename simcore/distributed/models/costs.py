"""What the parts of a layer cost: floating-point operations, and bytes through memory.

A matrix product of m rows, inner width k and n columns takes 2·m·k·n FLOP and moves its operands
and its result once. Norms, activations and residual sums are left out.
"""

from dataclasses import dataclass

from simcore.distributed.models.shapes import TransformerShape


@dataclass(frozen=True)
class Cost:
    """Work of one device.

    Attributes
    ----------
    flops : floating-point operations [FLOP]
    traffic : read from and written to its memory [byte]
    """

    flops: float = 0.0
    traffic: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.flops + other.flops, self.traffic + other.traffic)

    def __mul__(self, times: float) -> "Cost":
        return Cost(self.flops * times, self.traffic * times)

    __rmul__ = __mul__


@dataclass(frozen=True, kw_only=True)
class Share:
    """The part of each layer that one rank of a tensor-parallel group holds.

    Attributes
    ----------
    kv_heads : first and last but one key-value head; query heads follow them
    columns : first and last but one inner column of the feed-forward block
    first : whether it adds what must be added once only, such as biases of outputs
    """

    kv_heads: tuple[int, int]
    columns: tuple[int, int]
    first: bool = True


def whole(shape: TransformerShape) -> Share:
    """All of a layer."""
    return Share(kv_heads=(0, shape.kv_heads), columns=(0, shape.intermediate))


def query_heads(shape: TransformerShape, share: Share) -> int:
    """Query heads of a share."""
    return (share.kv_heads[1] - share.kv_heads[0]) * (shape.heads // shape.kv_heads)


def product(rows: int, inner: int, columns: int, value_bytes: int) -> Cost:
    """A matrix product [FLOP, byte]."""
    moved = rows * inner + inner * columns + rows * columns
    return Cost(2.0 * rows * inner * columns, float(moved * value_bytes))


def queries(shape: TransformerShape, share: Share, rows: int) -> Cost:
    """The query projection of `rows` tokens."""
    width = query_heads(shape, share) * shape.head_dim
    return product(rows, shape.hidden, width, shape.value_bytes)


def keys_values(shape: TransformerShape, share: Share, rows: int) -> Cost:
    """The key and value projections of `rows` tokens."""
    width = 2 * (share.kv_heads[1] - share.kv_heads[0]) * shape.head_dim
    return product(rows, shape.hidden, width, shape.value_bytes)


def attention(shape: TransformerShape, share: Share, *, batch: int, seeing: int, seen: int) -> Cost:
    """Scores and weighted values of `seeing` positions over `seen` others, masked or not."""
    heads = query_heads(shape, share)
    kv_heads = share.kv_heads[1] - share.kv_heads[0]
    moved = batch * shape.head_dim * (2 * seeing * heads + 2 * seen * kv_heads)
    flops = 4.0 * batch * seeing * seen * heads * shape.head_dim
    return Cost(flops, float(moved * shape.value_bytes))


def output(shape: TransformerShape, share: Share, rows: int) -> Cost:
    """The projection behind attention, of `rows` tokens."""
    width = query_heads(shape, share) * shape.head_dim
    return product(rows, width, shape.hidden, shape.value_bytes)


def feed_forward(shape: TransformerShape, share: Share, rows: int) -> Cost:
    """The feed-forward block, or one expert, of `rows` tokens."""
    columns = share.columns[1] - share.columns[0]
    matrices = 3 if shape.gated else 2
    return product(rows, shape.hidden, columns, shape.value_bytes) * matrices


def routing(shape: TransformerShape, rows: int) -> Cost:
    """The scores of the experts, of `rows` tokens."""
    return product(rows, shape.hidden, shape.experts, shape.value_bytes)


def embedding(shape: TransformerShape, rows: int) -> Cost:
    """Rows looked up, or patches of an image projected."""
    if shape.patch_values:
        return product(rows, shape.patch_values, shape.hidden, shape.value_bytes)
    return Cost(0.0, 2.0 * rows * shape.hidden * shape.value_bytes)


def head(shape: TransformerShape, rows: int) -> Cost:
    """The output head, of `rows` tokens."""
    return product(rows, shape.hidden, shape.outputs, shape.value_bytes)


def layer(
    shape: TransformerShape, share: Share, *, batch: int, seeing: int, seen: int
) -> tuple[Cost, ...]:
    """The parts of a dense layer in which `seeing` positions of each sequence look at `seen`.

    Keys and values are made of all that is seen.
    """
    rows = batch * seeing
    return (
        queries(shape, share, rows),
        keys_values(shape, share, batch * seen),
        attention(shape, share, batch=batch, seeing=seeing, seen=seen),
        output(shape, share, rows),
        feed_forward(shape, share, rows),
    )

"""A small Llama in torch, dense or with experts, with random weights.

RMS norms, rotary places, a gated feed-forward block (Touvron et al., arXiv:2302.13971); experts and
their top-k softmax gates as in Mixtral (Jiang et al., arXiv:2401.04088).
"""

from simcore.distributed.models.shapes import TransformerShape
from simcore.distributed.models.torch_transformer import TorchLayer, TorchTransformer, Weights
from simcore.distributed.with_torch import torch

nn, functional = torch.nn, torch.nn.functional

ROTARY_BASE = 10_000.0
NORM_EPSILON = 1e-5


class LlamaLayer(TorchLayer):
    """One layer."""

    def __init__(self, shape: TransformerShape, weights: Weights):
        super().__init__(shape, weights)
        self.attention_scale = weights.vector(shape.hidden, 1.0)
        self.block_scale = weights.vector(shape.hidden, 1.0)
        blocks = max(shape.experts, 1)
        self.gate, self.up, self.down = (
            nn.ParameterList(weights.matrix(rows, columns) for _ in range(blocks))
            for rows, columns in (
                (shape.intermediate, shape.hidden),
                (shape.intermediate, shape.hidden),
                (shape.hidden, shape.intermediate),
            )
        )
        self.router = weights.matrix(blocks, shape.hidden)

    def attention_norm(self, x):
        return rms_norm(x, self.attention_scale)

    def block_norm(self, x):
        return rms_norm(x, self.block_scale)

    def block(self, rows, share):
        return self._gated(0, rows, slice(*share.columns))

    def expert(self, expert, rows):
        return self._gated(expert, rows, slice(None))

    def scores(self, rows):
        return functional.linear(rows, self.router)

    def _gated(self, index, rows, columns):
        gate = functional.silu(functional.linear(rows, self.gate[index][columns]))
        inner = gate * functional.linear(rows, self.up[index][columns])
        return functional.linear(inner, self.down[index][:, columns])


class Llama(TorchTransformer):
    """A decoder: tokens (batch, positions) in, outputs of the last position out."""

    def __init__(self, shape: TransformerShape, seed: int = 0):
        super().__init__(shape, seed)
        weights = Weights(seed + 1)
        self.embedding = weights.matrix(shape.outputs, shape.hidden)
        self.final_scale = weights.vector(shape.hidden, 1.0)

    def layer(self, weights):
        return LlamaLayer(self.shape, weights)

    def inputs(self, batch, positions):
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randint(self.shape.outputs, (batch, positions), generator=generator)

    def positions(self, inputs):
        return inputs.shape[1]

    def embed(self, inputs):
        return functional.embedding(inputs, self.embedding)

    def final_norm(self, x):
        return rms_norm(x, self.final_scale)

    def head(self, x):
        return functional.linear(self.final_norm(x[:, -1]), self.outputs)

    def turned(self, heads, start):
        """Rotary embedding of places (Su et al., arXiv:2104.09864), halves of a head as pairs."""
        places = torch.as_tensor(start)
        if places.ndim == 0:
            places = places + torch.arange(heads.shape[1])
        half = self.shape.head_dim // 2
        speeds = ROTARY_BASE ** (-torch.arange(half) / half)
        angles = (places[:, None] * speeds).to(heads.dtype)[:, None, :]
        one, other = heads[..., :half], heads[..., half:]
        sine, cosine = angles.sin(), angles.cos()
        return torch.cat([one * cosine - other * sine, other * cosine + one * sine], dim=-1)


def rms_norm(x, scale):
    """Values over their root mean square, scaled."""
    return x * (x.square().mean(dim=-1, keepdim=True) + NORM_EPSILON).rsqrt() * scale

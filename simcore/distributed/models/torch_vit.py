"""A small vision transformer in torch, with random weights.

Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021: layer norms, biases, a class token
whose outputs are the answer, and learned places.
"""

from simcore.distributed.models.shapes import TransformerShape
from simcore.distributed.models.torch_transformer import TorchLayer, TorchTransformer, Weights
from simcore.distributed.with_torch import torch

nn, functional = torch.nn, torch.nn.functional


class VisionLayer(TorchLayer):
    """One layer."""

    def __init__(self, shape: TransformerShape, weights: Weights):
        super().__init__(shape, weights)
        self.query_bias = weights.vector(shape.heads * shape.head_dim)
        self.key_bias = weights.vector(shape.kv_heads * shape.head_dim)
        self.value_bias = weights.vector(shape.kv_heads * shape.head_dim)
        self.out_bias = weights.vector(shape.hidden)
        self.attention_scale = weights.vector(shape.hidden, 1.0)
        self.attention_shift = weights.vector(shape.hidden)
        self.block_scale = weights.vector(shape.hidden, 1.0)
        self.block_shift = weights.vector(shape.hidden)
        self.up = weights.matrix(shape.intermediate, shape.hidden)
        self.up_bias = weights.vector(shape.intermediate)
        self.down = weights.matrix(shape.hidden, shape.intermediate)
        self.down_bias = weights.vector(shape.hidden)

    def attention_norm(self, x):
        return layer_norm(x, self.attention_scale, self.attention_shift)

    def block_norm(self, x):
        return layer_norm(x, self.block_scale, self.block_shift)

    def block(self, rows, share):
        columns = slice(*share.columns)
        inner = functional.linear(rows, self.up[columns], self.up_bias[columns])
        bias = self.down_bias if share.first else None
        return functional.linear(functional.gelu(inner), self.down[:, columns], bias)


class VisionTransformer(TorchTransformer):
    """An encoder: patches (batch, patches, values) in, scores of classes out."""

    def __init__(self, shape: TransformerShape, seed: int = 0):
        super().__init__(shape, seed)
        weights = Weights(seed + 1)
        self.patch = weights.matrix(shape.hidden, shape.patch_values)
        self.patch_bias = weights.vector(shape.hidden)
        self.answer = weights.vector(shape.hidden)
        self.final_scale = weights.vector(shape.hidden, 1.0)
        self.final_shift = weights.vector(shape.hidden)

    def layer(self, weights):
        return VisionLayer(self.shape, weights)

    def inputs(self, batch, positions):
        generator = torch.Generator().manual_seed(self.seed)
        shape = batch, positions - 1, self.shape.patch_values
        return torch.randn(*shape, generator=generator)

    def positions(self, inputs):
        return inputs.shape[1] + 1

    def embed(self, inputs):
        patches = functional.linear(inputs, self.patch, self.patch_bias)
        answers = self.answer.expand(inputs.shape[0], 1, -1)
        x = torch.cat([answers, patches], dim=1)
        return x + Weights(self.seed + 2).matrix(x.shape[1], self.shape.hidden)

    def final_norm(self, x):
        return layer_norm(x, self.final_scale, self.final_shift)

    def head(self, x):
        return functional.linear(self.final_norm(x[:, 0]), self.outputs)


def patches_of(images, side: int):
    """Images (batch, channels, height, width) cut into squares: (batch, patches, values)."""
    return functional.unfold(images, side, stride=side).transpose(1, 2)


def layer_norm(x, scale, shift):
    """Values less their mean, over their deviation, scaled and shifted."""
    return functional.layer_norm(x, scale.shape, scale, shift)

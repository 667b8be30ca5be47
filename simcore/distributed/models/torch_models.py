"""The model in torch for a shape."""

from simcore.distributed.models.shapes import TransformerShape
from simcore.distributed.models.torch_llama import Llama
from simcore.distributed.models.torch_transformer import TorchTransformer
from simcore.distributed.models.torch_vit import VisionTransformer
from simcore.errors import ScenarioError

MOST_PARAMETERS = 200_000_000


def maths_of(shape: TransformerShape, seed: int = 0) -> TorchTransformer:
    """A model of that shape with random weights in 32 bits.

    Raises
    ------
    ScenarioError
        It is too large to be made for every rank of one machine.
    """
    kind = VisionTransformer if shape.patch_values else Llama
    count = _parameters(shape)
    if count > MOST_PARAMETERS:
        raise ScenarioError(
            f"{shape.name} has some {count:,} parameters; with values each rank makes its own, up "
            f"to {MOST_PARAMETERS:,}: take a small model, or fewer layers",
            field="model",
        )
    return kind(shape, seed)


def _parameters(shape):
    blocks = max(shape.experts, 1) * (3 if shape.gated else 2) * shape.intermediate
    heads = 2 * (shape.heads + shape.kv_heads) * shape.head_dim
    ends = 2 * shape.outputs + shape.patch_values
    return shape.hidden * (shape.layers * (blocks + heads) + ends)

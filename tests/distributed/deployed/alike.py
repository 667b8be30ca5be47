"""Whether results are the same to the bit."""

import numpy as np
import torch


def told(value):
    """A value in types that compare by every bit, type and shape."""
    match value:
        case torch.Tensor():
            flat = value.detach().contiguous().reshape(-1)
            return str(value.dtype), tuple(value.shape), flat.view(torch.uint8).numpy().tobytes()
        case np.ndarray():
            return value.dtype.name, value.shape, value.tobytes()
        case list():
            return [told(each) for each in value]
        case dict():
            return {name: told(each) for name, each in value.items()}
        case _:
            return value

"""Transformers that algorithms run: as sizes and costs only, or with real values in torch."""

from simcore.distributed.models.device import Device
from simcore.distributed.models.model import Layer, Model, shares
from simcore.distributed.models.shapes import SHAPES, TransformerShape, shape_named, shape_names
from simcore.distributed.models.virtual import VirtualMaths, VirtualTensor

__all__ = [
    "SHAPES",
    "Device",
    "Layer",
    "Model",
    "TransformerShape",
    "VirtualMaths",
    "VirtualTensor",
    "shape_named",
    "shape_names",
    "shares",
]

"""Figures read back: what Plotly is given as base64 of bytes."""

import base64

import numpy as np


def values(typed) -> np.ndarray:
    """The numbers of an array as `app.figures.typed` writes it."""
    return np.frombuffer(base64.b64decode(typed["bdata"]), dtype="<" + typed["dtype"])


def traces(figure) -> dict:
    """The traces of a figure by name."""
    return {trace["name"]: trace for trace in figure["data"]}

"""Arrays as Plotly takes them without parsing numbers: base64 of their bytes."""

import base64

import numpy as np


def typed(values, dtype: str) -> dict[str, str]:
    """`values` as Plotly's typed array; `dtype` is numpy's name of it, as "f4", "f8" or "i4"."""
    raw = np.ascontiguousarray(values, dtype="<" + dtype).tobytes()
    return {"bdata": base64.b64encode(raw).decode("ascii"), "dtype": dtype}

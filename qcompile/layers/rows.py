"""Arrays of any leading shape and precision as the rows of one call of the engine."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


def rows_of(array: Array) -> Array:
    """In double precision, shape (rows, columns), from shape (*lead, columns)."""
    return np.asarray(array, dtype=float).reshape(math.prod(array.shape[:-1]), array.shape[-1])

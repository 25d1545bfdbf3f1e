"""Arrays of any leading shape and precision as the rows of one call of the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


def by_rows(method: Callable[..., Array | tuple[Array, ...]], arrays: Sequence[Array]) -> tuple[Array, ...]:
    """Calls a method of an `Evaluator` once.

    Args:
        arrays: its arguments, each of shape (*lead, columns), alike in `lead` and in type.

    Returns:
        Its results, one or several, of shapes (*lead, …) and in that type.
    """
    lead, kind = arrays[0].shape[:-1], arrays[0].dtype
    found = method(*map(rows_of, arrays))
    results = found if isinstance(found, tuple) else (found,)
    return tuple(result.astype(kind, copy=False).reshape(*lead, *result.shape[1:]) for result in results)


def rows_of(array: Array) -> Array:
    """In double precision, shape (rows, columns), from shape (*lead, columns)."""
    return np.asarray(array, dtype=float).reshape(math.prod(array.shape[:-1]), array.shape[-1])

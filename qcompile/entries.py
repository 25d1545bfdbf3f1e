"""All entries of a program's parameters in one array, in order of declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.diagnostics import Code, error
from qcompile.ir import Parameter

Array: TypeAlias = NDArray[Any]


def checked_entries(values: ArrayLike, count: int) -> Array:
    """Finite numbers of shape (entries,) or (batch, entries); raises BAD_VALUE."""
    given = np.asarray(values, dtype=float)
    if given.ndim not in (1, 2) or given.shape[-1] != count or given.size == 0 < count:
        raise error(Code.BAD_VALUE, f"values of shape {given.shape}", help=f"give ({count},), or (batch, {count})")
    if not np.isfinite(given).all():
        raise error(Code.BAD_VALUE, "a value is not finite", help="give real numbers")
    return given


def checked_weights(weights: ArrayLike, given: Array) -> Array:
    """One weight a row; raises BAD_VALUE."""
    scale = np.asarray(weights, dtype=float)
    if given.ndim != 2 or scale.shape != given.shape[:1]:
        label = f"weights of shape {scale.shape} for values of shape {given.shape}"
        raise error(Code.BAD_VALUE, label, help="give one weight for each row of the batch")
    return scale


def named(parameters: Sequence[Parameter], given: Array) -> dict[str, Array]:
    """The values by name, from shape (entries,) or (batch, entries)."""
    edges = np.cumsum([parameter.size or 1 for parameter in parameters])[:-1]
    parts = zip(parameters, np.split(given, edges, axis=-1), strict=True)
    return {p.name: part[..., 0] if p.size is None else part for p, part in parts}


def in_one(parameters: Sequence[Parameter], gradient: Mapping[str, Any], rows: tuple[int, ...]) -> Array:
    """A gradient by name in one array, shape (*rows, entries); zero where it is not wanted."""
    parts: list[Array] = []
    for parameter in parameters:
        part = np.asarray(gradient.get(parameter.name, 0.0), dtype=float)
        whole = part[..., np.newaxis] if parameter.size is None else part
        parts.append(np.broadcast_to(whole, (*rows, parameter.size or 1)))
    return np.concatenate(parts, axis=-1)


def in_arrays(
    parameters: Sequence[Parameter], given: Array, weights: Array | None, value: Any, gradient: Any
) -> tuple[Any, Array]:
    """What a call by name returns as a call by entries does; with weights the gradient of the weighted sum."""
    several = not isinstance(gradient, dict)
    values: list[Any] = list(value) if several else [value]
    gradients: list[Any] = list(gradient) if several else [gradient]
    found: Array = np.stack([np.asarray(each, dtype=float) for each in values])
    slopes: Array = np.stack([in_one(parameters, each, given.shape[:-1]) for each in gradients])
    if weights is not None:
        slopes = np.tensordot(slopes, weights, (1, 0))
    if several:
        return found, slopes
    return (float(found[0]) if given.ndim == 1 else found[0]), slopes[0]

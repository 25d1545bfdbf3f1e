"""What the methods of `layers.split.Split` take and give, and how a framework maps them over a further axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Tensor: TypeAlias = Any  # of a framework
W, X, Y = "weights", "inputs", "outputs"


@dataclass(frozen=True, slots=True)
class Kinds:
    """What kind of array each argument of a method is, and each result. The first two are weights and inputs."""

    takes: tuple[str, ...]
    gives: tuple[str, ...]


METHODS: Mapping[str, Kinds] = {
    "values": Kinds((W, X), (Y,)),
    "remembered": Kinds((W, X), (Y,)),
    "pushforward": Kinds((W, X, W, X, Y), (Y,)),
    "pullback": Kinds((W, X, Y, Y), (W, X)),
    "second": Kinds((W, X, Y, W, X), (W, X)),
    "curvature": Kinds((W, X, W, X, W, X), (Y,)),
}


def mapped(
    method: str,
    call: Callable[..., Sequence[Tensor]],
    given: Sequence[Tensor],
    axes: Sequence[int | None],
    to_front: Callable[[Tensor, int], Tensor],
    broadcast_to: Callable[[Tensor, tuple[int, ...]], Tensor],
) -> list[Tensor]:
    """One call for all places of an axis, which becomes the first of the leading ones, in results too.

    Weights that all rows share go on being shared where nothing is mapped over them and no derivative by them is
    summed over the rows of one place.

    Args:
        call: the method.
        given: its arguments, of which each with an axis is mapped over it.
        to_front, broadcast_to: the framework's own: to an axis in front, and to a shape.
    """
    kinds = METHODS[method]
    size = next(array.shape[axis] for array, axis in zip(given, axes, strict=True) if axis is not None)
    lead, shared = _without(given[1], axes[1])[:-1], len(_without(given[0], axes[0])) == 1
    spread = W in kinds.gives or any(k == W and axis is not None for k, axis in zip(kinds.takes, axes, strict=False))

    def moved(kind: str, array: Tensor, axis: int | None) -> Tensor:
        if kind == W and shared and not spread:
            return array
        first = array[None] if axis is None else to_front(array, axis)
        if kind == W and shared:
            first = first.reshape(len(first), *(1 for _ in lead), first.shape[-1])
            return broadcast_to(first, (size, *lead, first.shape[-1]))
        return broadcast_to(first, (size, *first.shape[1:]))

    def summed(kind: str, found: Tensor) -> Tensor:
        if kind != W or not shared:
            return found
        return found.reshape(size, math.prod(lead), found.shape[-1]).sum(1)

    operands = [moved(*each) for each in zip(kinds.takes, given, axes, strict=False)]
    return [summed(kind, found) for kind, found in zip(kinds.gives, call(*operands), strict=True)]


def _without(array: Tensor, axis: int | None) -> tuple[int, ...]:
    """The shape but for that axis."""
    return tuple(size for k, size in enumerate(array.shape) if axis is None or k != axis % array.ndim)

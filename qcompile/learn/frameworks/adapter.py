"""What the module of a framework offers, and what its optimizers are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qcompile.learn.checkpoint import Record
from qcompile.learn.start import Vector

Maker: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an optimizer is made by.

    Attributes:
        options: the learning rate among them.
        seed: of what is random in it, where they do not say.
    """

    maker: Any
    options: Mapping[str, Any]
    seed: int


class Slopes(Protocol):
    """What is descended."""

    def value_and_gradient(self, x: Vector) -> tuple[float, Vector]: ...


class StatedStepper(Protocol):
    """A `Stepper` by gradients alone, that can tell how it is set."""

    def step(self, oracle: Slopes, x: Vector) -> Vector: ...

    def state(self) -> Record: ...

    def restore(self, state: Record) -> None: ...

    def settings(self) -> str:
        """All that decides its steps beside the gradients, the same in any process."""
        ...


class Adapter(Protocol):
    """A framework's module."""

    def makers(self) -> Mapping[str, Maker]:
        """Its public optimizers that take a learning rate, by name in lower case."""
        ...

    def is_maker(self, given: object) -> bool:
        """Is it, or does it make, an optimizer of this framework, one of the user's own included?"""
        ...

    def stepper(self, recipe: Recipe, start: Vector) -> StatedStepper: ...


class Bowl:
    """½|x|²."""

    def value_and_gradient(self, x: Vector) -> tuple[float, Vector]:
        return float(x @ x) / 2, x.copy()


def said(array: NDArray[Any]) -> Record:
    """An array as what a checkpoint keeps of it."""
    return {"type": str(array.dtype), "entries": array}


def is_said(value: object) -> bool:
    return isinstance(value, dict) and set(cast("Record", value)) == {"type", "entries"}


def array_of(record: Record) -> NDArray[Any]:
    return np.array(record["entries"], dtype=np.dtype(record["type"]))

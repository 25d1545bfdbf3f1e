"""Products with a program's derivative, Hessians, and derivatives of any order, as Python functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.accuracy import Accuracy, class_of, warn_of_leakage
from qcompile.angle import Element
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Parameter, Program, Shifted
from qcompile.passes.differentiate import differentiate, wanted_elements
from qcompile.passes.differentiate.orders import mixed_derivative
from qcompile.run import (
    On,
    Settings,
    ValueAndGradient,
    compiled,
    evaluated,
    one_or_tuple,
    shaped,
    value_and_grad,
)
from qcompile.targets.simulator import Options, has_batch
from qcompile.targets.simulator.slicing import slices_of

Array = NDArray[Any]


def vjp(
    program: Program,
    method: str = "auto",
    wrt: Sequence[str] | str | None = None,
    on: On = None,
    **options: Unpack[Settings],
) -> Vjp:
    """A function of cotangents and the parameters' values to Σ cotangent · d output / d parameter, by parameter name.

    `vjp(program)(cotangents, theta=0.2)`: cotangents have the output's shape, with a batch axis first or without; of
    several outputs they are a tuple.

    Args:
        method, wrt, on, options: as for `value_and_grad`.
    """
    return Vjp(value_and_grad(program, method, wrt, on, **options))


def jvp(
    program: Program,
    method: str = "auto",
    wrt: Sequence[str] | str | None = None,
    on: On = None,
    **options: Unpack[Settings],
) -> Jvp:
    """A function of tangents and the parameters' values to the outputs' derivatives along the tangents.

    `jvp(program)({"theta": 1.0}, theta=0.2)`: tangents are by parameter name, in the parameters' shapes, and zero where
    they are not given. The result has the outputs' shapes.
    """
    return Jvp(value_and_grad(program, method, wrt, on, **options))


def derivative(program: Program, wrt: Sequence[str] | str, on: On = None, **options: Unpack[Settings]) -> Derivative:
    """A function to one mixed derivative of each output: `derivative(program, ("a", "a", "b"))(a=0.1, b=0.2)`.

    It has the outputs' shapes.

    Args:
        wrt: scalar parameters or entries (`w[1]`), one for each order.
        on, options: as for `simulate`.
    """
    ready: Program = compiled(program)
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    return Derivative(ready.parameters, mixed_derivative(ready, names), len(names), Options(**options), on)


def hessian(
    program: Program,
    wrt: Sequence[str] | str | None = None,
    method: str = "auto",
    on: On = None,
    **options: Unpack[Settings],
) -> Hessian:
    """A function to the matrix of second derivatives, shape (n, n); a tuple of them for several outputs.

    Rows and columns run over the entries of the parameters in order of declaration; a batch axis comes first.

    Args:
        method: by which the derivative is differentiated again: `shift`, or `auto`: as `differentiate` on a client, and
            else shift.
        on, options: as for `simulate`.

    Raises:
        CompileError: METHOD for `adjoint`; and as `differentiate` and `simulate`.
    """
    ready = compiled(program)
    elements = wanted_elements(ready, wrt)
    names = [str(element) for element in elements]
    chosen = "shift" if method == "auto" and on is None else method
    once = differentiate(ready if on is not None else slices_of(ready) or ready, names, chosen)
    twice = differentiate(once, names, chosen)
    if not isinstance(twice, Shifted):
        raise AssertionError("what is differentiated again is shifted circuits")
    return Hessian(twice, ready.parameters, elements, len(ready.outputs), Options(**options), on)


@dataclass(frozen=True)
class Vjp:
    """A program's derivative, compiled, that is called with cotangents and the parameters' values."""

    both: ValueAndGradient

    def __call__(self, cotangents: Any, /, **values: ArrayLike) -> dict[str, Any]:
        found = evaluated(self.both.derivative, values, self.both.options, self.both.client)
        warn_of_leakage(found.leakage)
        given = _one_for_each(cotangents, len(found.values))
        pairs = list(zip(given, found.values, strict=True))
        batched = has_batch(self.both.program.parameters, values) or any(c.ndim == v.ndim for c, v in pairs)
        weights = [_in_shape(cotangent, value.ndim, value.shape[1:], "a cotangent") for cotangent, value in pairs]
        slopes = self.both.slopes(found)
        total: dict[Element, Array] = {}
        for element in self.both.elements:
            parts = [weight * each[element] for weight, each in zip(weights, slopes, strict=True)]
            total[element] = sum((part.reshape(len(part), -1).sum(axis=1) for part in parts), np.zeros(1))
        return self.both.by_name(total, batched)


@dataclass(frozen=True)
class Jvp:
    """A program's derivative, compiled, that is called with tangents and the parameters' values."""

    both: ValueAndGradient

    def __call__(self, tangents: Mapping[str, ArrayLike], /, **values: ArrayLike) -> Any:
        found = evaluated(self.both.derivative, values, self.both.options, self.both.client)
        warn_of_leakage(found.leakage)
        directions, given_in_batch = self._directions(tangents)
        batched = has_batch(self.both.program.parameters, values) or given_in_batch
        results: list[Array | float] = []
        for value, slopes in zip(found.values, self.both.slopes(found), strict=True):
            total = np.zeros_like(value)
            for element, slope in slopes.items():
                if element in directions:
                    total = total + directions[element].reshape(-1, *(1,) * (value.ndim - 1)) * slope
            results.append(shaped(total, batched))
        return one_or_tuple(results)

    def _directions(self, tangents: Mapping[str, ArrayLike]) -> tuple[dict[Element, Array], bool]:
        """By element, shape (1,) or (batch,), and whether one of them has a batch axis."""
        known = {p.name: p for p in self.both.program.parameters if any(e.name == p.name for e in self.both.elements)}
        found: dict[Element, Array] = {}
        in_batch = False
        for name, given in tangents.items():
            if name not in known:
                raise error(Code.UNKNOWN_NAME, f"no derivative by `{name}`", help=did_you_mean(name, known))
            shape = () if known[name].size is None else (known[name].size or 0,)
            array = _in_shape(np.asarray(given, dtype=float), len(shape) + 1, shape, f"the tangent of `{name}`")
            columns = array.reshape(len(array), -1).T
            found.update(zip(known[name].elements(), columns, strict=True))
            in_batch = in_batch or np.ndim(given) > len(shape)
        return found, in_batch


@dataclass(frozen=True)
class Derivative:
    """A derivative of some order, compiled, that is called with the parameters' values."""

    parameters: tuple[Parameter, ...]
    module: Shifted
    order: int
    options: Options
    client: On = None

    def __call__(self, **values: ArrayLike) -> Any:
        found = evaluated(self.module, values, self.options, self.client)
        warn_of_leakage(found.leakage)
        batched = has_batch(self.parameters, values)
        pairs = zip(self.module.components, found.components, strict=True)
        return one_or_tuple([shaped(result, batched) for c, result in pairs if len(c.wrt) == self.order])


@dataclass(frozen=True)
class Hessian:
    """A program's second derivatives, compiled, that are called with the parameters' values."""

    derivative: Shifted
    parameters: tuple[Parameter, ...]
    elements: tuple[Element, ...]
    outputs: int
    options: Options
    client: On = None

    def __call__(self, **values: ArrayLike) -> Any:
        result, accuracy = self.assessed(**values)
        warn_of_leakage(accuracy.leakage)
        return result

    def assessed(self, **values: ArrayLike) -> tuple[Any, Accuracy]:
        """The result, and how far it may be from the true one."""
        found = evaluated(self.derivative, values, self.options, self.client)
        batched = has_batch(self.parameters, values)
        kind = class_of(found.leakage, found.truncation, found.errors is not None, self.derivative)
        errors = None if found.errors is None else self._matrices(found.errors, batched)
        accuracy = Accuracy(kind, found.leakage, found.truncation, errors)
        return self._matrices(found.components, batched), accuracy

    def _matrices(self, results: Sequence[Array | None], batched: bool) -> Any:
        place = {element: k for k, element in enumerate(self.elements)}
        found: list[dict[tuple[int, int], Array | float]] = [{} for _ in range(self.outputs)]
        for component, result in zip(self.derivative.components, results, strict=True):
            # Each mixed derivative is there once.
            if len(component.wrt) == 2 and component.output is not None and result is not None:
                row, column = (place[element] for element in component.wrt)
                found[component.output][row, column] = shaped(result, batched)
                found[component.output][column, row] = shaped(result, batched)
        return one_or_tuple([self._matrix(entries, batched) for entries in found])

    def _matrix(self, entries: Mapping[tuple[int, int], Array | float], batched: bool) -> Array:
        size, axis = len(self.elements), int(batched)
        rows = [np.stack([entries[row, column] for column in range(size)], axis) for row in range(size)]
        return np.stack(rows, axis)


def _one_for_each(cotangents: Any, outputs: int) -> list[Array]:
    """The cotangent of each output, as arrays."""
    given = list(cotangents) if outputs > 1 else [cotangents]
    if len(given) != outputs:
        label = f"{outputs} outputs have as many cotangents, not {len(given)}"
        raise error(Code.BAD_VALUE, label, help="give a tuple of one for each output")
    return [np.asarray(cotangent, dtype=float) for cotangent in given]


def _in_shape(array: Array, dimensions: int, shape: tuple[int, ...], what: str) -> Array:
    """With a batch axis, of length 1 where none was given."""
    whole = array if array.ndim == dimensions else array[np.newaxis]
    if whole.shape[1:] != shape or whole.ndim != dimensions:
        raise error(Code.BAD_VALUE, f"{what} has shape {array.shape}", help=f"give {shape}, or (batch, …) of these")
    return whole

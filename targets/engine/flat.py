"""Value and gradient of one expectation from the values in one array, with as little Python as there can be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Element
from qcompile.ir import Expectation, Program
from qcompile.targets.engine.driver import LANES, Reals
from qcompile.targets.engine.fused import Fused, has_trained_coefficients
from qcompile.targets.engine.layout import Packed, Task
from qcompile.targets.engine.port import Call

RealArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """Arrays that a call reads and writes, laid out once."""

    laid: Call
    values: RealArray
    value: RealArray
    gradient: RealArray


@dataclass(frozen=True)
class Flat:
    """A fused program whose angles are affine in its entries, and whose observable has constant coefficients.

    `columns` are all entries of its parameters in order of declaration.
    """

    fused: Fused
    columns: tuple[Element, ...]

    @classmethod
    def of(cls, fused: Fused) -> Flat | None:
        """None where it takes more than that."""
        if fused.plan is None or not all(isinstance(atom, Element) for atom in fused.plan.atoms):
            return None
        return cls(fused, entries(fused.program)) if _has_one_constant_output(fused.program) else None

    def __call__(self, values: RealArray) -> tuple[float, RealArray]:
        """The value, and its derivatives by all entries, 0 by those that are not wanted; values of shape (entries,)."""
        if self.fused.one.is_split:
            return self._split(values)
        try:
            call = self._calls.pop()
        except IndexError:
            call = self._call()
        call.values[:] = values
        self.fused.one.port.run(Task.VALUE_AND_GRADIENT, call.laid)
        value, gradient = float(call.value[0]), call.gradient.copy()
        self._calls.append(call)
        return value, gradient

    @cached_property
    def _calls(self) -> list[_Call]:
        """Those that nobody is in."""
        return []

    def _call(self) -> _Call:
        values, value, gradient = np.zeros(len(self.columns)), np.zeros(1), np.zeros(len(self.columns))
        varies = np.zeros(len(self._packed.blocks), np.int64)
        laid = Call((
            self._packed, self.fused.one.take(), varies, self.fused.one.plan.until, values, self._place, self._wanted,
            self._weight, value, gradient,
        ))  # fmt: skip
        return _Call(laid, values, value, gradient)

    def _split(self, values: RealArray) -> tuple[float, RealArray]:
        """On several threads."""
        spread = np.zeros((1, len(self._place) * LANES))
        spread[0, ::LANES] = values[self._place]
        varies = np.zeros(len(self._packed.blocks), np.int64)
        totals, slopes = self.fused.one.values_and_gradients(self._packed, varies, spread, self._weight, False)
        gradient = np.zeros(len(values))
        gradient[self._place] = slopes[0, ::LANES]
        return float(totals.sum()), gradient * self._wanted

    def batch(self, values: RealArray, weights: RealArray | None = None) -> tuple[RealArray, RealArray]:
        """Of rows, shape (batch, entries): the values, and each one's derivatives, or those of Σ weight · value.

        Args:
            weights: shape (batch,).
        """
        totals, gradients = self.fused.rows(values[:, self._place].T, weights)
        result = np.zeros((gradients.shape[1], len(self.columns)))
        result[:, self._place] = gradients.T
        result *= self._wanted
        return totals, result if weights is None else result[0]

    @cached_property
    def _place(self) -> NDArray[np.intp]:
        """The column of each atom."""
        return self.fused.places(self.columns)

    @cached_property
    def _packed(self) -> Packed:
        return self.fused.one.with_coefficients(self.fused.constants)

    @cached_property
    def _weight(self) -> Reals:
        return np.ones((1, LANES), self.fused.one.dtype)

    @cached_property
    def _wanted(self) -> RealArray:
        return self.fused.wanted(self.columns)


def entries(program: Program) -> tuple[Element, ...]:
    """All entries of the parameters, in order of declaration."""
    return tuple(element for parameter in program.parameters for element in parameter.elements())


def _has_one_constant_output(program: Program) -> bool:
    if len(program.outputs) != 1 or not isinstance(program.outputs[0], Expectation):
        return False
    return not has_trained_coefficients(program, entries(program))

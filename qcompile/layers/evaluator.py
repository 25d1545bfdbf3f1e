"""A program as a function of all entries of its parameters in one array: one engine call a method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.accuracy import warn_of_leakage
from qcompile.angle import Element
from qcompile.entries import named
from qcompile.ir import Adjoint, Program
from qcompile.layers.arguments import Array, checked_rows, contracted
from qcompile.layers.combined import Combined
from qcompile.layers.outputs import layout, side_by_side
from qcompile.layers.second import Tangent, Twice, second_order
from qcompile.run import On, Settings, Simulation, ValueAndGradient, compiled, evaluated, simulate, value_and_grad
from qcompile.targets.engine.flat import entries
from qcompile.targets.simulator import Options
from qcompile.targets.simulator.kept_states import States
from qcompile.targets.simulator.options import SWEEPING
from qcompile.targets.simulator.slicing import simulable

Columns: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Evaluator:
    """A program, compiled, as a function of rows of the entries of its parameters.

    Attributes:
        settings: fields of `targets.simulator.Options`.
        wanted: derivatives are by these entries, and 0 by others.
        outputs: where each output is in `width` columns: probabilities have one for each outcome.
    """

    program: Program
    method: str
    on: On
    settings: Settings
    outputs: tuple[slice, ...]
    wanted: tuple[Element, ...]

    @classmethod
    def of(cls, program: Program, method: str = "auto", on: On = None, **options: Unpack[Settings]) -> Evaluator:
        """The program compiled for a client, or for the simulator.

        Raises:
            CompileError: NOT_DIFFERENTIABLE for a program that returns nothing, or samples, or a state; UNKNOWN_OPTION.
        """
        ready: Program = compiled(program)
        return cls(ready, method, on, options, layout(ready, Options(**options).cutoff), entries(ready))

    @cached_property
    def by_trained(self) -> Evaluator:
        """The same, of which no derivatives by what is fed are wanted."""
        return self._by(self.trained)

    @cached_property
    def by_fed(self) -> Evaluator:
        """The same, of which no derivatives by what is trained are wanted."""
        return self._by(self.fed)

    def _by(self, columns: Columns) -> Evaluator:
        chosen: list[int] = columns.tolist()
        return replace(self, wanted=tuple(self.entries[k] for k in chosen))

    @cached_property
    def entries(self) -> tuple[Element, ...]:
        """The columns of x, in order of declaration."""
        return entries(self.program)

    @cached_property
    def trained(self) -> Columns:
        """The columns of `param`s."""
        return self._of_role("param")

    @cached_property
    def fed(self) -> Columns:
        """The columns of `input`s."""
        return self._of_role("input")

    @property
    def width(self) -> int:
        last: int = self.outputs[-1].stop
        return last

    def values(self, x: ArrayLike) -> Array:
        """The outputs side by side, shape (batch, width), at rows of shape (batch, entries)."""
        rows = checked_rows(self.program.parameters, x)
        if not len(rows):
            return np.zeros((0, self.width))
        read = None if self._reading is None else self._reading.values(rows)
        if read is not None:
            return read
        result, leakage = self._simulation.measured(**(named(self.program.parameters, rows) if self.entries else {}))
        warn_of_leakage(leakage)
        results = list(result) if len(self.outputs) > 1 else [result]
        return side_by_side(results if self.entries else [np.asarray(r)[np.newaxis] for r in results], len(rows))

    def values_and_jacobian(self, x: ArrayLike) -> tuple[Array, Array]:
        """Values, and their derivatives by all entries, shape (batch, width, entries)."""
        rows = checked_rows(self.program.parameters, x)
        if self._is_narrow and rows.size and self.wanted:
            values, gradient = self._both.at_checked(rows[0] if len(rows) == 1 else rows)
            return np.reshape(values, (-1, 1)), gradient.reshape(len(rows), 1, -1)
        jacobian = np.zeros((len(rows), self.width, len(self.entries)))
        if not jacobian.size or not self.wanted:
            return self.values(rows), jacobian
        found = evaluated(self._both.derivative, named(self.program.parameters, rows), self.options, self.on)
        warn_of_leakage(found.leakage)
        for place, slopes in zip(self.outputs, self._both.slopes(found), strict=True):
            for element, slope in slopes.items():
                jacobian[:, place, self.places[element]] = slope.reshape(len(slope), -1)
        return side_by_side(found.values, len(rows)), jacobian

    def pullback(self, x: ArrayLike, cotangents: ArrayLike) -> Array:
        """Σ cotangent · d output / d entry, shape (batch, entries), from cotangents of shape (batch, width)."""
        rows, given = checked_rows(self.program.parameters, x), np.asarray(cotangents, dtype=float)
        if not rows.size or not self.wanted:
            return np.zeros(rows.shape)
        states = self.states_by_row
        if states is not None and states.takes(len(rows)):
            return states.at(rows).pulled(given)[1]
        if self.combined is None:
            _, jacobian = self.values_and_jacobian(rows)
            slopes: Array = np.matmul(given[:, np.newaxis], jacobian)[:, 0]
            return slopes
        function = self._combined_function
        if function is None:
            raise AssertionError("a combined program has a gradient")
        values = named(self.program.parameters, rows)
        values[self.combined.weights] = self.combined.coefficients(given)
        found = evaluated(function.derivative, values, self.options, None)
        warn_of_leakage(found.leakage)
        result = np.zeros(rows.shape)
        for element, slope in function.slopes(found)[0].items():
            result[:, self.places[element]] = slope
        return result

    def pushforward(self, x: ArrayLike, tangents: ArrayLike) -> Array:
        """Σ d output / d entry · tangent, shape (batch, width), from tangents of shape (batch, entries)."""
        _, jacobian = self.values_and_jacobian(x)
        return contracted("boe,be->bo", jacobian, np.asarray(tangents, dtype=float))

    def second(self, x: ArrayLike, cotangents: ArrayLike, tangents: ArrayLike) -> Array:
        """Σ cotangent · d² output / d entry d entry' · tangent', shape (batch, entries)."""
        rows = checked_rows(self.program.parameters, x)
        if not rows.size or not self.wanted:
            return np.zeros(rows.shape)
        return self._second(rows, np.asarray(cotangents, dtype=float), np.asarray(tangents, dtype=float))

    def _of_role(self, role: str) -> Columns:
        roles = [parameter.role for parameter in self.program.parameters for _ in parameter.elements()]
        return np.flatnonzero(np.array(roles, dtype=object) == role)

    @cached_property
    def options(self) -> Options:
        return Options(**self.settings)

    @cached_property
    def names(self) -> list[str]:
        return [str(element) for element in self.wanted]

    @cached_property
    def places(self) -> dict[Element, int]:
        return {element: k for k, element in enumerate(self.entries)}

    @cached_property
    def sweeps(self) -> bool:
        """Does an adjoint sweep give the derivatives, as far as the program has one?"""
        exact = self.on is None and self.options.shots is None and self.options.engine in SWEEPING
        return exact and self.method in ("auto", "adjoint")

    @cached_property
    def states(self) -> States | None:
        """The way in two calls with one forward walk, where there is one; by what is trained summed over the rows."""
        fed: list[int] = self.fed.tolist()
        return self._states([k for k in fed if self.entries[k] in self.wanted])

    @cached_property
    def states_by_row(self) -> States | None:
        """The same, with all derivatives row by row."""
        return self._states(range(len(self.entries)))

    def _states(self, apart: Sequence[int]) -> States | None:
        derivative = self._both.derivative if self.sweeps and self.wanted else None
        if not isinstance(derivative, Adjoint):
            return None
        return States.of(derivative.forward, self.options, self.wanted, apart)

    @cached_property
    def _reading(self) -> States | None:
        """The short way to values alone."""
        program = simulable(self.program) if self.sweeps and self.entries else None
        return States.of(program, self.options) if isinstance(program, Program) else None

    @cached_property
    def _simulation(self) -> Simulation:
        return simulate(self.program, self.on, **self.settings)

    @cached_property
    def _both(self) -> ValueAndGradient:
        return value_and_grad(self.program, self.method, self.names, self.on, **self.settings)

    @cached_property
    def _is_narrow(self) -> bool:
        return self.sweeps and self.width == 1 and "qumode" not in self.program.kinds

    @cached_property
    def is_flat(self) -> bool:
        """Do value and gradient of one row come by the shortest way?"""
        return self._is_narrow and bool(self.wanted) and self._both.is_flat

    @cached_property
    def combined(self) -> Combined | None:
        """Several outputs that one sweep pulls back together."""
        return Combined.of(self.program, self.options.cutoff) if self.sweeps and self.width > 1 else None

    @cached_property
    def _combined_function(self) -> ValueAndGradient | None:
        if self.combined is None:
            return None
        return value_and_grad(self.combined.program, self.method, self.names, None, **self.settings)

    @cached_property
    def _second(self) -> Tangent | Twice:
        return second_order(self)

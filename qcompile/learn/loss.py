"""What is minimised, as a function of all trained entries in one vector: one engine call for whatever is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.angle import Element
from qcompile.entries import in_one, named
from qcompile.geometry import REGULARISATION, Metric, metric, solved
from qcompile.ir import Adjoint, Parameter, Program
from qcompile.layers.evaluator import Evaluator
from qcompile.layers.held import Held
from qcompile.learn.start import Vector, trained_parameters
from qcompile.passes.differentiate import differentiate
from qcompile.run import On, Settings, Simulation, ValueAndGradient, compiled, simulate, value_and_grad
from qcompile.targets.clients import is_seeded
from qcompile.targets.engine.loading import kernels
from qcompile.targets.simulator import Options, bind, hessian_vector_products

Rows: TypeAlias = NDArray[np.intp]
"""Of what is fed, those that are looked at; None: all."""


@dataclass(frozen=True)
class Loss:
    """The mean of an expectation over the rows of what is fed.

    Whatever is random is drawn from the seed that a call is given, but on clients that refuse seeds.
    """

    program: Program
    inputs: Mapping[str, ArrayLike]
    method: str
    on: On
    options: Settings

    def values(self, points: Vector, seed: int, rows: Rows | None = None) -> tuple[Vector, float]:
        """At each of the points, shape (points, trained); and the most that the cut of a Fock space lost."""
        table = self._table(points, rows)
        function = self._simulation
        if self.is_drawn:
            function = replace(function, options=replace(function.options, seed=seed))
        found, leakage = function.measured(**named(self.program.parameters, table))
        return _floats(found).reshape(len(points), -1).mean(axis=1), leakage

    def value_and_gradient(self, x: Vector, seed: int, rows: Rows | None = None) -> tuple[float, Vector, float]:
        """Both, and what the cut of the Fock spaces lost."""
        table = self._table(x[np.newaxis], rows)
        function = self._both
        if self.is_drawn:
            function = replace(function, options=replace(function.options, seed=seed))
        if self._evaluator is not None:
            held = Held.at(self._evaluator, table)
            slopes, _ = held.pulled(np.full(held.values.shape, 1 / len(table)))
            return _mean(held.values[:, 0]), slopes, 0.0
        if "qumode" not in self.program.kinds and len(table) == 1:
            value, gradient = function.at(table[0])
            return float(value), _floats(gradient[self.columns]), 0.0
        if "qumode" not in self.program.kinds:
            values, gradient = function.at(table, np.full(len(table), 1 / len(table)))
            return _mean(values), _floats(gradient[self.columns]), 0.0
        values, slopes, leakage = function.measured(**named(self.program.parameters, table))
        whole = in_one(self.program.parameters, slopes, (len(table),))
        return _mean(values), _floats(whole.mean(axis=0)[self.columns]), leakage

    def product(self, x: Vector, direction: Vector) -> Vector:
        """The Hessian times the direction, exactly; raises METHOD where the adjoint sweep has no tangent."""
        along = np.zeros(len(self._entries))
        along[self.columns] = direction
        module, parameters = self._adjoint, self.program.parameters
        products = hessian_vector_products(
            module, named(parameters, self._table(x[np.newaxis], None)), named(parameters, along)
        )
        place = {component.wrt: k for k, component in enumerate(module.components)}
        wanted = (self._entries[int(column)] for column in self.columns)
        return np.array([products[place[element]].mean() if element in place else 0.0 for element in wanted])

    def natural(self, x: Vector, slope: Vector, seed: int, rows: Rows | None = None) -> Vector:
        """(g + λ)⁻¹ times the slope, by the mean metric g over the rows."""
        function = self._metric
        if self.is_drawn:
            function = replace(function, options=replace(function.options, seed=seed))
        matrix, _ = function.measured(**named(self.program.parameters, self._table(x[np.newaxis], rows)))
        return solved(matrix.mean(axis=0), slope[:, np.newaxis], REGULARISATION)[:, 0]

    def settle(self) -> None:
        """Waits for the compiled kernels, so that one engine computes all values: others differ in rounding."""
        if "qumode" not in self.program.kinds:
            kernels().get(Options(**self.options).precision, wait=True)

    @property
    def rows(self) -> int:
        """How many there are of what is fed."""
        return len(self.fed)

    @cached_property
    def is_random(self) -> bool:
        return Options(**self.options).runs is not None

    @cached_property
    def is_drawn(self) -> bool:
        """Is what is random drawn by the seeds that calls are given?"""
        return self.is_random and is_seeded(self.on)

    @cached_property
    def trained(self) -> tuple[Parameter, ...]:
        return trained_parameters(self.program)

    @cached_property
    def columns(self) -> NDArray[np.intp]:
        """Where the trained entries are among all."""
        wanted = {element for p in self.trained for element in p.elements()}
        return np.array([k for k, element in enumerate(self._entries) if element in wanted], dtype=np.intp)

    def _table(self, points: Vector, rows: Rows | None) -> Vector:
        """All entries for each point and, for each point, each row of what is fed."""
        fed = self.fed if rows is None else self.fed[rows]
        table = np.tile(fed, (len(points), 1))
        table[:, self.columns] = np.repeat(points, len(fed), axis=0)
        return table

    @cached_property
    def _entries(self) -> tuple[Element, ...]:
        return tuple(element for p in self.program.parameters for element in p.elements())

    @cached_property
    def fed(self) -> Vector:
        """All entries with what is fed in its place, shape (rows, entries)."""
        fed = [p for p in self.program.parameters if p not in self.trained]
        bound = bind(fed, self.inputs)
        place = {element: k for k, element in enumerate(self._entries)}
        rows = np.zeros((bound.batch, len(place)))
        for element, values in bound.elements.items():
            rows[:, place[element]] = values
        return rows

    @cached_property
    def _settings(self) -> Settings:
        return self.options if is_seeded(self.on) else {**self.options, "seed": None}

    @cached_property
    def _simulation(self) -> Simulation:
        return simulate(self.program, self.on, **self._settings)

    @cached_property
    def _both(self) -> ValueAndGradient:
        function = value_and_grad(self.program, self.method, on=self.on, **self._settings)
        if function.entries != self._entries:
            raise AssertionError("compiling changed the parameters")
        return function

    @cached_property
    def _evaluator(self) -> Evaluator | None:
        """Where states are kept and that is the shorter way."""
        if self.on is not None or self.is_random or "qumode" in self.program.kinds or self._both.is_flat:
            return None
        found = Evaluator.of(self.program, self.method, **self.options).by_trained
        return None if found.states is None else found

    @cached_property
    def _metric(self) -> Metric:
        return metric(self.program, on=self.on, **self._settings)

    @cached_property
    def _adjoint(self) -> Adjoint:
        module = differentiate(compiled(self.program), method="adjoint")
        if not isinstance(module, Adjoint):
            raise AssertionError("the adjoint method gives adjoint programs")
        return module


def _mean(values: Any) -> float:
    found: Vector = _floats(values)
    return float(found.mean())


def _floats(array: ArrayLike) -> Vector:
    return np.asarray(array, dtype=np.float64)

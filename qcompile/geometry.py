"""The geometry of a program's states as Python functions: the metric, the Fisher information, natural gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.accuracy import warn_of_leakage
from qcompile.angle import Element
from qcompile.ir import Program, Shifted, State
from qcompile.passes.differentiate import wanted_elements
from qcompile.passes.differentiate.geometry.metric import Blocks, metric_module, metric_pairs, pure
from qcompile.run import (
    Engine,
    On,
    Settings,
    ValueAndGradient,
    compiled,
    evaluated,
    one_or_tuple,
    shaped,
    value_and_grad,
)
from qcompile.targets.simulator import Options, bind, has_batch
from qcompile.targets.simulator.tangents import fubini_study

Array = NDArray[np.float64]
REGULARISATION = 1e-3


def metric(
    program: Program,
    wrt: Sequence[str] | str | None = None,
    blocks: Blocks = "full",
    on: On = None,
    **options: Unpack[Settings],
) -> Metric:
    """A function to the Fubini–Study metric of the program's state, shape (n, n); a batch axis comes first.

    Rows and columns run over the entries of the parameters in order of declaration. What the program returns does not
    matter. Computed from tangent states, or, with shots or on a client, by the circuits of the pass `metric`.

    Args:
        blocks: `diagonal` is zero for entries that share no layer of the circuit.
        on, options: as for `simulate`.

    Raises:
        CompileError: NOT_DIFFERENTIABLE where the state is not pure; and as the pass and `simulate`.
    """
    return _metric(program, wrt, blocks, on, Options(**options), 1.0)


def quantum_fisher_information(
    program: Program,
    wrt: Sequence[str] | str | None = None,
    blocks: Blocks = "full",
    on: On = None,
    **options: Unpack[Settings],
) -> Metric:
    """As `metric`, four times it: the quantum Fisher information matrix of the pure state."""
    return _metric(program, wrt, blocks, on, Options(**options), 4.0)


def natural_gradient(
    program: Program,
    regularisation: float = REGULARISATION,
    wrt: Sequence[str] | str | None = None,
    blocks: Blocks = "full",
    **options: Unpack[Engine],
) -> NaturalGradient:
    """A function to (g + λ)⁻¹ ∇f by parameter name, g the metric and λ the regularisation; several outputs, a tuple.

    Steepest descent in the distance of states (Stokes et al. 2020, arXiv:1909.02108). Where parameters are redundant g
    is singular, and λ > 0 keeps the steps finite.

    Raises:
        CompileError: as `metric` and `value_and_grad`.
    """
    both = value_and_grad(program, "auto", wrt, **options)
    return NaturalGradient(both, metric(program, wrt, blocks, **options), regularisation)


@dataclass(frozen=True, eq=False)
class Metric:
    """A program's metric, compiled, that is called with the parameters' values.

    Attributes:
        module: the circuits that measure it, where they are what is run.
        kept: 1 for the entries that are not left out, shape (n, n).
        factor: of the metric, in what is returned.
    """

    program: Program
    module: Shifted | None
    elements: tuple[Element, ...]
    kept: Array
    options: Options
    client: On
    factor: float

    def __call__(self, **values: ArrayLike) -> Any:
        matrix, leakage = self.measured(**values)
        warn_of_leakage(leakage)
        return shaped(matrix, has_batch(self.program.parameters, values))

    def measured(self, **values: ArrayLike) -> tuple[Array, float]:
        """The matrix, shape (batch, n, n), and the probability that the cut of the Fock spaces lost."""
        if self.module is None:
            bound = bind(self.program.parameters, values)
            whole, leakage = fubini_study(self.program, self.elements, bound, self.options)
            return self.factor * whole * self.kept, leakage
        found = evaluated(self.module, values, self.options, self.client)
        place = {element: k for k, element in enumerate(self.elements)}
        batch = bind(self.program.parameters, values).batch
        matrix = np.zeros((batch, len(place), len(place)))
        for component, result in zip(self.module.components, found.components, strict=True):
            row, column = (place[element] for element in component.wrt)
            matrix[:, row, column] = matrix[:, column, row] = self.factor * result
        return matrix, found.leakage


@dataclass(frozen=True, eq=False)
class NaturalGradient:
    """A program's natural gradient, compiled, that is called with the parameters' values."""

    both: ValueAndGradient
    metric: Metric
    regularisation: float

    def __call__(self, **values: ArrayLike) -> Any:
        found = evaluated(self.both.derivative, values, self.both.options, None)
        matrix, leakage = self.metric.measured(**values)
        warn_of_leakage(max(leakage, found.leakage))
        batched = has_batch(self.both.program.parameters, values)
        gradients: list[Any] = []
        for slopes in self.both.slopes(found):
            flat = np.stack([slopes[element] for element in self.both.elements], 1)
            natural = solved(matrix, flat.reshape(*flat.shape[:2], -1), self.regularisation).reshape(flat.shape)
            parts = {element: natural[:, k] for k, element in enumerate(self.both.elements)}
            gradients.append(self.both.by_name(parts, batched))
        return one_or_tuple(gradients)


def solved(matrix: Array, slopes: Array, regularisation: float) -> Array:
    """(g + λ)⁻¹ times each column: shapes (…, n, n) and (…, n, k)."""
    return np.asarray(np.linalg.solve(matrix + regularisation * np.eye(matrix.shape[-1]), slopes), dtype=np.float64)


def _metric(
    program: Program,
    wrt: Sequence[str] | str | None,
    blocks: Blocks,
    client: On,
    options: Options,
    factor: float,
) -> Metric:
    ready: Program = compiled(replace(pure(program), outputs=(State(),)))  # of which the whole state is kept
    elements = wanted_elements(ready, wrt)
    measures = client is not None or options.shots is not None
    module = metric_module(ready, elements, blocks) if measures else None
    kept = _kept(ready, elements, blocks) if blocks != "full" else np.ones((len(elements), len(elements)))
    return Metric(ready, module, elements, kept, options, client, factor)


def _kept(program: Program, elements: Sequence[Element], blocks: Blocks) -> Array:
    place = {element: k for k, element in enumerate(elements)}
    kept = np.zeros((len(elements), len(elements)))
    for a, b in metric_pairs(program, elements, blocks):
        kept[place[a], place[b]] = kept[place[b], place[a]] = 1.0
    return kept

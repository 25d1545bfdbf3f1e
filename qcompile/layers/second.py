"""Second derivatives contracted with cotangents and a tangent: by the adjoint's own tangent, or by shifts twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from qcompile.accuracy import warn_of_leakage
from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.entries import named
from qcompile.ir import Adjoint, Shifted
from qcompile.layers.arguments import Array, contracted
from qcompile.layers.combined import Combined
from qcompile.passes.differentiate import differentiate
from qcompile.run import evaluated
from qcompile.targets.simulator import hessian_vector_products
from qcompile.targets.simulator.adjoint_tangent import check_tangent
from qcompile.targets.simulator.moments import Moments
from qcompile.targets.simulator.slicing import slices_of, trimmed

if TYPE_CHECKING:
    from qcompile.layers.evaluator import Evaluator


@dataclass(frozen=True, eq=False)
class Tangent:
    """By the tangent of the adjoint sweep of Σ cotangent · mean; programs of unitary gates on qubits have it.

    Attributes:
        base: the means that the outputs are made of.
    """

    base: Evaluator
    moments: Moments
    combined: Combined
    adjoint: Adjoint

    @classmethod
    def of(cls, whole: Evaluator) -> Tangent | None:
        """None where there is no such tangent."""
        moments = Moments.of(whole.program, whole.outputs)
        combined = None if moments is None else Combined.of(moments.base, whole.options.cutoff)
        if not whole.sweeps or "qumode" in whole.program.kinds or moments is None or combined is None:
            return None
        try:
            adjoint = differentiate(trimmed(combined.program), whole.names, "adjoint")
            if not isinstance(adjoint, Adjoint):
                raise AssertionError("the adjoint method gives adjoint programs")
            check_tangent(adjoint)
        except CompileError as fault:
            if fault.diagnostics[0].code is not Code.METHOD:
                raise
            return None
        return cls(whole.of(moments.base, whole.method, whole.on, **whole.settings), moments, combined, adjoint)

    def __call__(self, rows: Array, cotangents: Array, tangents: Array) -> Array:
        if not self.moments.spreads:
            return self._products(rows, cotangents, tangents)
        means, jacobian = self.base.values_and_jacobian(rows)
        moved = contracted("boe,be->bo", jacobian, tangents)
        result = self._products(rows, self.moments.pulled(means, cotangents), tangents)
        result += contracted("boe,bo->be", jacobian, self.moments.bent(cotangents, moved))
        return result

    def _products(self, rows: Array, cotangents: Array, tangents: Array) -> Array:
        """Σ cotangent · ∂² mean · tangent."""
        parameters = self.base.program.parameters
        values = {**named(parameters, rows), self.combined.weights: self.combined.coefficients(cotangents)}
        found = hessian_vector_products(self.adjoint, values, named(parameters, tangents))
        result = np.zeros(rows.shape)
        for component, product in zip(self.adjoint.components, found, strict=True):
            result[:, self.base.places[component.wrt]] = product
        return result


@dataclass(frozen=True, eq=False)
class Twice:
    """By the method applied twice, all second derivatives in one call."""

    whole: Evaluator
    module: Shifted
    pairs: dict[tuple[int, Element, Element], int] = field(repr=False)

    @classmethod
    def of(cls, whole: Evaluator) -> Twice:
        """Raises NO_RULE, METHOD."""
        method = "shift" if whole.sweeps else whole.method
        program = slices_of(whole.program) or whole.program
        module = differentiate(differentiate(program, whole.names, method), whole.names, method)
        if not isinstance(module, Shifted):
            raise AssertionError("shifting gives shifted circuits")
        pairs = {
            (c.output, *c.wrt): k
            for k, c in enumerate(module.components)
            if len(c.wrt) == 2 and c.output is not None
        }  # fmt: skip
        return cls(whole, module, pairs)

    def __call__(self, rows: Array, cotangents: Array, tangents: Array) -> Array:
        found = evaluated(self.module, named(self.whole.program.parameters, rows), self.whole.options, self.whole.on)
        warn_of_leakage(found.leakage)
        result, places = np.zeros(rows.shape), self.whole.places
        for (output, first, second), k in self.pairs.items():
            curvature = found.components[k].reshape(len(found.components[k]), -1)
            weight = (cotangents[:, self.whole.outputs[output]] * curvature).sum(axis=1)
            row, column = places[first], places[second]
            result[:, row] += weight * tangents[:, column]
            if row != column:  # each mixed derivative is there once
                result[:, column] += weight * tangents[:, row]
        return result


def second_order(whole: Evaluator) -> Tangent | Twice:
    """The way of the least work that the program has."""
    return Tangent.of(whole) or Twice.of(whole)

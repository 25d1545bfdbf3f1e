"""Rules for strengths: the parameters of channels, and the mean photon number of a thermal state.

A channel is linear in the state, and what it does is a polynomial in p, √p or √(1 − p) of its strength p: on qubits
its matrix between Pauli words is, on qumodes the map r ↦ Xr + d, V ↦ XVXᵀ + Y of means and covariance, by which a
monomial of degree k in the quadratures becomes a sum of products of a entries of X or d and b of Y with a + 2b ≤ k. In
which of these variables, and of which degree, is read off the word of its dilation. The rule differentiates the
polynomial through values at strengths in bounds, since shifted ones might be no channel; its weights depend on p.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, CompileError, error
from qcompile.gates import Gate
from qcompile.ir import Op
from qcompile.passes.differentiate.shift.rules import Rule
from qcompile.passes.differentiate.sight.words import Word, near
from qcompile.passes.differentiate.strengths.degrees import bounds_of, fit

MOST = 8  # the greatest degree of a rule: its weights' coefficients grow about sixfold with each
STEP = 0.25  # between settings of a strength that has no upper bound


def strength_rule(
    gate: Gate,
    index: int,
    strength: Angle,
    degree: int | None,
    photons: int | None = None,
    words: frozenset[Word] | None = None,
) -> Rule | None:
    """The rule for a parameter of a channel or a thermal state, as settings of it; None where there is no finite one.

    Args:
        strength: the parameter's expression in the program's parameters, slots apart.
        degree: of what is measured in the quadratures, pulled back to just after the gate; None: no finite one.
        photons: a bound on the photons before the gate in the modes that it acts on; None: any number.
        words: that what is measured may consist of just after the gate, as `near_words` gives them; None: any.
    """
    found = fit(gate, index, degree, photons, words)
    if found is None or found.degree > MOST:
        return None
    if not found.degree:
        return Rule(())
    variable = found.variable
    v = variable.expression(strength)
    nodes = _nodes(found.degree, bounds_of(gate)[index])
    terms: list[tuple[Angle, Angle]] = []
    for node, coefficients in zip(nodes, _slopes(nodes), strict=True):
        weight = Angle()
        for power, coefficient in enumerate(coefficients, variable.power):
            weight += number(variable.slope * coefficient) * _power(v, power)
        terms.append((weight, number(variable.strength(node))))
    return Rule(tuple(term for term in terms if not term[0].is_zero), absolute=True)


def near_words(words: Iterable[Iterable[Word]] | None, wires: tuple[int, ...]) -> frozenset[Word] | None:
    """The words, on these wires alone: wire k at bit k."""
    return None if words is None else frozenset(near(word, wires) for part in words for word in part)


def strength_refusal(op: Op, index: int) -> CompileError:
    """The diagnostic of a parameter of a channel or a preparation that has no rule."""
    label = f"the {op.gate.parameters[index]} of `{op.gate.name}` has no finite rule"
    if fit(op.gate, index, 1, None, None) is not None:
        label += " here: what is measured is no polynomial of low degree in the quadratures just after it"
    advice = "give it a constant value, or declare it as `input` and differentiate by other parameters"
    return error(Code.NO_RULE, label, op.span, advice)


def _nodes(degree: int, bounds: tuple[float, float]) -> list[float]:
    """Chebyshev's, both ends among them; in steps where there is no upper bound, little light as for other rules."""
    if math.isinf(bounds[1]):
        return [STEP * k for k in range(degree + 1)]
    return [round((1 - math.cos(math.pi * k / degree)) / 2, 15) for k in range(degree + 1)]


def _slopes(nodes: Sequence[float]) -> Iterator[list[float]]:
    """By node, the coefficients of the derivative of the polynomial that is 1 there and 0 at the others, from v⁰ up."""
    for k, node in enumerate(nodes):
        others = [other for j, other in enumerate(nodes) if j != k]
        basis = np.polynomial.Polynomial.fromroots(others) / math.prod(node - other for other in others)
        yield [float(c) for c in basis.deriv().coef]


def _power(v: Angle, power: int) -> Angle:
    return number(1.0) / v if power < 0 else v ** number(float(power))

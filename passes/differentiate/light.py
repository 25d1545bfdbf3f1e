"""Shift rules of photonic gates: how what is measured on qumodes depends on an angle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np

from qcompile.gates.algebra import ComplexArray, is_gaussian, quadrature_action, quadratures_commute
from qcompile.operator import PAULI_LETTERS, Operator
from qcompile.passes.differentiate.rules import LARGEST_CONDITION, STEP, Rule, hyperbolic, polynomial, trigonometric

CUBIC_STEP = 0.1  # of phases of degree 3 and more, which spread fastest


def light_rule(generator: Operator, scale: float, degree: int | None, controlled: bool) -> Rule | None:
    """The rule for an angle θ that enters as exp(-i·scale·θ·G), where G acts on a qumode; None where no finite one is.

    Args:
        degree: of the observable in the quadratures, pulled back to just after the gate; None if it has no finite one.
        controlled: there are controls on the gate.
    """
    if (
        degree is None
        or controlled
        or any(letter in PAULI_LETTERS for word, _ in generator.terms for letter, _ in word)
    ):
        return None
    if quadratures_commute(generator):  # every other quadrature moves by something linear in the angle
        return polynomial(degree, STEP if is_gaussian(generator) else CUBIC_STEP)
    if not is_gaussian(generator):
        return None
    support = generator.support
    flow, push = quadrature_action(generator.on({wire: k for k, wire in enumerate(support)}), len(support))
    affine = scale * np.block([[flow, push[:, None]], [np.zeros((1, len(push) + 1))]])
    eigenvalues, vectors = np.linalg.eig(affine)
    rates: ComplexArray = eigenvalues.astype(np.complex128)
    if np.linalg.cond(vectors) > LARGEST_CONDITION:  # not diagonalisable: quadratures drift beside turning
        return None
    if np.allclose(rates.real, 0) and not np.allclose(rates.imag, 0):
        return trigonometric(_sums(rates.imag.tolist(), degree))
    if np.allclose(rates.imag, 0) and not np.allclose(rates.real, 0):
        return hyperbolic(_sums(rates.real.tolist(), degree))
    return None


def _sums(rates: Sequence[float], degree: int) -> tuple[float, ...]:
    """The positive sums of `degree` rates: a monomial's rate is the sum of its letters' rates, a constant's is 0."""
    letters = sorted({0.0, *(round(rate, 9) for rate in rates)})
    totals = {round(sum(choice), 9) for choice in combinations_with_replacement(letters, degree)}
    return tuple(sorted(total for total in totals if total > 1e-9))

"""Shift rules: f'(0) = Σ c · f(s), exact for every f that a gate's generator allows.

f is a trigonometric sum (qubit gates, passive optics), a hyperbolic sum (squeezing) or a polynomial (displacements,
phases in one quadrature) in the angle; which one, and its frequencies or degree, follow from the generator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, error
from qcompile.gates.algebra import (
    ComplexArray,
    RealArray,
    distinct,
    frequencies,
    is_gaussian,
    quadrature_action,
    quadratures_commute,
    spectrum,
)
from qcompile.number import Number
from qcompile.operator import PAULI_LETTERS, Operator
from qcompile.passes.differentiate.occurrences import Occurrence
from qcompile.passes.differentiate.visibility import Sight

Term = tuple[float, Angle]
LARGEST_CONDITION = 1e6
# Hyperbolic and polynomial rules are exact at any step: small ones amplify shot noise, large ones cost light, which a
# truncated Fock space does not hold.
STEP = 0.25
CUBIC_STEP = 0.1  # of phases of degree 3 and more, which spread fastest
MOST_EIGENVALUES = 128
MOST_FREQUENCIES = 64
DENSE_LIMIT = 10  # wires up to which a generator's spectrum is found from its matrix


@dataclass(frozen=True, slots=True)
class Rule:
    """Σ coefficient · f(angle + shift). Settings that differ by the period are the same setting."""

    terms: tuple[Term, ...]
    period: Fraction = Fraction(0)  # in units of π; 0: none


@lru_cache(maxsize=4096)
def shift_rule(generator: Operator, scale: float, degree: int | None, controlled: bool = False) -> Rule | None:
    """The rule for an angle θ that enters as exp(-i·scale·θ·G); None where no finite rule exists.

    Args:
        controlled: there are controls on the gate.
        degree: of the observable in the quadratures, pulled back to just after the gate; unused on qubits, None if
            it has no finite one.
    """
    if generator.is_pauli:
        found = pauli_frequencies(generator, controlled)
        return None if found is None else trigonometric(tuple(abs(scale) * f for f in found))
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


def pauli_frequencies(generator: Operator, controlled: bool = False) -> tuple[float, ...] | None:
    """Frequencies of a Pauli sum; of any width where it is one word. Controls add the eigenvalue 0 to the spectrum.

    None where the spectrum takes too long to find, or has too many frequencies to shift by.
    """
    support = generator.support
    words = [(word, float(coefficient)) for word, coefficient in generator.terms if word]
    if len(words) == 1:
        identity = sum(float(coefficient) for word, coefficient in generator.terms if not word)
        values = np.array([identity - words[0][1], identity + words[0][1]])
    elif len(support) <= DENSE_LIMIT:
        local = generator.on({wire: k for k, wire in enumerate(support)})
        values = distinct(spectrum(local, len(support))[0])
    else:
        return None
    if len(values) > MOST_EIGENVALUES:
        return None
    found = frequencies(np.append(values, 0.0) if controlled else values)
    return found if len(found) <= MOST_FREQUENCIES else None


def trigonometric(rates: tuple[float, ...]) -> Rule | None:
    """For f(θ) = a₀ + Σ aₖ cos Ωₖθ + bₖ sin Ωₖθ with R frequencies: 2R shifted values.

    Equidistant frequencies have the closed form of Wierichs et al. 2022 (arXiv:2107.12390), others a linear system.
    """
    count = len(rates)
    if not count:
        return Rule(())
    step = rates[0]
    if not all(math.isclose(rate, (k + 1) * step, rel_tol=1e-9) for k, rate in enumerate(rates)):
        return _gapped(rates)
    unit = _fraction(1 / step)
    terms: list[Term] = []
    for k in range(1, count + 1):
        point = Fraction(2 * k - 1, 2 * count)
        cosine = math.sin(math.pi * float(Fraction(1, 2) - point))  # of π·point, exactly 0 at a half
        weight = (-1) ** (k - 1) * step / (2 * count * (1 - cosine))
        shift = Angle(Number(0.0, point * unit)) if unit else number(math.pi * float(point) / step)
        terms += [(weight, shift), (-weight, -shift)]
    return Rule(tuple(terms), 2 * unit)


def hyperbolic(rates: tuple[float, ...]) -> Rule:
    """For f(r) = a₀ + Σ aₖ cosh Ωₖr + bₖ sinh Ωₖr: f(s) − f(−s) = 2 Σ bₖ sinh Ωₖs."""
    if not rates:
        return Rule(())
    scale = STEP / max(1.0, max(rates) / len(rates))
    points = scale * np.arange(1, len(rates) + 1, dtype=np.float64)
    return _antisymmetric(points, np.sinh(np.outer(rates, points)), np.array(rates))


def polynomial(degree: int, step: float = STEP) -> Rule:
    """For a polynomial of at most this degree: only its odd part has a slope at 0."""
    if not degree:
        return Rule(())
    powers = np.arange(1, degree + 1, 2)
    points = step * np.arange(1, len(powers) + 1, dtype=np.float64)
    basis: RealArray = points[None, :] ** powers[:, None]
    return _antisymmetric(points, basis, (powers == 1).astype(float))


def _gapped(rates: tuple[float, ...]) -> Rule | None:
    """Frequencies with gaps: shifts scaled for the best-conditioned system of equations sin(Ωₖsᵤ), if there is one."""
    count = len(rates)
    base = (2 * np.arange(1, count + 1) - 1) / (2 * count)
    scales = np.linspace(1 / max(rates), 1 / min(rates), 200) * count
    candidates = [base * math.pi * scale for scale in scales]
    points = min(candidates, key=lambda s: float(np.linalg.cond(np.sin(np.outer(rates, s)))))
    matrix = np.sin(np.outer(rates, points))
    if np.linalg.cond(matrix) > LARGEST_CONDITION:
        return None
    return _antisymmetric(points, matrix, np.array(rates))


def _antisymmetric(points: RealArray, matrix: RealArray, slopes: RealArray) -> Rule:
    """Solve 2 Σᵤ cᵤ basisₖ(sᵤ) = slopeₖ and return ±cᵤ at ±sᵤ."""
    weights = np.linalg.solve(2 * matrix, slopes)
    pairs = [(float(weight), number(float(point))) for weight, point in zip(weights, points, strict=True)]
    return Rule(tuple(term for weight, shift in pairs for term in ((weight, shift), (-weight, -shift))))


def _sums(rates: Sequence[float], degree: int) -> tuple[float, ...]:
    """The positive sums of `degree` rates: a monomial's rate is the sum of its letters' rates, a constant's is 0."""
    letters = sorted({0.0, *(round(rate, 9) for rate in rates)})
    totals = {round(sum(choice), 9) for choice in combinations_with_replacement(letters, degree)}
    return tuple(sorted(total for total in totals if total > 1e-9))


def _fraction(value: float) -> Fraction:
    """The simple fraction this float stands for, or 0."""
    near = Fraction(value).limit_denominator(1000)
    return near if math.isclose(float(near), value, rel_tol=1e-12) else Fraction(0)


def rule_for(occurrence: Occurrence, sight: Sight) -> Rule:
    """The rule of an occurrence for what sees it; raises NO_RULE."""
    generator, scale, controlled = occurrence.generator, occurrence.scale, occurrence.controlled
    rule = shift_rule(generator, scale, sight.degree, controlled)
    if rule is not None:
        return rule
    op = occurrence.op
    label = f"`{op.gate.name}` has no finite shift rule"
    if generator.is_pauli:
        label = f"the generator of `{op.gate.name}` has a spectrum too wide or too uneven for a shift rule"
    elif shift_rule(generator, scale, 1, controlled) is not None:
        label += " here: what is measured is no polynomial in the quadratures just after it"
    advice = "`--method adjoint` differentiates it on the simulator, exactly for the truncated program"
    raise error(Code.NO_RULE, label, op.span, advice)

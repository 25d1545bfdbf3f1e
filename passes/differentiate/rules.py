"""Shift rules: f'(0) = Σ c · f(s), exact for every f of a kind.

f is a trigonometric sum (qubit gates, passive optics), a hyperbolic sum (squeezing) or a polynomial (displacements,
phases in one quadrature) in the angle; which one, and its frequencies or degree, follow from the generator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from qcompile.angle import Angle, number
from qcompile.gates.algebra import RealArray
from qcompile.number import Number

Term = tuple[Angle, Angle]
LARGEST_CONDITION = 1e6
# Hyperbolic and polynomial rules are exact at any step: small ones amplify shot noise, large ones cost light, which a
# truncated Fock space does not hold.
STEP = 0.25


@dataclass(frozen=True, slots=True)
class Rule:
    """Σ weight · f(angle + shift), or of f(setting) where `absolute`.

    Weights of absolute rules may depend on parameters. Settings that differ by the period are the same setting.
    """

    terms: tuple[Term, ...]
    period: Fraction = Fraction(0)  # in units of π; 0: none
    absolute: bool = False


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
        terms += [(number(weight), shift), (number(-weight), -shift)]
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
    pairs = [(number(float(weight)), number(float(point))) for weight, point in zip(weights, points, strict=True)]
    return Rule(tuple(term for weight, shift in pairs for term in ((weight, shift), (-weight, -shift))))


def _fraction(value: float) -> Fraction:
    """The simple fraction this float stands for, or 0."""
    near = Fraction(value).limit_denominator(1000)
    return near if math.isclose(float(near), value, rel_tol=1e-12) else Fraction(0)

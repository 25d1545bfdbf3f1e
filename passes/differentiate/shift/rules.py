"""Shift rules: f'(0) = Σ c · f(s), exact for every trigonometric sum f with given frequencies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from qcompile.angle import Angle, number
from qcompile.gates.algebra import RealArray
from qcompile.number import Number

Term = tuple[Angle, Angle]
LARGEST_SUM = 1e3  # of the sizes of a rule's weights, as a multiple of the greatest frequency
_GRID = 240  # shifts tried
_FINEST = 4096
_TINY = 1e-9
_RESIDUAL = 1e-10


@dataclass(frozen=True, slots=True)
class Rule:
    """Σ weight · f(angle + shift), or of f(setting) where `absolute`.

    Weights of absolute rules may depend on parameters. Settings that differ by the period are the same setting.
    """

    terms: tuple[Term, ...]
    period: Fraction = Fraction(0)  # in units of π; 0: none
    absolute: bool = False
    least: int | None = None  # evaluations that every rule for these functions takes; None: not known


@lru_cache(maxsize=4096)
def trigonometric(rates: tuple[float, ...]) -> Rule | None:
    """For f(θ) = a₀ + Σ aₖ cos Ωₖθ + bₖ sin Ωₖθ with R frequencies: 2R shifted values.

    Equidistant frequencies have the closed form of Wierichs et al. 2022 (arXiv:2107.12390), others a linear system.
    """
    count = len(rates)
    if not count:
        return Rule((), least=0)
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
    return Rule(tuple(terms), 2 * unit, least=2 * count)


def _least(rates: tuple[float, ...]) -> int:
    """No rule that is exact for all sums with these frequencies takes fewer evaluations.

    If the frequencies hold d, 2d, …, rd, a rule with fewer than 2r points misses the derivative of some product of 2r
    factors sin(d(θ − t)/2) that vanishes at all of them; so 2R are needed where the frequencies are equidistant.
    """
    units = {round(rate, 9) for rate in rates}
    longest = 0
    for rate in rates:
        count = 1
        while round(rate * (count + 1), 9) in units:
            count += 1
        longest = max(longest, count)
    return 2 * longest


@lru_cache(maxsize=1024)
def _gapped(rates: tuple[float, ...]) -> Rule | None:
    """Frequencies with gaps: of the rules with shifts on a grid, the one whose weights have the least sum of sizes.

    Σ|c| is what shots pay for. A basic solution of this linear program has at most R pairs, so it is of least size too.
    """
    from scipy.optimize import linprog

    unit = common_unit(rates)
    longest = math.pi / unit if unit else math.pi * len(rates) / min(rates)
    best = 2 * round(max(rates) / unit) if unit else 1  # the shifts of the equidistant rule, whose sum is the least
    steps = best * -(-_GRID // best)
    if steps > _FINEST:
        return None
    grid = longest * np.arange(1, steps) / steps
    system = 2 * np.sin(np.outer(rates, grid))
    found = linprog(np.ones(2 * len(grid)), A_eq=np.hstack([system, -system]), b_eq=np.array(rates), method="highs-ds")
    if not found.success:
        return None
    solution: RealArray = np.asarray(found.x, dtype=np.float64)
    chosen = np.flatnonzero(np.abs(solution[: len(grid)] - solution[len(grid) :]) > _TINY)
    weights, *_ = np.linalg.lstsq(system[:, chosen], np.array(rates))
    if np.abs(system[:, chosen] @ weights - rates).max() > _RESIDUAL or np.abs(weights).sum() > LARGEST_SUM * max(
        rates
    ):
        return None
    inverse = _fraction(1 / unit) if unit else Fraction(0)
    shifts = [
        Angle(Number(0.0, Fraction(int(k) + 1, steps) * inverse)) if inverse else number(float(grid[k])) for k in chosen
    ]
    pairs = [(number(float(weight)), shift) for weight, shift in zip(weights, shifts, strict=True)]
    terms = tuple(term for weight, shift in pairs for term in ((weight, shift), (-weight, -shift)))
    return Rule(terms, 2 * inverse, least=_least(rates))


def common_unit(rates: tuple[float, ...]) -> float:
    """The greatest number of which every frequency is a whole multiple, or 0 where there is none."""
    ratios = [_fraction(rate / rates[0]) for rate in rates]
    if not all(ratios):
        return 0.0
    denominator = math.lcm(*(ratio.denominator for ratio in ratios))
    return rates[0] * math.gcd(*(int(ratio * denominator) for ratio in ratios)) / denominator


def _fraction(value: float) -> Fraction:
    """The simple fraction this float stands for, or 0."""
    near = Fraction(value).limit_denominator(1000)
    return near if math.isclose(float(near), value, rel_tol=1e-12) else Fraction(0)

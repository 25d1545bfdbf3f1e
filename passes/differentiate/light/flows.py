"""How expectations on qumodes depend on the angle of a Gaussian gate: the modes of its flow, and the rule for them.

Under exp(-iθG), G at most quadratic, the quadratures and 1 move as exp(θM). So a polynomial of degree k in them is a
sum of θʲ e^{Λθ}, where Λ is the sum of k eigenvalues of M, and j grows with their Jordan blocks. Turning (Λ imaginary),
stretching (real) and shearing (j > 0) are cases of one rule: a linear system over these functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qcompile.angle import number
from qcompile.gates.algebra import ComplexArray, RealArray, quadrature_action, tidied
from qcompile.operator import Operator
from qcompile.passes.differentiate.shift.rules import Rule, trigonometric

Odd = tuple[float, float, int, bool]  # a, b, j of θʲ · sinh or cosh aθ · sin or cos bθ; is it sin?
Modes = Mapping[complex, int]  # eigenvalues Λ, and the greatest j of θʲ e^{Λθ}
MOST_FUNCTIONS = 32
MOST_FREQUENCIES = 64
LIGHT = 0.25  # photons that the longest shift of a gate that amplifies may add to the vacuum
_CLUSTER = 1e-3  # an eigenvalue of a Jordan block of size b comes out of the solver with an error of ε^(1/b)
_RESIDUAL = 1e-12
_LARGEST_WEIGHTS = 1e3
_HALVINGS = 40
_STEPS = 1 << 20


@dataclass(frozen=True, slots=True)
class Flow:
    """How the quadratures move with the angle.

    Attributes:
        modes: eigenvalues of the flow of (x, p, 1), each with the size of its largest Jordan block less 1.
        reach: the longest shift to take.
    """

    modes: Modes
    reach: float


@lru_cache(maxsize=1024)
def gaussian_flow(generator: Operator, scale: float) -> Flow | None:
    """The flow of exp(-i·scale·θ·G), G at most quadratic; None where rounding hides its blocks."""
    support = generator.support
    flow, push = quadrature_action(generator.on({wire: k for k, wire in enumerate(support)}), len(support))
    affine = scale * np.block([[flow, push[:, None]], [np.zeros((1, len(push) + 1))]])
    size = float(np.linalg.norm(affine, 2))
    if not size:
        return Flow({}, math.inf)
    unit = affine / size
    eigenvalues = np.linalg.eigvals(unit).astype(np.complex128)
    blocks = {centre: _block(unit, centre, count) for centre, count in _clusters(eigenvalues)}
    product = np.eye(len(unit), dtype=complex)
    for centre, block in blocks.items():
        product = product @ np.linalg.matrix_power(unit - centre * np.eye(len(unit)), block)
    if np.abs(product).max() > _RESIDUAL:  # these blocks would not annihilate the flow
        return None
    return Flow({_tidied(centre * size): block - 1 for centre, block in blocks.items()}, _reach(affine))


def _reach(affine: RealArray) -> float:
    """The shift at which the vacuum has LIGHT photons, at most two turns of the fastest letter.

    Rules that are not trigonometric are exact at any reach. Shots pay for a short one, since weights are as 1/s; a long
    one costs light, which amplifies noise and which a truncated Fock space does not hold.
    """
    longest = 4 * math.pi / float(np.linalg.norm(affine, 2))
    lower, upper = 0.0, longest
    for _ in range(_HALVINGS):
        middle = (lower + upper) / 2
        lower, upper = (middle, upper) if _photons(middle * affine) <= LIGHT else (lower, middle)
    return rounded(lower)


def rounded(value: float) -> float:
    """To two digits: any reach will do, and shifts that read well are wanted."""
    return float(f"{value:.1e}")


def _photons(affine: RealArray) -> float:
    """Of the vacuum moved by exp(affine) = (S, d): (tr SSᵀ + |d|²)/4 − modes/2."""
    moved = np.linalg.matrix_power(np.eye(len(affine)) + affine / _STEPS, _STEPS)[:-1]
    return (float(np.sum(np.square(moved))) - len(moved)) / 4


def _clusters(values: ComplexArray) -> Iterator[tuple[complex, int]]:
    """Eigenvalues that rounding may have split, as their mean, which rounding leaves alone, and how many they are."""
    left = list(values)
    while left:
        near = [value for value in left if abs(value - left[0]) < _CLUSTER]
        left = [value for value in left if abs(value - near[0]) >= _CLUSTER]
        yield complex(np.mean(near)), len(near)


def _block(matrix: RealArray, centre: complex, count: int) -> int:
    """The least power of M − Λ that is zero where Λ belongs: its rank has fallen by all `count` there."""
    shifted = matrix - centre * np.eye(len(matrix))
    power = np.eye(len(matrix), dtype=complex)
    for block in range(1, count + 1):
        power = power @ shifted
        if int(np.count_nonzero(np.linalg.svd(power, compute_uv=False) > 1e-9)) <= len(matrix) - count:
            return block
    return count


def summed(modes: Modes, degree: int) -> Modes | None:
    """Of products of up to `degree` letters: sums of Λ, and of j. None where they are too many."""
    if degree > MOST_FREQUENCIES:
        return None
    letters = {0j: 0, **{complex(value): j for value, j in modes.items()}}
    total: dict[complex, int] = {0j: 0}
    for _ in range(degree):
        longer: dict[complex, int] = {}
        for (a, i), (b, j) in ((x, y) for x in total.items() for y in letters.items()):
            key = _tidied(a + b)
            longer[key] = max(longer.get(key, 0), i + j)
        total = longer
        if len(total) > 4 * MOST_FUNCTIONS**2:
            return None
    return total


def rule_of(modes: Iterable[Modes], reach: float) -> Rule | None:
    """The rule for sums of θʲ e^{Λθ} over all of these modes; None where none is well conditioned.

    Args:
        reach: the longest shift, where the functions are not all waves.
    """
    joint: dict[complex, int] = {}
    for each in modes:
        for value, j in each.items():
            key = complex(abs(value.real), abs(value.imag))
            joint[key] = max(joint.get(key, 0), j)
    rates = tuple(sorted(value.imag for value in joint if value))
    if not any(joint.values()) and not any(value.real for value in joint):
        return trigonometric(rates) if len(rates) <= MOST_FREQUENCIES else None
    functions = tuple((value, j) for value, top in sorted(joint.items(), key=_order) for j in range(top + 1))
    odd = tuple(each for value, j in functions for each in _odd_parts(value, j))
    return _solved(odd, reach) if len(odd) <= MOST_FUNCTIONS else None


def _odd_parts(value: complex, j: int) -> Iterator[Odd]:
    """The odd functions among θʲ e^{±aθ} e^{±ibθ}: θʲ times an odd product for even j, an even one for odd j."""
    a, b = value.real, value.imag
    if a and b:
        yield from ((a, b, j, False), (a, b, j, True))
    elif b:
        yield (a, b, j, j % 2 == 0)
    elif a or j % 2:
        yield (a, b, j, False)


def _values(odd: Odd, points: RealArray) -> RealArray:
    a, b, j, turns = odd
    stretched = np.sinh(a * points) if (j % 2 == 0) != turns else np.cosh(a * points)
    turned = np.sin(b * points) if turns else np.cos(b * points)
    product: RealArray = points**j * stretched * turned
    return product


def _slope(odd: Odd) -> float:
    a, b, j, turns = odd
    if j:
        return float(j == 1 and not turns)
    return b if turns else a


def _solved(functions: tuple[Odd, ...], reach: float) -> Rule | None:
    """±cᵤ at ±sᵤ with 2 Σᵤ cᵤ gₖ(sᵤ) = gₖ'(0), the shifts evenly spaced up to the reach."""
    count = len(functions)
    points = reach * np.arange(1, count + 1, dtype=np.float64) / count
    matrix = np.array([_values(each, points) for each in functions], dtype=np.float64)
    slopes = np.array([_slope(each) for each in functions], dtype=np.float64)
    sizes: RealArray = np.abs(matrix).max(axis=1)
    system: RealArray = 2 * matrix / sizes[:, None]
    wanted: RealArray = slopes / sizes
    weights = np.linalg.solve(system, wanted)
    missed = np.abs(system @ weights - wanted)
    if missed.max() > _RESIDUAL or np.abs(weights).sum() * reach > _LARGEST_WEIGHTS:
        return None
    pairs = [(number(float(weight)), number(float(point))) for weight, point in zip(weights, points, strict=True)]
    return Rule(tuple(term for weight, shift in pairs for term in ((weight, shift), (-weight, -shift))))


def _order(item: tuple[complex, int]) -> tuple[float, float]:
    return item[0].real, item[0].imag


def _tidied(value: complex) -> complex:
    real, imag = (tidied(round(part, 12)) for part in (value.real, value.imag))
    return complex(real, imag)

"""Matrix elements by integration over x: exact to rounding, since the trapezoidal rule is for such integrands.

hbar = 2, so ψ₀ = (2π)^(-1/4) exp(-x²/4) and a momentum p is a wave number p/2. Outside |x| ≤ 2√c + 11 the first c
number states are below 1e-17, and so are their Fourier transforms. A step h integrates a function with wave numbers
up to 2π/h to that accuracy.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.targets.simulator.fock_forms import Commuting
from qcompile.targets.simulator.fock_words import ComplexArray

RealArray = NDArray[np.float64]
_LARGEST_CUTOFF = 300  # ψ₀ underflows at the grid's end above
_LARGEST_GRID = 1 << 22
_ROUND = 16  # grids are of a multiple of so many points, so that most angles share one
_AT_ONCE = 1 << 16  # points that are integrated at a time, where one angle's are fewer


def number_states(x: RealArray, cutoff: int) -> RealArray:
    """ψ_n(x) for n < cutoff, shape (cutoff, *x.shape), by √(n+1) ψ_{n+1} = x ψ_n − √n ψ_{n−1}."""
    if cutoff > _LARGEST_CUTOFF:
        raise error(Code.TOO_LARGE, f"a cutoff of {cutoff}", help=f"cutoffs go up to {_LARGEST_CUTOFF} in this gate")
    states = np.empty((cutoff, *x.shape))
    states[0] = (2 * np.pi) ** -0.25 * np.exp(-x * x / 4)
    if cutoff > 1:
        states[1] = x * states[0]
    for n in range(1, cutoff - 1):
        states[n + 1] = (x * states[n] - np.sqrt(n) * states[n - 1]) / np.sqrt(n + 1)
    return states


def reach(cutoff: int) -> float:
    """Where the number states below the cutoff have ended, in x and in p alike."""
    return 2 * math.sqrt(cutoff) + 11


def phase_matrix(form: Commuting, angle: RealArray, cutoff: int) -> ComplexArray:
    """exp(-iθ Σ c·Πqᵢ^kᵢ) in the number states, shape (B, cᵐ, cᵐ).

    Cost: O(B Kᵐ c²) for a grid of K points an axis; K grows with the greatest |θ|.
    """
    modes = len(form.axes)
    points = _points(form, float(np.max(np.abs(angle), initial=0.0)), cutoff)
    x, pairs = _pairs(cutoff, points)
    polynomial = np.zeros((points,) * modes)
    for coefficient, powers in form.terms:
        factors = np.meshgrid(*(x**power for power in powers), indexing="ij", sparse=True)
        polynomial += coefficient * np.prod(np.broadcast_arrays(*factors), axis=0)
    turn = _turns(form.axes, cutoff)
    total = np.empty((len(angle), cutoff**modes, cutoff**modes), dtype=complex)
    step = max(1, _AT_ONCE // polynomial.size)
    for start in range(0, len(angle), step):
        chosen = angle[start : start + step]
        values: ComplexArray = np.exp(-1j * np.multiply.outer(polynomial, chosen))
        for _ in range(modes):
            values = _integrated(pairs, values)
        values = values.reshape(len(chosen), *(cutoff, cutoff) * modes)
        values = values.transpose(0, *range(1, 2 * modes, 2), *range(2, 2 * modes + 1, 2))
        total[start : start + step] = turn[:, None] * values.reshape(len(chosen), cutoff**modes, -1) * turn.conj()
    return total


def _integrated(pairs: RealArray, values: ComplexArray) -> ComplexArray:
    """Over the first axis, of K points; the c² elements come last. A real product of real and imaginary parts."""
    flat = np.ascontiguousarray(values).reshape(len(values), -1)
    product: ComplexArray = (pairs @ flat.view(np.float64)).view(np.complex128)
    return product.T.reshape(*values.shape[1:], len(pairs))


def dilation_matrix(exponent: RealArray, cutoff: int) -> RealArray:
    """The unitary that stretches x by s = e^exponent, in the number states: shape (B, c, c).

    By symmetry ⟨m|U|n⟩ = ∫ ψ_m(t) ψ_n(t/s) dt/√s for s ≥ 1, and a compression is the transpose.
    """
    shrink = np.exp(-np.abs(exponent))
    t, narrow = _narrow(cutoff)
    wide = number_states(t * shrink[:, None], cutoff)
    total = (wide.reshape(-1, len(t)) @ narrow.T).reshape(cutoff, len(shrink), cutoff).transpose(1, 2, 0)
    total = total * np.sqrt(shrink)[:, None, None]
    return np.where((exponent < 0)[:, None, None], total.transpose(0, 2, 1), total)


@lru_cache(maxsize=16)
def _narrow(cutoff: int) -> tuple[RealArray, RealArray]:
    """The grid of a stretch, shape (K,), and ψ_m times the step on it, shape (c, K)."""
    points = int(np.ceil(reach(cutoff) ** 2 / np.pi)) + 1
    t, step = np.linspace(-reach(cutoff), reach(cutoff), points, retstep=True)
    return t, number_states(t, cutoff) * step


def _points(form: Commuting, largest: float, cutoff: int) -> int:
    """Points an axis such that ψ_m ψ_n exp(-iθ·polynomial) is resolved."""
    end = reach(cutoff)
    slope = max(
        sum(abs(c) * powers[axis] * end ** (sum(powers) - 1) for c, powers in form.terms)
        for axis in range(len(form.axes))
    )
    points = 2 * end * (end + largest * slope) / (2 * np.pi) + 2
    if points ** len(form.axes) > _LARGEST_GRID:
        raise error(
            Code.TOO_LARGE, f"an angle of {largest:g} at cutoff {cutoff}",
            help="such phases vary too fast to integrate; lower the angle or the cutoff",
        )  # fmt: skip
    return -int(-points // _ROUND) * _ROUND


@lru_cache(maxsize=32)
def _pairs(cutoff: int, points: int) -> tuple[RealArray, RealArray]:
    """The grid, shape (K,), and ψ_m ψ_n times the step on it, shape (c², K)."""
    x, step = np.linspace(-reach(cutoff), reach(cutoff), points, retstep=True)
    states = number_states(x, cutoff)
    return x, (states[:, None, :] * states[None, :, :] * step).reshape(cutoff * cutoff, points)


@lru_cache(maxsize=64)
def _turns(axes: str, cutoff: int) -> ComplexArray:
    """p is x turned by a quarter: ⟨m|f(p)|n⟩ = i^(m−n) ⟨m|f(x)|n⟩."""
    quarter = {"x": np.ones(cutoff), "p": 1j ** (np.arange(cutoff) % 4)}
    return np.array([np.prod(choice) for choice in product(*(quarter[axis] for axis in axes))], dtype=complex)

"""Homodyne detection of a mode in Fock space: outcomes drawn from the exact density, and the state that is left."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from qcompile.targets.simulator.fock_grid import number_states
from qcompile.targets.simulator.tensor import ComplexArray
from qcompile.targets.simulator.values import RealArray

_POINTS = 1001  # of the grid that the distribution function is tabulated on
_BLOCK = 64  # shots whose densities are held at a time


def draw_quadrature(
    states: ComplexArray, wire: int, angle: float, shots: int, generator: np.random.Generator
) -> tuple[RealArray, ComplexArray]:
    """One outcome per shot of cos φ·x + sin φ·p, and the conditioned states, the mode at level 0.

    The quadrature at angle φ has the eigenstates Σ exp(inφ) ψₙ(x)|n⟩. The distribution function is tabulated on a grid
    and inverted linearly.

    Args:
        states: shape (1, …) where all shots share a state, else (shots, …).
    """
    levels = states.shape[wire + 1]
    moved = np.moveaxis(states, wire + 1, 1)
    turns = np.exp(-1j * angle * np.arange(levels, dtype=np.float64))
    amplitudes = moved.reshape(len(moved), levels, -1) * turns[:, np.newaxis]
    mixed: ComplexArray = amplitudes @ amplitudes.conj().swapaxes(1, 2)
    outcomes = _outcomes(mixed, generator.random(shots))
    shared = np.broadcast_to(amplitudes, (shots, *amplitudes.shape[1:]))
    left = np.einsum("ns,snr->sr", number_states(outcomes, levels), shared)
    result = np.zeros((shots, *moved.shape[1:]), dtype=complex)
    result[:, 0] = left.reshape(shots, *moved.shape[2:])
    return outcomes, np.moveaxis(result, 1, wire + 1)


def _outcomes(mixed: ComplexArray, uniform: RealArray) -> RealArray:
    """One outcome per uniform number, from density matrices of shape (1 or shots, levels, levels)."""
    grid = _grid(mixed.shape[1])
    wave = number_states(grid, mixed.shape[1])
    if len(mixed) == 1:
        return _inverted(grid, _density(mixed, wave)[0], uniform)
    outcomes = np.zeros(len(uniform))
    for start in range(0, len(mixed), _BLOCK):
        densities = _density(mixed[start : start + _BLOCK], wave)
        for shot, density in enumerate(densities, start):
            outcomes[shot] = _inverted(grid, density, uniform[shot : shot + 1])[0]
    return outcomes


def _density(mixed: ComplexArray, wave: RealArray) -> RealArray:
    """Σ ρₙₘ ψₙ(x) ψₘ(x), shape (b, points)."""
    real: RealArray = mixed.real
    return np.asarray(np.sum(wave * (real @ wave), axis=1), dtype=np.float64)


@lru_cache(maxsize=32)
def _grid(levels: int) -> RealArray:
    """Past the turning point 2√n of the highest level, where the density has fallen below rounding."""
    reach = 2 * math.sqrt(levels) + 8
    return np.linspace(-reach, reach, _POINTS)


def _inverted(grid: RealArray, density: RealArray, uniform: RealArray) -> RealArray:
    cumulative = np.zeros(len(grid))
    cumulative[1:] = np.cumsum(np.maximum(density[1:] + density[:-1], 0.0))
    return np.interp(uniform * float(cumulative[-1]), cumulative, grid)

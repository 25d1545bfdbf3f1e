"""What Strawberry Fields' states tell exactly: expectations of words of x, p, n and projectors, and probabilities.

Its Gaussian states cut and renormalise density matrices, and take a part of a pure state for pure. So of them only the
means and the covariance are read here, in the order x₁ … p₁ … with hbar = 2, and of Fock states the amplitudes.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import number
from qcompile.diagnostics import Code, error
from qcompile.operator import HBAR, Operator, Word, letters_by_wire, level_of, normal_form
from qcompile.targets.simulator.fock_words import letters_matrix
from qcompile.targets.simulator.gaussian_moments import Polynomial, mean, polynomial
from qcompile.targets.simulator.values import RealArray

MAX_NUMBERS = 1 << 24  # of a tensor of amplitudes or of matrix elements
_PURE = 1e-9  # of the purity: rounding leaves less, and so do probabilities
_NEVER = 1e-12


def is_of_moments_or_levels(word: Word) -> bool:
    """Can a Gaussian state tell it: is it a polynomial in quadratures, or has every mode of it a projector?"""
    levels = [any(level_of(letter) is not None for letter in letters) for letters in letters_by_wire(word).values()]
    return all(levels) or not any(levels)


@dataclass(frozen=True, slots=True, eq=False)
class GaussianState:
    """A state of the Gaussian engine."""

    state: Any
    lost: float = 0.0  # nothing is cut but probabilities

    def mean(self, word: Word) -> float:
        """The real part of ⟨word⟩; raises NOT_SIMULABLE for levels too high."""
        modes = sorted({mode for _, mode in word})
        if not modes:
            return 1.0
        if any(level_of(letter) is not None for letter, _ in word):
            return self._of_levels(word, modes)
        means, covariance = self._moments(modes)
        found = mean(_polynomial(_on(modes, word), len(modes)), means[np.newaxis], covariance[np.newaxis])
        return float(found[0])

    def probabilities(self, modes: Sequence[int], cutoff: int) -> RealArray:
        """Of the photon numbers below the cutoff, an axis for each mode in ascending order; they sum to what is kept.

        Raises:
            CompileError: NOT_SIMULABLE, for mixed states of many modes.
        """
        quantum: Any = importlib.import_module("thewalrus.quantum")
        means, covariance = self._moments(modes)
        if quantum.is_pure_cov(covariance, hbar=HBAR, rtol=_PURE, atol=_PURE):
            return _squared(quantum.state_vector(means, covariance, cutoff=cutoff, hbar=HBAR, check_purity=False))
        return _diagonal(self._matrix(modes, cutoff))

    def counts(self, modes: Sequence[int], cutoff: int, shots: int) -> tuple[dict[int, NDArray[np.int64]], float]:
        """Photons counted in all these modes together, as The Walrus draws them, of each mode in each run.

        And no less than the probability that some mode has as many as the cutoff, or more. The engine's own detector
        has no cutoff to choose, and counts at most five.
        """
        if not modes:
            return {}, 0.0
        tails = [1.0 - np.cumsum(self.probabilities([mode], cutoff)) for mode in modes]
        beyond: RealArray = np.sum(tails, axis=0)
        reached = np.flatnonzero(beyond <= _NEVER)
        levels = 1 + int(reached[0]) if len(reached) else cutoff  # what is never reached takes time to draw
        means, covariance = self._moments(modes)
        draw = importlib.import_module("thewalrus.samples").hafnian_sample_state
        drawn = np.asarray(
            draw(covariance, shots, means, hbar=HBAR, cutoff=levels, max_photons=levels * len(modes)), dtype=np.int64
        )
        return dict(zip(modes, drawn.reshape(shots, len(modes)).T, strict=True)), min(1.0, float(beyond[-1]))

    def _of_levels(self, word: Word, modes: Sequence[int]) -> float:
        """Of Σ c·|j⟩⟨k| on each mode, Σ c·⟨k|ρ|j⟩."""
        forms = [normal_form(letters) for letters in letters_by_wire(_on(modes, word)).values()]
        levels = 1 + max((level for form in forms for power, _ in form for level in power[:2]), default=0)
        matrix = self._matrix(modes, levels)
        terms = product(*forms)
        total = sum(
            prod(factor for _, factor in term) * matrix[tuple(level for (j, k, _), _ in term for level in (k, j))]
            for term in terms
        )
        return float(np.real(total))

    def _matrix(self, modes: Sequence[int], cutoff: int) -> NDArray[np.complex128]:
        """The density matrix of some modes, two axes for each, not normalised."""
        if cutoff ** (2 * len(modes)) > MAX_NUMBERS:
            label = f"a mixed state of {len(modes)} modes has {cutoff}^{2 * len(modes)} matrix elements here"
            raise error(Code.NOT_SIMULABLE, label, help="ask for fewer photons, or give a number of shots")
        quantum: Any = importlib.import_module("thewalrus.quantum")
        return np.asarray(quantum.density_matrix(*self._moments(modes), cutoff=cutoff, hbar=HBAR), dtype=complex)

    def _moments(self, modes: Sequence[int]) -> tuple[RealArray, RealArray]:
        means, covariance = self.state.reduced_gaussian(list(modes))
        return np.asarray(means, dtype=float), np.asarray(covariance, dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class FockState:
    """A state of the Fock engine.

    Attributes:
        tensor: amplitudes, an axis for each mode, or matrix elements, two axes for each.
    """

    tensor: NDArray[np.complex128]
    is_pure: bool

    @staticmethod
    def of(state: Any) -> FockState:
        ket = state.ket()
        return FockState(np.asarray(state.dm() if ket is None else ket, dtype=complex), ket is not None)

    @property
    def modes(self) -> int:
        return self.tensor.ndim // (1 if self.is_pure else 2)

    def mean(self, word: Word) -> float:
        """The real part of ⟨word⟩, of the infinite operator in the cut state."""
        image = self.tensor
        for mode, letters in letters_by_wire(word).items():
            axis = mode if self.is_pure else 2 * mode
            matrix = letters_matrix(letters, image.shape[axis])
            image = np.moveaxis(np.tensordot(matrix, image, (1, axis)), 0, axis)
        return float(np.vdot(self.tensor, image).real if self.is_pure else _diagonal(image).sum())

    def probabilities(self, modes: Sequence[int], _: int) -> RealArray:
        """As those of a Gaussian state."""
        whole = _squared(self.tensor) if self.is_pure else _diagonal(self.tensor)
        return np.asarray(whole.sum(tuple(mode for mode in range(self.modes) if mode not in modes)))

    @property
    def lost(self) -> float:
        """The probability that the cut lost."""
        return 1.0 - float(self.probabilities((), 0))


def _on(modes: Sequence[int], word: Word) -> Word:
    """With modes renamed to their places."""
    return tuple((letter, modes.index(mode)) for letter, mode in word)


@lru_cache(maxsize=4096)
def _polynomial(word: Word, modes: int) -> Polynomial:
    return polynomial(Operator(((word, number(1.0)),)), modes, {})


def _squared(amplitudes: NDArray[np.complex128]) -> RealArray:
    return np.square(np.abs(amplitudes))


def _diagonal(matrix: NDArray[np.complex128]) -> RealArray:
    names = ascii_letters[: matrix.ndim // 2]
    found: RealArray = np.einsum(f"{''.join(name + name for name in names)}->{names}", matrix).real
    return found

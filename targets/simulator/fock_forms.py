"""The forms of generator whose exponentials have exact matrix elements in Fock space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.gates.algebra import quadrature_action
from qcompile.operator import Operator, letters_by_wire, level_of
from qcompile.targets.simulator.fock_words import operator_matrix
from qcompile.targets.simulator.weyl import symbol


@dataclass(frozen=True, slots=True)
class Diagonal:
    """A function of photon numbers."""


@dataclass(frozen=True, slots=True)
class NumberConserving:
    """Commutes with the total photon number: finite blocks."""


@dataclass(frozen=True, slots=True)
class Commuting:
    """A polynomial in one quadrature of each mode: Σ coefficient · Π axisᵢ ** powersᵢ."""

    axes: str
    terms: tuple[tuple[float, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Dilation:
    """Stretches x by e^{θ·rate} along orthogonal directions, the columns of `directions`, shape (modes, modes)."""

    rates: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]


Form: TypeAlias = Diagonal | NumberConserving | Commuting | Dilation


@lru_cache(maxsize=256)
def form(generator: Operator, modes: int) -> Form | None:
    """The form of a photonic generator on wires 0 … modes − 1, or None for one that has no exact exponential here."""
    letters = {letter for word, _ in generator.terms for letter, _ in word}
    if all(letter == "n" or level_of(letter) is not None for letter in letters):
        return Diagonal()
    if generator.degree is None:
        return None
    return _commuting(generator, modes) or _dilation(generator, modes) or _conserving(generator, modes)


def _commuting(generator: Operator, modes: int) -> Commuting | None:
    axes: dict[int, str] = {}
    terms: list[tuple[float, tuple[int, ...]]] = []
    for word, coefficient in generator.terms:
        letters = letters_by_wire(word)
        for wire, text in letters.items():
            if set(text) not in ({"x"}, {"p"}) or axes.setdefault(wire, text[0]) != text[0]:
                return None
        terms.append((float(coefficient), tuple(len(letters.get(wire, "")) for wire in range(modes))))
    return Commuting("".join(axes.get(wire, "x") for wire in range(modes)), tuple(terms))


def _dilation(generator: Operator, modes: int) -> Dilation | None:
    """G with the symbol Σ M_jk p_j x_k / 2, M symmetric, moves x as dx/dθ = M x and p against it."""
    total: dict[tuple[int, ...], complex] = {}
    for word, coefficient in generator.terms:
        for monomial, factor in symbol(word, modes):
            total[monomial] = total.get(monomial, 0.0) + float(coefficient) * factor
    for monomial, value in total.items():
        if value and not (len(monomial) == 2 and monomial[0] < modes <= monomial[1]):
            return None
    flow = quadrature_action(generator, modes)[0][:modes, :modes]
    if not np.allclose(flow, flow.T):
        return None
    rates, directions = np.linalg.eigh(flow)
    if np.linalg.det(directions) < 0:
        directions[:, 0] *= -1
    return Dilation(tuple(map(float, rates)), tuple(tuple(map(float, row)) for row in directions))


def _conserving(generator: Operator, modes: int) -> NumberConserving | None:
    """A word of degree d that changes the photon number does so on fewer than d + 2 photons a mode."""
    cutoff = generator.reach + 2
    matrix = operator_matrix(generator, (cutoff,) * modes, tuple(range(modes)))
    totals: NDArray[np.int64] = np.indices((cutoff,) * modes).reshape(modes, -1).sum(axis=0)
    changes = totals[:, None] != totals[None, :]
    return NumberConserving() if np.allclose(matrix[changes], 0.0) else None

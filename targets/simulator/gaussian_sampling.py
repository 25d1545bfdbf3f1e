"""Shots of observables on Gaussian states, by homodyne detection of the quadratures that they multiply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from qcompile.operator import Operator, Word, letters_by_wire
from qcompile.targets.simulator.gaussian_moments import RealArray
from qcompile.targets.simulator.gaussian_state import Moments
from qcompile.targets.simulator.values import Elements, value_of


def is_joint(words: Iterable[Word]) -> bool:
    """Can one homodyne detection of each wire read all these words: only x, or only p, on each wire?"""
    axes: dict[int, set[str]] = {}
    for word in words:
        for letter, wire in word:
            axes.setdefault(wire, set()).add(letter)
    return all(letters in ({"x"}, {"p"}) for letters in axes.values())


def settings(operators: Iterable[Operator], modes: int) -> list[int]:
    """The quadrature rows that operators read that are joint together."""
    words = [word for operator in operators for word, _ in operator.terms]
    return sorted({wire + (modes if letter == "p" else 0) for word in words for letter, wire in word})


def outcomes(
    operators: Sequence[Operator], state: Moments, elements: Elements, shots: int, random: np.random.Generator
) -> list[RealArray]:
    """Shots of operators that are joint together, each of shape (B, shots).

    Each trajectory is detected once, or one of them `shots` times.
    """
    rows = settings(operators, state.modes)
    values, vectors = np.linalg.eigh(state.covariance[:, rows][:, :, rows])
    root = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
    drawn = random.standard_normal((len(root), shots, len(rows)))
    read: RealArray = state.means[:, :, rows] + drawn @ root.swapaxes(1, 2)
    return [_values(operator, read, rows, state.modes, elements) for operator in operators]


def _values(operator: Operator, read: RealArray, rows: list[int], modes: int, elements: Elements) -> RealArray:
    """The operator's value in each shot, from the quadratures read: shape (B, shots, rows) to (B, shots)."""
    total = np.zeros(read.shape[:2])
    for word, coefficient in operator.terms:
        part = np.broadcast_to(value_of(coefficient, elements)[:, None], total.shape).copy()
        for wire, letters in letters_by_wire(word).items():
            part *= read[:, :, rows.index(wire + (modes if letters[0] == "p" else 0))] ** len(letters)
        total += part
    return total


def estimate(
    operator: Operator, state: Moments, elements: Elements, shots: int, random: np.random.Generator
) -> RealArray:
    """The expectation from shots, shape (B,): words that cannot be read together are read from shots of their own."""
    joint = is_joint(word for word, _ in operator.terms)
    parts = [operator] if joint else [Operator((term,)) for term in operator.terms]
    total = np.zeros(len(state.means))
    for part in parts:
        total += outcomes([part], state, elements, shots, random)[0].mean(axis=1)
    return total

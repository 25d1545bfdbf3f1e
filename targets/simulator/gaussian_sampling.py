"""Shots of observables on Gaussian states, by homodyne detection of the quadratures that they multiply."""

from __future__ import annotations

from collections.abc import Iterable

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


def settings(operator: Operator, modes: int) -> list[int]:
    """The quadrature rows that a joint operator reads."""
    return sorted({wire + (modes if letter == "p" else 0) for word, _ in operator.terms for letter, wire in word})


def outcomes(
    operator: Operator, state: Moments, elements: Elements, shots: int, random: np.random.Generator
) -> RealArray:
    """Shots of a joint operator, shape (B, shots); each trajectory is detected once, or one of them `shots` times."""
    rows = settings(operator, state.modes)
    values, vectors = np.linalg.eigh(state.covariance[:, rows][:, :, rows])
    root = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
    drawn = random.standard_normal((len(root), shots, len(rows)))
    read: RealArray = state.means[:, :, rows] + drawn @ root.swapaxes(1, 2)
    total = np.zeros(read.shape[:2])
    for word, coefficient in operator.terms:
        part = np.broadcast_to(value_of(coefficient, elements)[:, None], total.shape).copy()
        for wire, letters in letters_by_wire(word).items():
            part *= read[:, :, rows.index(wire + (state.modes if letters[0] == "p" else 0))] ** len(letters)
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
        total += outcomes(part, state, elements, shots, random).mean(axis=1)
    return total

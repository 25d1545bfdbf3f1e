"""Exact outputs from expectations of Pauli words: probabilities are those of the words of Z, transformed.

For the wires of an output, P(b) = 2⁻ᵏ Σ_s (−1)^(b·s) ⟨Z^s⟩, over all subsets s of its k wires.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcompile.targets.clients.points import Points, Record
from qcompile.targets.simulator.values import RealArray

MAX_WIRES = 8  # of exact probabilities: 2ᵏ words


@dataclass(frozen=True, slots=True)
class Sum:
    """Σ coefficient × word; coefficients are expressions of the manifest, words lists of [letter, wire]."""

    terms: tuple[tuple[Any, tuple[tuple[str, int], ...]], ...]

    @property
    def is_constant(self) -> bool:
        """Do the coefficients hold no input?"""
        return all(isinstance(coefficient, int | float) for coefficient, _ in self.terms)

    def coefficients(self, points: Points) -> RealArray:
        """Shape (terms, points), or (terms, 1) where they hold no input."""
        if self.is_constant:
            return np.array([[float(coefficient)] for coefficient, _ in self.terms])
        return np.stack([points.number(coefficient) for coefficient, _ in self.terms])


def sums_of(template: Record) -> list[Sum]:
    """What to take the expectation of, for all outputs in order; nothing for an output without terms."""
    return [each for output in template["outputs"] for each in _sums(output)]


def _sums(output: Record) -> list[Sum]:
    if output["kind"] == "probabilities":
        wires = output["wires"]
        return [
            Sum(((1.0, tuple(("Z", wire) for wire, chosen in zip(wires, subset, strict=True) if chosen)),))
            for subset in np.ndindex((2,) * len(wires))
        ]
    terms = tuple((coefficient, tuple((a, w) for a, w in word)) for coefficient, word in output["terms"])
    return [Sum(terms)] if terms else []


def combined(points: Points, means: RealArray, errors: RealArray) -> tuple[list[RealArray], list[RealArray]]:
    """Each output's values and standard errors, shape (rows, batch, …), from the sums', shape (sums, points)."""
    outputs: list[RealArray] = []
    spreads: list[RealArray] = []
    first = 0
    for output in points.template["outputs"]:
        count = len(_sums(output))
        part, spread = means[first : first + count], errors[first : first + count]
        first += count
        if output["kind"] == "probabilities":
            part, spread = _transformed(part), np.tile(np.sqrt((spread**2).sum(0)) / count, (count, 1))
        elif count:
            part, spread = part[0], spread[0]
        else:
            part = spread = np.zeros(points.count)
        outputs.append(points.split(np.ascontiguousarray(part.T)))
        spreads.append(points.split(np.ascontiguousarray(spread.T)))
    return outputs, spreads


def _transformed(means: RealArray) -> RealArray:
    """The transform of Walsh and Hadamard, normalised, along the first axis of (2ᵏ, points)."""
    wires = len(means).bit_length() - 1
    found = means.reshape(*(2,) * wires, -1)
    for axis in range(wires):
        parts: Sequence[RealArray] = np.split(found, 2, axis)
        found = np.concatenate([parts[0] + parts[1], parts[0] - parts[1]], axis) / 2
    return found.reshape(len(means), -1)

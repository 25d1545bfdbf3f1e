"""Variances and covariances as functions of means: ½⟨AB + BA⟩ − ⟨A⟩⟨B⟩ of three expectations.

With y = f(E) of expectations E that are linear in the state, second derivatives need those of E alone:
∂²y = f'·∂²E + f''·∂E ∂E.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from qcompile.ir import Covariance, Expectation, Observable, Output, Program, Variance
from qcompile.operator import multiply
from qcompile.targets.simulator.values import RealArray

MOST_PRODUCTS = 4096  # of words, in the square of an observable


@dataclass(frozen=True, slots=True)
class Spread:
    """Column `output` of the outputs is E[joint] − E[left]·E[right]."""

    output: int
    joint: int
    left: int
    right: int


@dataclass(frozen=True, eq=False)
class Moments:
    """A program of means, and where the outputs of the original are among them.

    Attributes:
        copied: by column of the outputs, that of the means, for outputs that are linear.
    """

    base: Program
    width: int
    copied: tuple[tuple[slice, slice], ...]
    spreads: tuple[Spread, ...]

    @classmethod
    def of(cls, program: Program, outputs: tuple[slice, ...]) -> Moments | None:
        """None where the squares have too many words."""
        if sum(map(_products, program.outputs)) > MOST_PRODUCTS:
            return None
        means, copied, spreads, column = list[Output](), list[tuple[slice, slice]](), list[Spread](), 0
        for output, place in zip(program.outputs, outputs, strict=True):
            parts = list(_means(output))
            means += parts
            if len(parts) == 3:
                spreads.append(Spread(place.start, column, column + 1, column + 2))
                column += 3
            else:
                copied.append((place, slice(column, column + place.stop - place.start)))
                column += place.stop - place.start
        return cls(replace(program, outputs=tuple(means)), column, tuple(copied), tuple(spreads))

    def values(self, means: RealArray) -> RealArray:
        """f(E), shape (batch, width of the outputs), from means of shape (batch, means)."""
        stops = [place.stop for place, _ in self.copied] + [s.output + 1 for s in self.spreads]
        result = np.empty((len(means), max(stops)))
        for place, source in self.copied:
            result[:, place] = means[:, source]
        for s in self.spreads:
            result[:, s.output] = means[:, s.joint] - means[:, s.left] * means[:, s.right]
        return result

    def pulled(self, means: RealArray, cotangents: RealArray) -> RealArray:
        """f'ᵀ c, shape (batch, means)."""
        result = np.zeros((len(cotangents), self.width))
        for place, source in self.copied:
            result[:, source] += cotangents[:, place]
        for s in self.spreads:
            result[:, s.joint] += cotangents[:, s.output]
            result[:, s.left] -= cotangents[:, s.output] * means[:, s.right]
            result[:, s.right] -= cotangents[:, s.output] * means[:, s.left]
        return result

    def bent(self, cotangents: RealArray, moved: RealArray) -> RealArray:
        """f''[c, dE], shape (batch, means)."""
        result = np.zeros_like(moved)
        for s in self.spreads:
            result[:, s.left] -= cotangents[:, s.output] * moved[:, s.right]
            result[:, s.right] -= cotangents[:, s.output] * moved[:, s.left]
        return result


def _means(output: Output) -> Iterator[Output]:
    match output:
        case Variance(observable, span):
            yield from _means(Covariance(observable, observable, span))
        case Covariance(left, right, span):
            yield Expectation(Observable(multiply(left.operator, right.operator)), span)
            yield Expectation(left, span)
            yield Expectation(right, span)
        case _:
            yield output


def _products(output: Output) -> int:
    match output:
        case Variance(observable):
            return len(observable.operator.terms) ** 2
        case Covariance(left, right):
            return len(left.operator.terms) * len(right.operator.terms)
        case _:
            return 0

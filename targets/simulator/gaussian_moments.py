"""Expectations of polynomials in the quadratures over Gaussian states, and their derivatives by the state's moments.

An operator's expectation is the classical mean of its Weyl symbol. Arrays of moments carry a leading batch axis:
means (B, 2m), covariance (B, 2m, 2m), quadratures in xxpp order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from qcompile.operator import Operator, Word
from qcompile.targets.simulator.angle_table import Same
from qcompile.targets.simulator.values import Elements, value_of
from qcompile.targets.simulator.weyl import Monomial, symbol

RealArray = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Polynomial:
    """Σ coefficient · monomial, the coefficients of shape (1 or batch, number of monomials).

    Those of degree 1 and 2 are arrays, to be summed at once: `linear` has the index of each, `quadratic` the two.
    """

    constant: RealArray
    linear: tuple[Indices, RealArray]
    quadratic: tuple[Indices, Indices, RealArray]
    higher: dict[Monomial, RealArray]


def polynomial(operator: Operator, modes: int, elements: Elements) -> Polynomial:
    """The Weyl symbol of a Hermitian operator."""
    if all(coefficient.is_constant for _, coefficient in operator.terms):
        return _constant_polynomial(Same(operator), modes)
    return _collected(((word, value_of(coefficient, elements)) for word, coefficient in operator.terms), modes)


@lru_cache(maxsize=256)
def _constant_polynomial(operator: Same[Operator], modes: int) -> Polynomial:
    return _collected(((w, np.array([float(coefficient)])) for w, coefficient in operator.value.terms), modes)


def symmetrised(left: Operator, right: Operator, modes: int, elements: Elements) -> Polynomial:
    """The Weyl symbol of ½(AB + BA), the real part of that of AB. Cost: the product of their numbers of words."""
    first, second = (
        [(word, value_of(coefficient, elements)) for word, coefficient in operator.terms] for operator in (left, right)
    )
    return _collected((((*v, *w), a * b) for (v, a), (w, b) in product(first, second)), modes)


def _collected(terms: Iterable[tuple[Word, RealArray]], modes: int) -> Polynomial:
    """Imaginary parts cancel between the words of a Hermitian sum."""
    total: dict[Monomial, RealArray] = {}
    for word, coefficient in terms:
        for monomial, factor in symbol(word, modes):
            total[monomial] = total.get(monomial, 0.0) + factor.real * coefficient
    of_degree = [{key: value for key, value in total.items() if len(key) == degree} for degree in range(3)]
    constants, *coefficients = (_stacked(list(found.values())) for found in of_degree)
    indices = [np.array(list(found), dtype=np.intp).reshape(len(found), k) for k, found in enumerate(of_degree)]
    return Polynomial(
        constants.sum(axis=1),
        (indices[1][:, 0], coefficients[0]),
        (indices[2][:, 0], indices[2][:, 1], coefficients[1]),
        {key: value for key, value in total.items() if len(key) > 2},
    )


def _stacked(coefficients: list[RealArray]) -> RealArray:
    batch = max((len(value) for value in coefficients), default=1)
    rows = [np.broadcast_to(value, (batch,)) for value in coefficients]
    return np.stack(rows, axis=1) if rows else np.zeros((batch, 0))


def mean(polynomial: Polynomial, means: RealArray, covariance: RealArray) -> RealArray:
    """The polynomial's mean, shape (B,)."""
    single, factors = polynomial.linear
    first, second, weights = polynomial.quadratic
    total: RealArray = np.zeros(means.shape[:-1]) + polynomial.constant + np.sum(factors * means[..., single], axis=-1)
    products = means[..., first] * means[..., second] + covariance[..., first, second]
    total = total + np.sum(weights * products, axis=-1)
    known: dict[Monomial, RealArray] = {}
    for monomial, coefficient in polynomial.higher.items():
        total += coefficient * _moment(monomial, means, covariance, known)
    return total


def gradient(polynomial: Polynomial, means: RealArray, covariance: RealArray) -> tuple[RealArray, RealArray]:
    """∂/∂means = ⟨∂f⟩ and ∂/∂covariance = ⟨∂∂f⟩ / 2, as if all entries were independent: shapes of the arguments."""
    by_means, by_covariance = np.zeros(means.shape), np.zeros(covariance.shape)
    single, factors = polynomial.linear
    by_means[..., single] += factors
    first, second, weights = polynomial.quadratic
    for one, other in ((first, second), (second, first)):
        np.add.at(by_means.T, one, (weights * means[..., other]).T)
        by_covariance[..., one, other] += 0.5 * weights
    known: dict[Monomial, RealArray] = {}
    for monomial, coefficient in polynomial.higher.items():
        for j in range(len(monomial)):
            rest = monomial[:j] + monomial[j + 1 :]
            by_means[..., monomial[j]] += coefficient * _moment(rest, means, covariance, known)
        for j, k in permutations(range(len(monomial)), 2):
            rest = tuple(index for place, index in enumerate(monomial) if place not in (j, k))
            second_slope = coefficient * _moment(rest, means, covariance, known)
            by_covariance[..., monomial[j], monomial[k]] += 0.5 * second_slope
    return by_means, by_covariance


def _moment(monomial: Monomial, means: RealArray, covariance: RealArray, known: dict[Monomial, RealArray]) -> RealArray:
    """Isserlis with a mean: the first factor is its mean, or is paired with one of the others."""
    if not monomial:
        return np.ones(means.shape[:-1])
    if monomial not in known:
        first, rest = monomial[0], monomial[1:]
        total = means[..., first] * _moment(rest, means, covariance, known)
        for place, other in enumerate(rest):
            smaller = _moment(rest[:place] + rest[place + 1 :], means, covariance, known)
            total = total + covariance[..., first, other] * smaller
        known[monomial] = total
    return known[monomial]

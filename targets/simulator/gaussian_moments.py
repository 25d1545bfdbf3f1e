"""Expectations of polynomials in the quadratures over Gaussian states, and their derivatives by the state's moments.

An operator's expectation is the classical mean of its Weyl symbol. Arrays of moments carry any leading axes:
means (…, 2m), covariance (…, 2m, 2m), quadratures in xxpp order.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from qcompile.operator import Operator, Word
from qcompile.targets.simulator.values import Elements, value_of
from qcompile.targets.simulator.weyl import Monomial, symbol

RealArray = NDArray[np.float64]
Polynomial = dict[Monomial, RealArray]  # coefficients of shape (1,) or (batch,)


def polynomial(operator: Operator, modes: int, elements: Elements) -> Polynomial:
    """The Weyl symbol of a Hermitian operator."""
    return _collected([(word, value_of(coefficient, elements)) for word, coefficient in operator.terms], modes)


def symmetrised(left: Operator, right: Operator, modes: int, elements: Elements) -> Polynomial:
    """The Weyl symbol of ½(AB + BA), the real part of that of AB. Cost: the product of their numbers of words."""
    first, second = (
        [(word, value_of(coefficient, elements)) for word, coefficient in operator.terms] for operator in (left, right)
    )
    return _collected([((*v, *w), a * b) for (v, a), (w, b) in product(first, second)], modes)


def _collected(terms: list[tuple[Word, RealArray]], modes: int) -> Polynomial:
    """Imaginary parts cancel between the words of a Hermitian sum."""
    total: Polynomial = {}
    for word, coefficient in terms:
        for monomial, factor in symbol(word, modes):
            total[monomial] = total.get(monomial, 0.0) + factor.real * coefficient
    return total


def mean(polynomial: Polynomial, means: RealArray, covariance: RealArray) -> RealArray:
    """The polynomial's mean, shape (…)."""
    known: dict[Monomial, RealArray] = {}
    total = np.zeros(means.shape[:-1])
    for monomial, coefficient in polynomial.items():
        total += coefficient * _moment(monomial, means, covariance, known)
    return total


def gradient(polynomial: Polynomial, means: RealArray, covariance: RealArray) -> tuple[RealArray, RealArray]:
    """∂/∂means = ⟨∂f⟩ and ∂/∂covariance = ⟨∂∂f⟩ / 2, as if all entries were independent: shapes of the arguments."""
    known: dict[Monomial, RealArray] = {}
    by_means, by_covariance = np.zeros(means.shape), np.zeros(covariance.shape)
    for monomial, coefficient in polynomial.items():
        for j in range(len(monomial)):
            rest = monomial[:j] + monomial[j + 1 :]
            by_means[..., monomial[j]] += coefficient * _moment(rest, means, covariance, known)
        for j, k in permutations(range(len(monomial)), 2):
            rest = tuple(index for place, index in enumerate(monomial) if place not in (j, k))
            second = coefficient * _moment(rest, means, covariance, known)
            by_covariance[..., monomial[j], monomial[k]] += 0.5 * second
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

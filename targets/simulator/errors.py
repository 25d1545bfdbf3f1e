"""Standard errors of a derivative's components, from those of the rows that they are made of."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from qcompile.ir import Component, Evaluation, Shifted
from qcompile.targets.simulator.recombine import Table, shapes_of
from qcompile.targets.simulator.values import Bound, RealArray, value_of


def errors_of(module: Shifted, table: Table, errors: Table, bound: Bound) -> list[RealArray]:
    """One array per component, with a leading batch axis, to first order.

    Rows are drawn independently, so their parts add in squares; of what one row returns the parts are added as if they
    went together, which is the most that they come to.
    """
    shapes = shapes_of(module, table)
    whole = [(bound.batch, *shapes.get(component.output, ())) for component in module.components]
    return [_error(c, table, errors, bound, shape) for c, shape in zip(module.components, whole, strict=True)]


def is_linear(module: Shifted) -> bool:
    """Does every reading take one mean? Products and quotients of unbiased means are off by 1/N."""
    readings = [reading for component in module.components for reading in component.readings]
    return all(len(reading.read) <= 1 for reading in readings)


def _error(component: Component, table: Table, errors: Table, bound: Bound, shape: tuple[int, ...]) -> RealArray:
    slopes: dict[Evaluation, RealArray | float] = defaultdict(float)
    for reading in component.readings:
        weight = value_of(reading.weight, bound.elements)
        above = [table[evaluation] for evaluation in reading.evaluations]
        below = math.prod((table[evaluation] for evaluation in reading.divisors), start=np.ones(bound.batch))
        for k, evaluation in enumerate(reading.evaluations):
            slopes[evaluation] += _times(weight / below, above[:k] + above[k + 1 :])
        for divisor in reading.divisors:
            slopes[divisor] -= _times(weight / below / table[divisor], above)
    rows: dict[int, RealArray | float] = defaultdict(float)
    for evaluation, slope in slopes.items():
        rows[evaluation.row] += _times(np.abs(np.asarray(slope)), [errors[evaluation]])
    total = sum((np.square(part) for part in rows.values()), np.zeros(shape))
    return np.asarray(np.sqrt(total))


def _times(weight: RealArray, factors: list[RealArray]) -> RealArray:
    """The product, where some factors have axes of outcomes behind that of the batch."""
    product = weight
    for factor in factors:
        dimensions = max(product.ndim, factor.ndim)
        left, right = (array.reshape(*array.shape, *(1,) * (dimensions - array.ndim)) for array in (product, factor))
        product = left * right
    return product

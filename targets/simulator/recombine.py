"""From what the rows of shifted circuits return to the components of a derivative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.ir import Component, Evaluation, Reading, Shifted
from qcompile.targets.simulator.values import Bound, RealArray, value_of

_RESOLVED = 1e-8  # shifted rows round at 1e-16 of all runs, whatever share of them is kept


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What every evaluation came to.

    Attributes:
        templates: the template of each row.
        places: where each row is among those of its template.
        outputs: by template, an array (rows, batch, …) for each output.
    """

    templates: Sequence[int]
    places: Sequence[int]
    outputs: Sequence[Sequence[RealArray]]

    def __getitem__(self, evaluation: Evaluation) -> RealArray:
        """Of shape (batch, …)."""
        found: RealArray = self.outputs[self.templates[evaluation.row]][evaluation.output][self.places[evaluation.row]]
        return found


def recombined(module: Shifted, table: Table, bound: Bound) -> list[RealArray]:
    """One array per component, with a leading batch axis.

    Raises:
        CompileError: NOT_SIMULABLE, where too few runs are kept to divide by; BAD_NUMBER.
    """
    shapes = shapes_of(module, table)
    numbers = [c for c in module.components if not shapes.get(c.output, ())]
    sums = iter(_numbers(numbers, table, bound))
    return [
        _array(component, bound, table, shapes[component.output]) if shapes.get(component.output, ()) else next(sums)
        for component in module.components
    ]


def shapes_of(module: Shifted, table: Table) -> dict[int | None, tuple[int, ...]]:
    """By output, the shape of one row's value. A derivative that is zero reads nothing, and has it all the same.

    Probabilities are multiplied by numbers, where post-selection normalises them.
    """
    shapes: dict[int | None, tuple[int, ...]] = {}
    if all(output.ndim == 2 for outputs in table.outputs for output in outputs):
        return shapes
    for component in module.components:
        for evaluation in (e for reading in component.readings for e in reading.evaluations):
            shape = table[evaluation].shape[1:]
            shapes[component.output] = max(shapes.get(component.output, ()), shape, key=len)
    return shapes


# ---- components that are numbers, all at once


def _numbers(components: Sequence[Component], table: Table, bound: Bound) -> RealArray:
    """Σ weight × Π evaluations ÷ Π divisors of each component, shape (components, batch)."""
    result: RealArray = np.zeros((len(components), bound.batch))
    filled = [k for k, component in enumerate(components) if component.readings]
    if not filled:
        return result
    for component in components:
        for divisor in {divisor for reading in component.readings for divisor in reading.divisors}:
            _check_divisor(table[divisor], component)
    readings = [reading for k in filled for reading in components[k].readings]
    starts = [0, *accumulate(len(components[k].readings) for k in filled)][:-1]
    column = _Column(table, bound.batch)
    terms = column.products([r.evaluations for r in readings]) / column.products([r.divisors for r in readings])
    result[filled] = np.add.reduceat(_weights(readings, bound) * terms, starts)
    return result


class _Column:
    """All evaluations that are numbers, one below the other, and a 1 at the end."""

    def __init__(self, table: Table, batch: int) -> None:
        self.table = table
        self.first: list[list[int]] = []  # where each output of each template begins
        parts: list[RealArray] = []
        count = 0
        for outputs in table.outputs:
            self.first.append([])
            for output in outputs:
                self.first[-1].append(count)
                if output.ndim == 2:
                    parts.append(output)
                    count += len(output)
        self.values = np.concatenate([*parts, np.ones((1, batch))])

    def products(self, groups: Sequence[Sequence[Evaluation]]) -> RealArray:
        """Of each group, shape (groups, 1 or batch)."""
        total: RealArray = np.ones((len(groups), 1))
        for k in range(max(map(len, groups))):
            total = total * self.values[[self._place(group[k]) if k < len(group) else -1 for group in groups]]
        return total

    def _place(self, evaluation: Evaluation) -> int:
        row = evaluation.row
        return self.first[self.table.templates[row]][evaluation.output] + self.table.places[row]


def _weights(readings: Sequence[Reading], bound: Bound) -> RealArray:
    """Shape (readings, 1 or batch)."""
    constants: RealArray = np.array([[float(reading.weight.constant)] for reading in readings])
    symbolic = [k for k, reading in enumerate(readings) if reading.weight.terms]
    if not symbolic:
        return constants
    weights = np.repeat(constants, bound.batch, axis=1)
    for k in symbolic:
        weights[k] = value_of(readings[k].weight, bound.elements)
    return weights


# ---- components that are arrays, one by one


def _array(component: Component, bound: Bound, table: Table, shape: tuple[int, ...]) -> RealArray:
    total: RealArray = np.zeros((bound.batch, *shape))
    for reading in component.readings:
        product: RealArray | float = 1.0
        for evaluation in reading.evaluations:
            product = product * _spread(table[evaluation], total.ndim)
        for divisor in reading.divisors:
            _check_divisor(table[divisor], component)
            product = product / _spread(table[divisor], total.ndim)
        total = total + _spread(value_of(reading.weight, bound.elements), total.ndim) * product
    return total


def _spread(value: RealArray, dimensions: int) -> RealArray:
    return value.reshape(*value.shape, *(1,) * (dimensions - value.ndim))


def _check_divisor(divisor: RealArray, component: Component) -> None:
    least = float(np.abs(divisor).min())
    if least == 0:
        label = "no run is kept: at these values the condition never holds"
        raise error(Code.NOT_SIMULABLE, label, None, "post-select results that can occur")
    if component.wrt and least < _RESOLVED:
        label = f"{least:.1e} of the runs are kept: the derivative is lost in the rounding of the others"
        raise error(Code.NOT_SIMULABLE, label, None, "post-select results that occur more often")

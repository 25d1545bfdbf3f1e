"""Runs derivatives: the rows of shifted circuits in one batch per template, or an adjoint program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from qcompile.angle import Element
from qcompile.diagnostics import Code, error
from qcompile.ir import Adjoint, Component, Expectation, Parameter, Probabilities, Row, Shifted, Variance
from qcompile.targets.simulator.adjoint import sweep
from qcompile.targets.simulator.engine import simulate
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.values import Bound, RealArray, Values, bind, value_of


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a derivative comes to at some values; every array has a leading batch axis.

    Attributes:
        values: one array per output of the program that was differentiated.
        components: one array per component of the derivative.
        leakage: the probability that the cut of the Fock spaces lost, greatest over rows and batch.
    """

    values: list[RealArray]
    components: list[RealArray]
    leakage: float = 0.0


def evaluate(module: Shifted | Adjoint, values: Values, options: Options) -> list[RealArray]:
    """One array per component, with a leading batch axis.

    Raises:
        CompileError: UNBOUND, BAD_VALUE, BAD_NUMBER, TOO_LARGE, NOT_SIMULABLE, METHOD.
    """
    return evaluate_all(module, values, options).components


def evaluate_all(module: Shifted | Adjoint, values: Values, options: Options) -> Evaluated:
    """Values, components and leakage, from one run of each row, or one sweep there and back."""
    bound = bind(_parameters(module), values)
    match module:
        case Adjoint():
            swept = sweep(module, bound, options)
            return Evaluated(swept.outputs, swept.components, swept.leakage)
        case Shifted():
            found, leakage = _evaluations(module, bound, options)
            shapes = _shapes(module, found)
            components = [_component(c, bound, found, shapes.get(c.output, ())) for c in module.components]
            of_nothing = [array for c, array in zip(module.components, components, strict=True) if not c.wrt]
            return Evaluated(of_nothing, components, leakage)
        case _:
            assert_never(module)


def _parameters(module: Shifted | Adjoint) -> list[Parameter]:
    if isinstance(module, Adjoint):
        return list(module.forward.parameters)
    found = {p.name: p for t in module.templates for p in t.program.parameters if p.role != "slot"}
    return list(found.values())


def _evaluations(module: Shifted, bound: Bound, options: Options) -> tuple[dict[int, list[RealArray]], float]:
    """By row of the module, its template's outputs, each of shape (batch, …), and the most that a row lost."""
    found: dict[int, list[RealArray]] = {}
    leakage = 0.0
    for index, template in enumerate(module.templates):
        chosen = [k for k, row in enumerate(module.rows) if row.template == index]
        if not chosen:
            continue
        for output in template.program.outputs:
            if not isinstance(output, Expectation | Variance | Probabilities):
                raise error(Code.BAD_MODULE, f"template `{template.name}` returns what cannot be combined", output.span)
        slots = [e for p in template.program.parameters if p.role == "slot" for e in p.elements()]
        settings = _repeated(bound, slots, [module.rows[k] for k in chosen])
        result = simulate(template.program, settings, options, index)
        leakage = max(leakage, result.leakage)
        split = [np.split(np.asarray(output, dtype=float), len(chosen)) for output in result.outputs]
        for place, k in enumerate(chosen):
            found[k] = [parts[place] for parts in split]
    return found, leakage


def _repeated(bound: Bound, slots: Sequence[Element], rows: Sequence[Row]) -> Bound:
    """The batch once per row, one row after the other, with the row's slots set."""
    place = {slot: k for k, slot in enumerate(slots)}
    table = np.zeros((len(slots), len(rows), bound.batch))
    for r, row in enumerate(rows):
        for slot, value in row.settings:
            table[place[slot], r] = value_of(value, bound.elements)
    elements = {element: np.tile(value, len(rows)) for element, value in bound.elements.items()}
    elements.update(zip(slots, table.reshape(len(slots), len(rows) * bound.batch), strict=True))
    return Bound(elements, bound.batch * len(rows))


def _component(
    component: Component, bound: Bound, found: dict[int, list[RealArray]], shape: tuple[int, ...]
) -> RealArray:
    total: RealArray = np.zeros((bound.batch, *shape))
    for reading in component.readings:
        product: RealArray | float = 1.0
        for evaluation in reading.evaluations:
            product = product * found[evaluation.row][evaluation.output]
        for divisor in reading.divisors:
            product = product / _checked(found[divisor.row][divisor.output])
        weight = value_of(reading.weight, bound.elements)
        total = total + weight.reshape(-1, *(1,) * (total.ndim - 1)) * product
    return total


def _checked(divisor: RealArray) -> RealArray:
    if np.any(divisor == 0):
        label = "no run is kept: at these values the condition never holds"
        raise error(Code.NOT_SIMULABLE, label, None, "post-select results that can occur")
    return divisor


def _shapes(module: Shifted, found: dict[int, list[RealArray]]) -> dict[int | None, tuple[int, ...]]:
    """By output, the shape of one row's value. A derivative that is zero reads nothing, and has it all the same."""
    return {
        component.output: found[evaluation.row][evaluation.output].shape[1:]
        for component in module.components
        for reading in component.readings
        for evaluation in reading.evaluations
    }

"""Runs derivatives: the rows of shifted circuits in one batch per template, or an adjoint program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.ir import Adjoint, Covariance, Expectation, Parameter, Probabilities, Program, Row, Shifted, Variance
from qcompile.targets.simulator.adjoint import sweep
from qcompile.targets.simulator.engine import simulate
from qcompile.targets.simulator.errors import errors_of
from qcompile.targets.simulator.native import native_rows
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.recombine import Table, recombined
from qcompile.targets.simulator.result import Array
from qcompile.targets.simulator.same import Same
from qcompile.targets.simulator.values import Bound, RealArray, Values, bind, value_of


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a derivative comes to at some values; every array has a leading batch axis.

    Attributes:
        values: one array per output of the program that was differentiated.
        components: one array per component of the derivative.
        leakage: the probability that the cut of the Fock spaces lost, greatest over rows and batch.
        truncation: the weight that a bond limit cut off, greatest over rows and batch.
        errors: where rows are means over trajectories, the standard errors of the components, or bounds of these;
            None for samples.
    """

    values: list[RealArray]
    components: list[RealArray]
    leakage: float = 0.0
    truncation: float = 0.0
    errors: Sequence[RealArray | None] | None = None


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
            found = _evaluations(module, bound, options)
            components = recombined(module, found.table, bound)
            of_nothing = [array for c, array in zip(module.components, components, strict=True) if not c.wrt]
            errors = None if found.errors is None else errors_of(module, found.table, found.errors, bound)
            return Evaluated(of_nothing, components, found.leakage, found.truncation, errors)
        case _:
            assert_never(module)


def _parameters(module: Shifted | Adjoint) -> list[Parameter]:
    if isinstance(module, Adjoint):
        return list(module.forward.parameters)
    found = {p.name: p for t in module.templates for p in t.program.parameters if p.role != "slot"}
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Evaluations:
    """What every row returns, the most that a row lost, and the rows' standard errors."""

    table: Table
    leakage: float
    truncation: float
    errors: Table | None


def _evaluations(module: Shifted, bound: Bound, options: Options) -> _Evaluations:
    layout = _layout(Same(module))
    outputs: list[list[RealArray]] = []
    errors: list[list[RealArray]] = []
    leakage = truncation = 0.0
    for index, (template, chosen) in enumerate(zip(module.templates, layout.rows, strict=True)):
        outputs.append([])
        errors.append([])
        if not chosen:
            continue
        shared = native_rows(template.program, chosen, options)
        if shared is not None:
            outputs[-1] += list(shared(_with_slots(bound, template.program)))
            continue
        result = simulate(template.program, _repeated(bound, template.program, chosen), options, index)
        leakage, truncation = max(leakage, result.leakage), max(truncation, result.truncation)
        outputs[-1] += _split(result.outputs, len(chosen), bound.batch)
        errors[-1] += _split(result.errors or [], len(chosen), bound.batch)
    spread = Table(layout.templates, layout.places, errors) if any(errors) else None
    return _Evaluations(Table(layout.templates, layout.places, outputs), leakage, truncation, spread)


def _with_slots(bound: Bound, program: Program) -> Bound:
    """The slots bound to zero."""
    slots = {e: np.zeros(bound.batch) for p in program.parameters if p.role == "slot" for e in p.elements()}
    return Bound({**bound.elements, **slots}, bound.batch)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A module's rows by template, and of each row its template and its place among the template's."""

    rows: tuple[tuple[Row, ...], ...]
    templates: tuple[int, ...]
    places: tuple[int, ...]


@lru_cache(maxsize=64)
def _layout(same: Same[Shifted]) -> _Layout:
    module = same.record
    for template in module.templates:
        for output in template.program.outputs:
            if not isinstance(output, Expectation | Variance | Covariance | Probabilities):
                raise error(Code.BAD_MODULE, f"template `{template.name}` returns what cannot be combined", output.span)
    rows: list[list[Row]] = [[] for _ in module.templates]
    places: list[int] = []
    for row in module.rows:
        places.append(len(rows[row.template]))
        rows[row.template].append(row)
    return _Layout(tuple(map(tuple, rows)), tuple(row.template for row in module.rows), tuple(places))


def _split(outputs: Sequence[Array | None], rows: int, batch: int) -> list[RealArray]:
    arrays = [np.asarray(output, dtype=float) for output in outputs if output is not None]
    return [array.reshape(rows, batch, *array.shape[1:]) for array in arrays]


def _repeated(bound: Bound, program: Program, rows: Sequence[Row]) -> Bound:
    """The batch once per row, one row after the other, with the row's slots set."""
    slots = {e: k for k, e in enumerate(e for p in program.parameters if p.role == "slot" for e in p.elements())}
    table = np.zeros((len(slots), len(rows), bound.batch))
    for r, row in enumerate(rows):
        for slot, value in row.settings:
            table[slots[slot], r] = value_of(value, bound.elements) if value.terms else float(value.constant)
    repeated = np.tile(np.array(list(bound.elements.values())).reshape(len(bound.elements), bound.batch), len(rows))
    elements = dict(zip(bound.elements, repeated, strict=True))
    elements.update(zip(slots, table.reshape(len(slots), len(rows) * bound.batch), strict=True))
    return Bound(elements, bound.batch * len(rows))

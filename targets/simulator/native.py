"""Programs that the fused engine covers: which they are, their outputs, and their adjoint sweeps."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from qcompile.angle import Element
from qcompile.diagnostics import Code, error
from qcompile.ir import Adjoint, Expectation, Probabilities, Program, Row
from qcompile.targets.engine.flat import Flat
from qcompile.targets.engine.fused import Fused, Run
from qcompile.targets.engine.kept import Keeping
from qcompile.targets.engine.rows import ShiftedRows, shifted_rows
from qcompile.targets.simulator.adjoint_outputs import Start, count_bras
from qcompile.targets.simulator.dispatch import is_wide
from qcompile.targets.simulator.options import Options, Precision, memory_limit
from qcompile.targets.simulator.same import Same
from qcompile.targets.simulator.tensor import ComplexArray
from qcompile.targets.simulator.values import Bound, RealArray

_KEPT = 64  # programs whose plans are kept
_MOST = 40  # qubits


def native(program: Program, options: Options, wanted: Sequence[Element] = ()) -> Fused | None:
    """The program on the fused engine; None where another is asked for, or does better for now.

    Raises:
        CompileError: NOT_SIMULABLE, where the fused engine is asked for by name and does not cover the program.
    """
    if options.engine not in ("auto", "fused") or _is_huge(program):
        return None
    fused = _fused(Same(program), tuple(wanted), options.precision, _threads(options))
    if options.engine == "fused" and fused.plan is None:
        label = "the fused engine runs unitary programs of qubits, with gates on few wires"
        raise error(Code.NOT_SIMULABLE, label, help="take the engine `auto`")
    if fused.plan is None:
        return None
    if options.engine == "fused":
        fused.check_memory()
        return fused
    return fused if fused.needed <= memory_limit() and fused.is_ready else None


def _is_huge(program: Program) -> bool:
    """Would no machine hold its state? Then the reference says what it would take."""
    return sum(register.length for register in program.registers if register.is_quantum) > _MOST


def _threads(options: Options) -> int:
    return options.threads or len(os.sched_getaffinity(0))


@lru_cache(maxsize=_KEPT)
def _fused(same: Same[Program], wanted: tuple[Element, ...], precision: Precision, threads: int) -> Fused:
    return Fused(same.record, wanted, precision, threads)


def flat(module: Adjoint, options: Options) -> Flat | None:
    """The shortest way through an adjoint program, where it has one, once the kernels are compiled."""
    if options.engine not in ("auto", "fused") or _is_huge(module.forward):
        return None
    wanted = tuple(dict.fromkeys(component.wrt for component in module.components))
    return Flat.of(_fused(Same(module.forward), wanted, options.precision, _threads(options)))


def keeping(program: Program, options: Options, wanted: Sequence[Element], apart: Sequence[int]) -> Keeping | None:
    """As `flat`, for all outputs of rows, with the derivatives by the columns `apart` row by row and others summed."""
    if options.engine not in ("auto", "fused") or _is_huge(program):
        return None
    fused = _fused(Same(program), tuple(wanted), options.precision, _threads(options))
    return Keeping.of(fused, np.asarray(apart, dtype=np.intp))


def native_rows(program: Program, rows: tuple[Row, ...], options: Options) -> ShiftedRows | None:
    """A template's rows in one call of the fused engine; None where they run otherwise."""
    if options.shots is not None or not has_expectations_alone(program) or is_wide(program):
        return None
    fused = native(program, options)
    return None if fused is None else _rows(fused, Same(rows))


@lru_cache(maxsize=_KEPT)
def _rows(fused: Fused, same: Same[tuple[Row, ...]]) -> ShiftedRows | None:
    return shifted_rows(fused, same.record)


def expectations(fused: Fused, bound: Bound) -> list[RealArray]:
    """The outputs, all of them expectations, shape (batch,) each."""
    count = len(fused.program.outputs)
    values = np.empty((count, bound.batch))
    for run in fused.runs(bound):
        for k in range(count):
            values[k, run.rows] = run.value(k, with_bra=False)
    return list(values)


def has_expectations_alone(program: Program) -> bool:
    return bool(program.outputs) and all(isinstance(output, Expectation) for output in program.outputs)


def tensor_of(run: Run) -> ComplexArray:
    """The final state, shape (rows, 2, 2, …)."""
    return run.ket().reshape(len(run.rows), *(2,) * len(run.fused.program.kinds))


def derivatives(fused: Fused, module: Adjoint, bound: Bound) -> tuple[list[RealArray], list[RealArray]]:
    """What the outputs come to, and the components, each of shape (batch, …)."""
    count_bras(module, 2)
    parts = [_derivatives(run, module, bound) for run in fused.runs(bound)]
    outputs, components = (
        [np.concatenate(arrays) for arrays in zip(*each, strict=True)] for each in zip(*parts, strict=True)
    )
    return outputs, components


def _derivatives(run: Run, module: Adjoint, bound: Bound) -> tuple[list[RealArray], list[RealArray]]:
    part = bound.rows(run.rows)
    if len(module.forward.outputs) == 1 and has_expectations_alone(module.forward) and not _is_observed(module):
        value = run.value(0)
        gradient = dict(zip(run.fused.elements, run.gradient(), strict=True))
        return [value], [gradient[component.wrt] for component in module.components]
    ket = tensor_of(run)
    start = Start.of(module, [ket], ket.shape[1:], part)
    flat = ket.reshape(len(ket), -1)
    found: list[list[dict[Element, RealArray]]] = [[] for _ in module.forward.outputs]
    for number, (owner, bras) in enumerate(zip(start.owners, start.bras, strict=True)):
        if number:
            run.put_ket(flat)
        run.put_bra(np.broadcast_to(bras[0], ket.shape).reshape(len(ket), -1))
        found[owner].append(dict(zip(run.fused.elements, run.gradient(), strict=True)))
    components: list[RealArray] = []
    for number, component in enumerate(module.components):
        totals = [start.observed[number] + slopes[component.wrt] for slopes in found[component.output]]
        is_shaped = isinstance(module.forward.outputs[component.output], Probabilities)
        components.append(np.stack(totals, axis=1) if is_shaped else totals[0])
    rows = len(run.rows)
    return [np.broadcast_to(v, (rows, *v.shape[1:])) for v in start.values], components


def _is_observed(module: Adjoint) -> bool:
    return any(component.observed for component in module.components)

"""What the Gaussian simulator takes: programs as Gaussian factors, and why others are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from qcompile.diagnostics import Code, Diagnostic, Span
from qcompile.gates.algebra import is_gaussian
from qcompile.grammar import decompose
from qcompile.ir import (
    Barrier,
    Covariance,
    Definition,
    Expectation,
    If,
    Measure,
    Op,
    Output,
    Postselect,
    Probabilities,
    Program,
    Reset,
    Samples,
    State,
    Statement,
    Variance,
    observables_of,
)
from qcompile.operator import level_of
from qcompile.targets.simulator.gaussian_sampling import is_joint

_FOCK = "run it in Fock space: the engine `tensor`"


def factors(program: Program) -> Iterator[Statement]:
    """The program's statements, ops as far as gates with a generator, channels and primitive preparations."""
    for statement in program.body:
        if isinstance(statement, Op):
            yield from op_factors(statement, program.definitions)
        else:
            yield statement


def op_factors(op: Op, definitions: tuple[Definition, ...]) -> Iterator[Op]:
    """The op as gates with a generator, channels and primitive preparations; where it has no word, the op itself."""
    gate = op.gate
    if op.controls or gate.is_primitive or gate.channel or (gate.preparation and not gate.word):
        yield op
        return
    for part in decompose(op, definitions):
        yield from op_factors(part, definitions)


def dilated(op: Op) -> tuple[Op, ...]:
    """The factors of a channel's word, on the channel's own wires from 0 and the hidden ones after them."""
    whole = replace(op, wires=tuple(range(len(op.gate.wires) + len(op.gate.hidden))))
    return tuple(factor for part in decompose(whole) for factor in op_factors(part, ()))


def refusal(program: Program, shots: int | None = None) -> Diagnostic | None:
    """Why the Gaussian simulator does not take this program; None where it does."""
    if not program.kinds or set(program.kinds) != {"qumode"}:
        return _refused("the Gaussian simulator takes qumodes alone", None)
    detected: set[int] = set()
    counted: set[int] = set()
    for statement in factors(program):
        fault = _statement_fault(statement, detected, counted)
        if fault is not None:
            return fault
    return next((fault for o in program.outputs if (fault := _output_fault(o, detected, counted, shots))), None)


def _statement_fault(statement: Statement, detected: set[int], counted: set[int]) -> Diagnostic | None:
    match statement:
        case Op():
            return _op_fault(statement, detected)
        case Measure(detection, wire, cells, _, span):
            if wire in detected:
                return _used(span)
            detected.add(wire)
            if detection == "fock":
                counted.update(cells)
            else:
                counted.difference_update(cells)
        case Reset(wire, _):
            detected.discard(wire)
        case If(_, _, _, span):
            return _refused("the Gaussian simulator has no branches", span)
        case Postselect(_, span):
            return _refused("the Gaussian simulator has no post-selection", span)
        case Barrier():
            pass
        case _:
            assert_never(statement)
    return None


def _op_fault(op: Op, detected: set[int]) -> Diagnostic | None:
    if op.controls:
        return _refused(f"a controlled `{op.gate.name}` is not Gaussian", op.span)
    if op.gate.preparation:
        detected.difference_update(op.wires)
        return _refused(f"`{op.gate.name}` is not Gaussian", op.span) if op.gate.prepares == "number" else None
    parts = dilated(op) if op.gate.hidden else (op,)
    if op.gate.wires and any(part.gate.generator is None or not is_gaussian(part.gate.generator) for part in parts):
        return _refused(f"`{op.gate.name}` is not Gaussian", op.span)
    return _used(op.span) if detected & set(op.wires) else None


def _output_fault(output: Output, detected: set[int], counted: set[int], shots: int | None) -> Diagnostic | None:
    match output:
        case Expectation(span=span) | Variance(span=span) | Covariance(span=span):
            words = [word for observable in observables_of(output) for word, _ in observable.operator.terms]
            if detected & {wire for word in words for _, wire in word}:
                return _used(span)
            if any(level_of(letter) is not None for word in words for letter, _ in word):
                return _refused("photon numbers are not Gaussian", span)
            each = [[word] for word in words] if isinstance(output, Expectation) else [words]
            if shots is not None and not all(is_joint(group) for group in each):
                return _refused("shots of this observable are not homodyne detections", span)
        case Probabilities(_, span):
            return _refused("photon numbers are not Gaussian", span)
        case Samples(wires, cells, span):
            if shots is None:
                return _refused("samples need a number of shots", span, "give a number of shots")
            if wires or counted & set(cells):
                return _refused("photon numbers are not Gaussian", span)
        case State(span):
            return _used(span) if detected else None
        case _:
            assert_never(output)
    return None


def _used(span: Span | None) -> Diagnostic:
    return _refused("a detected mode is used again", span, "reset the mode before it is used again")


def _refused(label: str, span: Span | None, help: str = _FOCK) -> Diagnostic:
    return Diagnostic(Code.NOT_SIMULABLE, label, span, help)

"""A program on no more wires and cells than it uses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from qcompile.angle import Angle, Element, elements
from qcompile.ir import (
    Barrier,
    Covariance,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Output,
    Postselect,
    Probabilities,
    Program,
    Register,
    Reset,
    Samples,
    State,
    Statement,
    Variance,
    observables_of,
)
from qcompile.passes.rewrite import wires_of

Places = Mapping[int, int]


def narrowed(program: Program) -> Program:
    """The program with its wires and cells renumbered to those in use, registers in their order.

    Registers of which nothing is used go, and so do slots that nothing reads; barriers keep what is left of their
    wires.
    """
    wires = _renumbered(used_wires(program))
    cells = _renumbered(
        {cell for s in program.statements() for cell in _cells_of(s)}.union(*map(_sampled, program.outputs))
    )
    renaming = _Renaming(wires, cells)
    read = {element.name for element in used_elements(program)}
    return replace(
        program,
        registers=tuple(_shrunk(program.registers, wires, cells)),
        parameters=tuple(p for p in program.parameters if p.role != "slot" or p.name in read),
        body=renaming.body(program.body),
        outputs=tuple(map(renaming.output, program.outputs)),
    )


def used_wires(program: Program) -> set[int]:
    """The wires that anything but a barrier touches, or an output reads."""
    if any(isinstance(output, State) for output in program.outputs):
        return set(range(len(program.kinds)))
    found = {wire for s in program.statements() if not isinstance(s, If | Barrier) for wire in wires_of(s)}
    return found.union(*map(_read, program.outputs))


def used_elements(program: Program) -> set[Element]:
    """The parameters' entries that angles and the coefficients of observables depend on."""
    return {element for angle in _angles(program) for element in elements(angle)}


def _angles(program: Program) -> Iterator[Angle]:
    for statement in program.statements():
        if isinstance(statement, Op):
            yield from statement.angles
        elif isinstance(statement, Measure):
            yield statement.angle
    for output in program.outputs:
        for observable in observables_of(output):
            yield from (coefficient for _, coefficient in observable.operator.terms)


def _read(output: Output) -> Collection[int]:
    if isinstance(output, Probabilities | Samples):
        return output.wires
    return [wire for observable in observables_of(output) for wire in observable.operator.support]


def _sampled(output: Output) -> Collection[int]:
    return output.cells if isinstance(output, Samples) else ()


def _cells_of(statement: Statement) -> Collection[int]:
    match statement:
        case Measure():
            return statement.cells
        case If() | Postselect():
            return [cell for cell, _ in statement.condition]
        case Op() | Reset() | Barrier():
            return ()
        case _:
            assert_never(statement)


def _renumbered(used: Collection[int]) -> Places:
    return {old: new for new, old in enumerate(sorted(used))}


def _shrunk(registers: tuple[Register, ...], wires: Places, cells: Places) -> Iterator[Register]:
    first = {True: 0, False: 0}
    for register in registers:
        start = first[register.is_quantum]
        first[register.is_quantum] += register.length
        kept = wires if register.is_quantum else cells
        length = sum(place in kept for place in range(start, start + register.length))
        if length:
            yield register if register.size is None else replace(register, size=length)


@dataclass(frozen=True, slots=True)
class _Renaming:
    """The new number of each wire and cell that stays."""

    wires: Places
    cells: Places

    def body(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        return tuple(kept for statement in body for kept in self._statement(statement))

    def _statement(self, statement: Statement) -> Iterator[Statement]:
        match statement:
            case Op():
                yield replace(statement, wires=tuple(self.wires[wire] for wire in statement.wires))
            case Measure():
                cells = tuple(self.cells[cell] for cell in statement.cells)
                yield replace(statement, wire=self.wires[statement.wire], cells=cells)
            case Reset():
                yield replace(statement, wire=self.wires[statement.wire])
            case If():
                then, otherwise = self.body(statement.then), self.body(statement.otherwise)
                yield replace(statement, condition=self._condition(statement), then=then, otherwise=otherwise)
            case Barrier():
                wires = tuple(self.wires[wire] for wire in statement.wires if wire in self.wires)
                if wires:
                    yield replace(statement, wires=wires)
            case Postselect():
                yield replace(statement, condition=self._condition(statement))
            case _:
                assert_never(statement)

    def _condition(self, statement: If | Postselect) -> tuple[tuple[int, bool], ...]:
        return tuple((self.cells[cell], value) for cell, value in statement.condition)

    def output(self, output: Output) -> Output:
        match output:
            case Expectation() | Variance():
                return replace(output, observable=self._observable(output.observable))
            case Covariance():
                return replace(output, left=self._observable(output.left), right=self._observable(output.right))
            case Probabilities():
                return replace(output, wires=tuple(self.wires[wire] for wire in output.wires))
            case Samples():
                wires = tuple(self.wires[wire] for wire in output.wires)
                return replace(output, wires=wires, cells=tuple(self.cells[cell] for cell in output.cells))
            case State():
                return output
            case _:
                assert_never(output)

    def _observable(self, observable: Observable) -> Observable:
        return replace(observable, operator=observable.operator.on(dict(self.wires)))

"""Programs whose parameters themselves move: a slot is added to a parameter everywhere, x → x + s."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from qcompile.angle import Angle, Element, elements, number, parameter, substitute
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
    Reset,
    Samples,
    State,
    Statement,
    Template,
    Variance,
    observables_of,
)
from qcompile.operator import Operator
from qcompile.passes.differentiate.draft import with_slots

Replacement = Mapping[Element, Angle]


@dataclass(frozen=True, slots=True)
class Movable:
    """A template, and by element the slot that moves it."""

    template: Template
    slots: Mapping[Element, Element]


def with_movable(template: Template, wrt: Sequence[Element]) -> Movable:
    """The template with a slot for each of these elements it uses; a slot that moves one already is taken again."""
    program = template.program
    used = _used(program)
    slots = {element: slot for element in wrt if (slot := _mover(program, element, used)) is not None}
    new = [element for element in wrt if element in used and element not in slots]
    if new:
        program, added = with_slots(program, len(new))
        slots |= dict(zip(new, added, strict=True))
        program = substituted(program, {e: _angle(e) + _angle(slots[e]) for e in new})
    return Movable(Template(template.name, program), slots)


def moved_row(
    settings: Mapping[Element, Angle], slots: Mapping[Element, Element], moves: Mapping[Element, float]
) -> dict[Element, Angle]:
    """The row's settings where the elements have moved: those that depend on them follow."""
    steps = {e: _angle(e) + number(step) for e, step in moves.items()}
    found = {slot: substitute(value, steps) for slot, value in settings.items()}
    for element, step in moves.items():
        if element in slots:
            found[slots[element]] = found.get(slots[element], Angle()) + number(step)
    return found


def substituted(program: Program, replacement: Replacement) -> Program:
    """The program with elements replaced in every angle and coefficient."""
    body = tuple(_statement(statement, replacement) for statement in program.body)
    return replace(program, body=body, outputs=tuple(_output(output, replacement) for output in program.outputs))


def _mover(program: Program, element: Element, used: Collection[Element]) -> Element | None:
    """The slot s that the program knows in x + s alone: x → x − s takes it away."""
    declared = [slot for p in program.parameters if p.role == "slot" for slot in p.elements()]
    for slot in declared if element in used else ():
        if slot in used:
            without = substituted(program, {element: _angle(element) - _angle(slot)})
            if slot not in _used(without):
                return slot
    return None


def _used(program: Program) -> Collection[Element]:
    return {element for angle in _angles(program) for element in elements(angle)}


def _angles(program: Program) -> Iterator[Angle]:
    for statement in program.statements():
        match statement:
            case Op():
                yield from statement.angles
            case Measure():
                yield statement.angle
            case Reset() | If() | Barrier() | Postselect():
                pass
            case _:
                assert_never(statement)
    for output in program.outputs:
        for observable in observables_of(output):
            yield from (coefficient for _, coefficient in observable.operator.terms)


def _angle(element: Element) -> Angle:
    return parameter(element.name, element.index)


def _statement(statement: Statement, by: Replacement) -> Statement:
    match statement:
        case Op():
            angles = tuple(substitute(angle, by) for angle in statement.angles)
            return replace(statement, angles=angles) if angles != statement.angles else statement
        case Measure():
            return replace(statement, angle=substitute(statement.angle, by))
        case If():
            then, otherwise = (
                tuple(_statement(inner, by) for inner in branch) for branch in (statement.then, statement.otherwise)
            )
            return replace(statement, then=then, otherwise=otherwise)
        case Reset() | Barrier() | Postselect():
            return statement
        case _:
            assert_never(statement)


def _output(output: Output, by: Replacement) -> Output:
    match output:
        case Expectation() | Variance():
            return replace(output, observable=_observable(output.observable, by))
        case Covariance():
            return replace(output, left=_observable(output.left, by), right=_observable(output.right, by))
        case Probabilities() | Samples() | State():
            return output
        case _:
            assert_never(output)


def _observable(observable: Observable, by: Replacement) -> Observable:
    """Named no longer once it is another."""
    terms = tuple((word, substitute(coefficient, by)) for word, coefficient in observable.operator.terms)
    return observable if terms == observable.operator.terms else Observable(Operator(terms))

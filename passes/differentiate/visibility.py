"""What an output can see of each occurrence: whether it matters at all, and the degree of what it is measured by.

One walk back from the output pulls the observable through the program: it starts as itself, stays itself through gates
that commute with it, and otherwise is known by the wires it has spread to and by its degree in the quadratures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from qcompile.gates import Kind
from qcompile.ir import (
    Barrier,
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
)
from qcompile.operator import Operator
from qcompile.passes.action import operators_commute
from qcompile.passes.differentiate.degrees import degree_growth
from qcompile.passes.refinement import controlled_generator


@dataclass(frozen=True, slots=True)
class Sight:
    """The degree in the quadratures of what is measured, pulled back to just after the gate; None: no finite degree."""

    degree: int | None = 0


@dataclass(slots=True)
class _Piece:
    """Part of the observable, pulled back to a point: itself while `exact`, else bounded by support and degree."""

    exact: Operator | None
    wires: set[int]
    degree: int | None

    def copy(self) -> _Piece:
        return _Piece(self.exact, set(self.wires), self.degree)


@dataclass(slots=True)
class _Pulled:
    """The observable pulled back to a point, and the classical cells whose values it has come to depend on.

    `acted`: something in this region acts on it. It may then look as before and still depend on the condition.
    """

    pieces: list[_Piece]
    cells: set[int] = field(default_factory=lambda: set[int]())
    acted: bool = False

    def copy(self) -> _Pulled:
        return _Pulled([piece.copy() for piece in self.pieces], set(self.cells))


def sightings(program: Program, output: Output) -> dict[int, Sight]:
    """By id() of the op, what the output sees of every op it depends on; ops it cannot see are absent."""
    return dict(_walk(program.body, _start(output, program.kinds)))


def selected(program: Program) -> frozenset[int]:
    """By id(), the ops that post-selection depends on: outputs are quotients of waves in their angles."""
    if not any(isinstance(statement, Postselect) for statement in program.statements()):
        return frozenset()
    return frozenset(op for op, _ in _walk(program.body, _Pulled([_Piece(None, set(), None)])))


def _start(output: Output, kinds: tuple[Kind, ...]) -> _Pulled:
    match output:
        case Expectation(observable):
            return _Pulled(_pieces(observable.operator, 1))
        case Variance(observable):
            return _Pulled(_pieces(observable.operator, 2))
        case Probabilities(seen):
            degree = None if any(kinds[wire] == "qumode" for wire in seen) else 0
            return _Pulled([_Piece(None, set(seen), degree)])
        case Samples(seen, cells):
            return _Pulled([_Piece(None, set(seen), None)], set(cells))
        case State():
            return _Pulled([_Piece(None, set(range(len(kinds))), None)])
        case _:
            assert_never(output)


def _pieces(operator: Operator, power: int) -> list[_Piece]:
    """On qubits one piece, since only its support matters; with qumodes the words apart, each of its own degree."""
    if operator.is_pauli:
        return [_Piece(operator, set(operator.support), 0)]
    words = [Operator((term,)) for term in operator.terms]
    if power == 1:
        return [_Piece(word, set(word.support), word.degree) for word in words]
    return [_Piece(None, set(operator.support), power * operator.degree)]


def _walk(body: tuple[Statement, ...], pulled: _Pulled) -> Iterator[tuple[int, Sight]]:
    for statement in reversed(body):
        match statement:
            case Op():
                yield from _through(statement, pulled)
            case Measure():
                _through_measurement(statement, pulled)
            case Reset(wire):
                for piece in pulled.pieces:
                    if wire in piece.wires:
                        piece.wires.discard(wire)
                        piece.exact = None
                        pulled.acted = True
            case If():
                yield from _through_branches(statement, pulled)
            case Postselect(condition):
                pulled.cells.update(cell for cell, _ in condition)
                pulled.acted = True
                for piece in pulled.pieces:
                    piece.exact = None
            case Barrier():
                pass
            case _:
                assert_never(statement)


def _through_measurement(measure: Measure, pulled: _Pulled) -> None:
    """Whatever reads the result, or acts on the wire, depends on the wire."""
    read = not pulled.cells.isdisjoint(measure.cells)
    pulled.cells.difference_update(measure.cells)
    for piece in pulled.pieces:
        if read or measure.wire in piece.wires:
            pulled.acted = True
            piece.wires.add(measure.wire)
            piece.exact = None
            piece.degree = piece.degree if measure.detection == "z" else None


def _through_branches(statement: If, pulled: _Pulled) -> Iterator[tuple[int, Sight]]:
    """Either branch may run: the pulled observable is bounded by both, and reads the condition where they act."""
    outside, pulled.acted = pulled.acted, False
    other = pulled.copy()
    yield from _walk(statement.then, pulled)
    yield from _walk(statement.otherwise, other)
    if not (pulled.acted or other.acted):
        pulled.acted = outside
        return
    pulled.acted = True
    pulled.cells |= other.cells | {cell for cell, _ in statement.condition}
    for piece, same in zip(pulled.pieces, other.pieces, strict=True):
        piece.exact = None
        piece.wires |= same.wires
        known = piece.degree is not None and same.degree is not None
        piece.degree = max(piece.degree or 0, same.degree or 0) if known else None


def _through(op: Op, pulled: _Pulled) -> Iterator[tuple[int, Sight]]:
    touched = [p for p in pulled.pieces if not p.wires.isdisjoint(op.wires) and not _leaves_alone(op, p.exact)]
    if not touched:
        return
    degrees = [piece.degree for piece in touched if piece.degree is not None]
    yield id(op), Sight(max(degrees) if len(degrees) == len(touched) else None)
    growth, pulled.acted = degree_growth(op), True
    for piece in touched:
        piece.exact = None
        if op.gate.preparation:
            piece.wires.difference_update(op.wires)
            continue
        piece.wires.update(op.wires)
        piece.degree = None if growth is None or piece.degree is None else piece.degree * growth


def _leaves_alone(op: Op, observable: Operator | None) -> bool:
    generator = None if observable is None else controlled_generator(op)
    if observable is None or generator is None:
        return False
    return operators_commute(generator.on(op.wires), observable)

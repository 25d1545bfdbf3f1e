"""A program made ready for the tensor engine: gates lowered, fresh wires known, final measurements set aside."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from qcompile.angle import Angle, number, pi_times
from qcompile.diagnostics import Code, error
from qcompile.gates import TABLE
from qcompile.ir import (
    Barrier,
    Covariance,
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
from qcompile.targets.simulator.tensor_gates import lowered

_FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Readout:
    """What a final measurement reads off a wire: its level, or scale times the quadrature at an angle."""

    wire: int
    angle: Angle | None = None
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A lowered program.

    `hidden` qumodes follow the program's wires: purifications of thermal states, and the ancillas of heterodyne
    detection. `readouts` holds the cells whose measurement nothing comes after. `last_read` gives the statement after
    which a cell is never read again.
    """

    program: Program
    body: tuple[Statement, ...]
    hidden: int
    readouts: Mapping[int, Readout]
    last_read: Mapping[int, int]

    def shape(self, cutoff: int) -> tuple[int, ...]:
        """Levels per wire, hidden ones last."""
        return (*(2 if kind == "qubit" else cutoff for kind in self.program.kinds), *(cutoff,) * self.hidden)

    @property
    def ops(self) -> tuple[Op, ...]:
        return tuple(s for s in replace(self.program, body=self.body).statements() if isinstance(s, Op))

    @property
    def branches(self) -> bool:
        return any(not (isinstance(statement, Op) and statement.gate.is_unitary) for statement in self.body)


def plan(program: Program) -> Plan:
    """Lowers a program.

    Raises:
        CompileError: NOT_SIMULABLE, for homodyne and heterodyne detection in the middle of a program; UNKNOWN_EFFECT.
    """
    final = set(_final_measurements(program))
    lowering = _Lowering(program)
    body: list[Statement] = []
    for position, statement in enumerate(program.body):
        if position in final and isinstance(statement, Measure):
            body += lowering.read_out(statement)
        else:
            body += lowering.statement(statement)
    return Plan(program, tuple(body), lowering.hidden, lowering.readouts, _last_reads(program, body))


class _Lowering:
    """Walks a program once, knowing which wires still hold their initial state."""

    def __init__(self, program: Program) -> None:
        self.definitions = program.definitions
        self.wires = len(program.kinds)
        self.hidden = 0
        self.touched: set[int] = set()
        self.readouts: dict[int, Readout] = {}

    def statement(self, statement: Statement) -> Iterator[Statement]:
        match statement:
            case Op():
                for op in lowered(statement, self.definitions):
                    yield from self._op(op)
            case Reset(wire):
                if wire in self.touched:
                    yield statement
            case Measure(detection):
                if detection in ("homodyne", "heterodyne"):
                    raise error(
                        Code.NOT_SIMULABLE,
                        f"{detection} detection leaves a state that is not kept in Fock space",
                        statement.span,
                        "detect a mode at the end of the program and return only samples of the result, "
                        "or leave only Gaussian gates, which the Gaussian simulator runs",
                    )
                self.touched.add(statement.wire)
                yield statement
            case If():
                then, otherwise = (tuple(self._body(body)) for body in (statement.then, statement.otherwise))
                yield replace(statement, then=then, otherwise=otherwise)
            case Postselect():
                yield statement
            case Barrier():
                pass
            case _:
                assert_never(statement)

    def read_out(self, measure: Measure) -> Iterator[Op]:
        """Nothing comes after this measurement, so it needs no collapse.

        Heterodyne detection splits the mode with vacuum and measures x on one half, p on the other.
        """
        if measure.detection == "heterodyne":
            ancilla = self._hide()
            yield Op(TABLE["beamsplit_real"], (measure.wire, ancilla), (pi_times(1, 4),))
            self.readouts[measure.cells[0]] = Readout(measure.wire, number(0.0), math.sqrt(2))
            self.readouts[measure.cells[1]] = Readout(ancilla, pi_times(1, 2), math.sqrt(2))
        else:
            angle = measure.angle if measure.detection == "homodyne" else None
            self.readouts[measure.cells[0]] = Readout(measure.wire, angle)

    def _body(self, body: Iterable[Statement]) -> Iterator[Statement]:
        for statement in body:
            yield from self.statement(statement)

    def _op(self, op: Op) -> Iterator[Statement]:
        if op.gate.preparation:
            if self.touched.intersection(op.wires):
                yield Reset(op.wires[0], op.span)
            if op.gate.prepares == "thermal":
                op = replace(op, wires=(*op.wires, self._hide()))
        if not (op.gate.preparation and not op.gate.parameters):
            self.touched.update(op.wires)
            yield op

    def _hide(self) -> int:
        self.hidden += 1
        return self.wires + self.hidden - 1


def _final_measurements(program: Program) -> Iterator[int]:
    """Positions of the measurements that no statement and no output could tell from none at all."""
    wires, cells = set[int](), set[int]()
    for position in range(len(program.body) - 1, -1, -1):
        statement = program.body[position]
        if (
            isinstance(statement, Measure)
            and statement.wire not in wires
            and cells.isdisjoint(statement.cells)
            and all(_is_blind_to(output, statement) for output in program.outputs)
        ):
            yield position
        _note_uses(statement, wires, cells)


def _note_uses(statement: Statement, wires: set[int], cells: set[int]) -> None:
    match statement:
        case Op():
            wires.update(statement.wires)
        case Reset(wire):
            wires.add(wire)
        case Measure():
            wires.add(statement.wire)
            cells.update(statement.cells)
        case If():
            cells.update(cell for cell, _ in statement.condition)
            for inner in (*statement.then, *statement.otherwise):
                _note_uses(inner, wires, cells)
        case Postselect():
            cells.update(cell for cell, _ in statement.condition)
        case Barrier():
            pass
        case _:
            assert_never(statement)


def _is_blind_to(output: Output, measure: Measure) -> bool:
    """Is the output the same whether or not the wire was measured before?"""
    counts = measure.detection in ("z", "fock")
    match output:
        case Expectation() | Variance() | Covariance():
            terms = [term for observable in observables_of(output) for term in observable.operator.terms]
            letters = {f[0] for word, _ in terms for f in word if f[1] == measure.wire}
            return letters <= ({"Z", "n"} if counts else set[str]())
        case Probabilities(wires) | Samples(wires):
            return counts or measure.wire not in wires
        case State():
            return False
        case _:
            assert_never(output)


def _last_reads(program: Program, body: list[Statement]) -> dict[int, int]:
    found = {cell: _FOREVER for output in program.outputs if isinstance(output, Samples) for cell in output.cells}
    for position, statement in enumerate(body):
        for cell in _conditions(statement):
            found[cell] = max(position, found.get(cell, 0))
    return found


def _conditions(statement: Statement) -> Iterator[int]:
    """The cells that the statement, or one inside it, reads."""
    if isinstance(statement, If | Postselect):
        yield from (cell for cell, _ in statement.condition)
    if isinstance(statement, If):
        for inner in (*statement.then, *statement.otherwise):
            yield from _conditions(inner)

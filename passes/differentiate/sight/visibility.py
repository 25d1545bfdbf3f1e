"""What an output can see of each occurrence: whether it matters at all, and as what the observable arrives there.

One walk back from the output pulls the observable through the program. An observable on qubits is followed as the
Pauli words it may consist of, as long as they are few, and then by its wires; one on qumodes as itself while the gates
commute with it, and then by its wires and its degree in the quadratures.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import assert_never

from qcompile.gates import Kind
from qcompile.ir import Barrier, If, Measure, Op, Output, Postselect, Program, Reset, Statement
from qcompile.operator import Operator
from qcompile.passes.action import operators_commute
from qcompile.passes.differentiate.light.degrees import degree_at, degree_before
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.pulled import Piece, Pulled, of_words, start
from qcompile.passes.differentiate.sight.words import IDENTITY, Words
from qcompile.passes.refinement import controlled_generator


@dataclass(frozen=True, slots=True)
class Sight:
    """What is measured, pulled back to just after the gate.

    Attributes:
        degree: in the quadratures; None: no finite degree.
        words: of each part of it that the gate touches, the Pauli words it may consist of; None: any words.
        photons: a bound on the photon number of the modes that the gate acts on; None: no bound is known.
    """

    degree: int | None = 0
    words: tuple[Words, ...] | None = None
    photons: int | None = None


def sightings(program: Program, output: Output) -> dict[int, Sight]:
    """By id() of the op, what the output sees of every op it depends on; ops it cannot see are absent."""
    return {id(op): sight for _, op, sight in _walk(program.body, start(output, program.kinds), Images())}


def sights(body: tuple[Statement, ...], output: Output, kinds: tuple[Kind, ...], images: Images) -> dict[int, Sight]:
    """As `sightings`, by the position of the op among the ops of the body, regions opened."""
    return {position: sight for position, _, sight in _walk(body, start(output, kinds), images)}


def arriving(
    after: tuple[Statement, ...], output: Output, kinds: tuple[Kind, ...], wires: Set[int], images: Images
) -> tuple[Words, ...] | None:
    """The words of the output's observable pulled back through these; None: not all that touch the wires are known."""
    pulled = start(output, kinds)
    for _ in _walk(after, pulled, images):
        pass
    if any(not piece.wires.isdisjoint(wires) for piece in pulled.pieces):
        return None
    return tuple(words for words, _ in pulled.paulis)


def selected(program: Program) -> frozenset[int]:
    """By position, the ops that post-selection depends on: normalised outputs are quotients of waves in them."""
    if not any(isinstance(statement, Postselect) for statement in program.statements()):
        return frozenset()
    return frozenset(place for place, _, _ in _walk(program.body, of_words(frozenset({IDENTITY})), Images()))


def _walk(body: tuple[Statement, ...], pulled: Pulled, images: Images) -> Iterator[tuple[int, Op, Sight]]:
    return _back(body, pulled, images, sum(map(_ops, body)))


def _ops(statement: Statement) -> int:
    """How many ops the statement is or holds."""
    if isinstance(statement, If):
        return sum(map(_ops, (*statement.then, *statement.otherwise)))
    return isinstance(statement, Op)


def _back(body: tuple[Statement, ...], pulled: Pulled, images: Images, end: int) -> Iterator[tuple[int, Op, Sight]]:
    """Walks back through a body whose ops end before position `end`."""
    for statement in reversed(body):
        match statement:
            case Op():
                end -= 1
                for sight in _through(statement, pulled, images):
                    yield end, statement, sight
            case Measure():
                pulled.through_measurement(statement)
            case Reset(wire):
                pulled.through_reset(wire)
            case If():
                yield from _through_branches(statement, pulled, images, end)
                end -= _ops(statement)
            case Postselect(condition):
                pulled.select(condition)
            case Barrier():
                pass
            case _:
                assert_never(statement)


def _through_branches(statement: If, pulled: Pulled, images: Images, end: int) -> Iterator[tuple[int, Op, Sight]]:
    """Either branch may run: the pulled observable is bounded by both, and reads the condition where they act."""
    outside, pulled.acted = pulled.acted, False
    other = pulled.copy()
    yield from _back(statement.otherwise, other, images, end)
    yield from _back(statement.then, pulled, images, end - sum(map(_ops, statement.otherwise)))
    if not (pulled.acted or other.acted):
        pulled.acted = outside
        return
    pulled.join(other)
    pulled.acted = True
    pulled.cells.update(cell for cell, _ in statement.condition)


def _through(op: Op, pulled: Pulled, images: Images) -> Iterator[Sight]:
    touched = [p for p in pulled.pieces if not p.wires.isdisjoint(op.wires) and not _leaves_alone(op, p.exact)]
    mixes = "qumode" in op.gate.wires
    seen, lost = pulled.through_words(op, images)
    if not (touched or seen):
        return
    pulled.acted = True
    degrees = [degree_at(op, piece.wires, piece.degree) for piece in touched] + ([None] if seen and mixes else [])
    bounded = [degree for degree in degrees if degree is not None]
    degree = max(bounded, default=0) if len(bounded) == len(degrees) else None
    yield Sight(degree, None if touched or mixes else tuple(seen))
    if lost:
        pulled.put(Piece(None, lost, None if mixes else 0))
    if not touched:
        return
    for piece in touched:
        piece.exact = None
        if op.gate.preparation:
            piece.wires.difference_update(op.wires)
            continue
        piece.degree = degree_before(op, piece.wires, piece.degree)
        piece.wires.update(op.wires)


def _leaves_alone(op: Op, observable: Operator | None) -> bool:
    generator = None if observable is None else controlled_generator(op)
    if observable is None or generator is None:
        return False
    return operators_commute(generator.on(op.wires), observable)

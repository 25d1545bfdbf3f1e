"""An observable on its way back through a program, in parts: Pauli words, an operator, or wires and a degree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from qcompile.gates import Kind
from qcompile.ir import Covariance, Expectation, Measure, Op, Output, Probabilities, Samples, State, Variance
from qcompile.operator import Operator
from qcompile.passes.differentiate.sight.noise import through_channel
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.words import (
    IDENTITY,
    Words,
    all_words,
    dephased,
    masked,
    support,
    wires_in,
    with_z,
)


@dataclass(slots=True)
class Piece:
    """Part of the observable: itself while `exact`, else bounded by its wires and its degree in the quadratures."""

    exact: Operator | None
    wires: set[int]
    degree: int | None

    def copy(self) -> Piece:
        return Piece(self.exact, set(self.wires), self.degree)


@dataclass(slots=True)
class Pulled:
    """The observable pulled back to a point, and the classical cells whose values it has come to depend on.

    `paulis` are the parts known by their words, each with the wires of these as a bit mask.
    `acted`: something in this region acts on it. It may then look as before and still depend on the condition.
    """

    pieces: list[Piece]
    paulis: list[tuple[Words, int]] = field(default_factory=list[tuple[Words, int]])
    cells: set[int] = field(default_factory=set[int])
    acted: bool = False

    def copy(self) -> Pulled:
        return Pulled([piece.copy() for piece in self.pieces], list(self.paulis), set(self.cells))

    def put(self, new: Piece) -> None:
        """One more part known by its wires; those of degree 0 are one, since nothing else would tell them apart."""
        for piece in self.pieces:
            if piece.degree == new.degree == 0:
                piece.wires |= new.wires
                return
        self.pieces.append(new)

    def join(self, other: Pulled) -> None:
        """Whatever either is: the parts of one degree, known by wires alone, become one."""
        wires: dict[int | None, set[int]] = {}
        for piece in (*self.pieces, *other.pieces):
            wires.setdefault(piece.degree, set()).update(piece.wires)
        self.pieces = [Piece(None, found, degree) for degree, found in wires.items()]
        self.paulis = list(dict.fromkeys((*self.paulis, *other.paulis)))
        self.cells |= other.cells

    def select(self, condition: Iterable[tuple[int, bool]]) -> None:
        """The runs in which the cells have these values are kept."""
        self.cells.update(cell for cell, _ in condition)
        self.acted = True
        for piece in self.pieces:
            piece.exact = None

    def through_words(self, op: Op, images: Images) -> tuple[list[Words], set[int]]:
        """Pulls the parts known by their words through the op.

        Returns those that it touches, as they were, and the wires of those whose words are not known after it.
        """
        mask, seen, kept, lost = sum(1 << wire for wire in op.wires), list[Words](), list[tuple[Words, int]](), 0
        for words, bits in self.paulis:
            if not bits & mask:
                kept.append((words, bits))
                continue
            image = _image(words, op, images)
            if image is None:
                seen.append(words)
                lost |= bits | mask
            elif image is not words:
                seen.append(words)
                kept.append((image, support(image)))
            else:
                kept.append((words, bits))
        self.paulis = list(dict.fromkeys(kept))
        return seen, wires_in(lost)

    def through_measurement(self, measure: Measure) -> None:
        """Whatever reads the result, or acts on the wire, depends on the wire."""
        read = not self.cells.isdisjoint(measure.cells)
        self.cells.difference_update(measure.cells)
        counts = measure.detection == "z"
        paulis, self.paulis = self.paulis, []
        for words, bits in paulis:
            if not (read or bits >> measure.wire & 1):
                self.paulis.append((words, bits))
                continue
            self.acted = True
            left = dephased(words, measure.wire)
            after = with_z(left, measure.wire) if read else left
            if after is None or not counts:
                self.put(Piece(None, {*wires_in(bits), measure.wire}, 0 if counts else None))
            elif after:
                self.paulis.append((after, support(after)))
        for piece in self.pieces:
            if read or measure.wire in piece.wires:
                self.acted = True
                piece.wires.add(measure.wire)
                piece.exact = None
                piece.degree = piece.degree if counts else None

    def through_reset(self, wire: int) -> None:
        """⟨0|P|0⟩ on the wire: words with X or Y there vanish, and Z is 1."""
        paulis, self.paulis = self.paulis, []
        for words, bits in paulis:
            if bits >> wire & 1:
                self.acted = True
                words = frozenset((x, z & ~(1 << wire)) for x, z in dephased(words, wire))
            if words:
                self.paulis.append((words, support(words)))
        for piece in self.pieces:
            if wire in piece.wires:
                piece.wires.discard(wire)
                piece.exact = None
                self.acted = True


def start(output: Output, kinds: tuple[Kind, ...]) -> Pulled:
    """The output's observable at the end of the program."""
    match output:
        case Expectation(observable):
            return _observed(observable.operator, 1)
        case Variance(observable):
            return _observed(observable.operator, 2)
        case Probabilities(seen):
            if any(kinds[wire] == "qumode" for wire in seen):
                return Pulled([Piece(None, set(seen), None)])
            diagonal: Words | None = frozenset({IDENTITY})
            for wire in seen:
                diagonal = diagonal and with_z(diagonal, wire)
            return Pulled([Piece(None, set(seen), 0)]) if diagonal is None else of_words(diagonal)
        case Samples(seen, cells):
            return Pulled([Piece(None, set(seen), None)], cells=set(cells))
        case State():
            return Pulled([Piece(None, set(range(len(kinds))), None)])
        case Covariance(left, right):
            return _observed(left.operator + right.operator, 2)
        case _:
            assert_never(output)


def of_words(words: Words) -> Pulled:
    """An observable that consists of these words."""
    return Pulled([], [(words, support(words))])


def _observed(operator: Operator, power: int) -> Pulled:
    """The words apart: each is seen by what it meets, and on qumodes has a degree of its own."""
    if power > 1:
        degree = operator.degree
        return Pulled([Piece(None, set(operator.support), None if degree is None else power * degree)])
    if operator.is_pauli:
        words = [frozenset({masked(word)}) for word, _ in operator.terms]
        return Pulled([], [(word, support(word)) for word in words])
    apart = [Operator((term,)) for term in operator.terms]
    return Pulled([Piece(word, set(word.support), word.degree) for word in apart])


def _image(words: Words, op: Op, images: Images) -> Words | None:
    """The same object where the op leaves every word alone; None where the words are not known before it."""
    if op.gate.channel:
        image = through_channel(words, op)
        return all_words(words, op.wires) if image is None else image
    found = None if op.gate.opaque else images.through(words, op)
    if found is None:
        return None
    return found.words if found.changed else words

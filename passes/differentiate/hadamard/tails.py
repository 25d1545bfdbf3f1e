"""What the words of an observable depend on, and from where on that is gates alone."""

from __future__ import annotations

from dataclasses import dataclass

from qcompile.angle import number
from qcompile.grammar import invert
from qcompile.ir import Barrier, Expectation, Observable, Op, Postselect, Program
from qcompile.operator import Operator, Word
from qcompile.passes.differentiate.hadamard.generator_words import GeneratorWord, is_seen, located
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.visibility import Sight, sights
from qcompile.passes.rewrite import wires_of


@dataclass(frozen=True, slots=True)
class Tail:
    """What one word of an observable depends on.

    Attributes:
        sights: by position, what it sees of the ops.
        start: from this statement on all of them are unitary, and none is under a condition.
        ops: these last ones, each with its place among the program's statements and its inverse.
    """

    sights: dict[int, Sight]
    start: int
    ops: tuple[tuple[int, Op, Op], ...]

    def after(self, place: int) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
        """The last ops from this place on, and what undoes them."""
        kept = [(op, back) for k, op, back in self.ops if k >= place]
        return tuple(op for op, _ in kept), tuple(back for _, back in reversed(kept))


def reaches_end(word: GeneratorWord, program: Program) -> bool:
    """Does the word commute with all that comes after it? Then pulling i[w, O] back to it is i[w, O']."""
    return word.places is not None and word.places[1] == len(program.body)


class Tails:
    """The tails of the words of one program's observables, each found once."""

    def __init__(self, program: Program, images: Images) -> None:
        self.program, self.images = program, images
        self._known: dict[Word, Tail] = {}
        self._inverses: dict[int, Op] = {}
        self._positions = {at.path[0] - 1: at.position for at in located(program) if len(at.path) == 1}

    def of(self, word: Word) -> Tail:
        if word not in self._known:
            self._known[word] = self._found(word)
        return self._known[word]

    def seen_by(self, word: GeneratorWord, observable: Operator) -> Operator:
        """The words of the observable that may fail to commute with this one, where it is read."""
        found = ((p, c, self.of(p).sights.get(word.position)) for p, c in observable.terms)
        return Operator(tuple((p, c) for p, c, sight in found if sight is not None and is_seen(word.word, sight)))

    def _found(self, word: Word) -> Tail:
        program = self.program
        output = Expectation(Observable(Operator(((word, number(1.0)),))))
        seen = sights(program.body, output, program.kinds, self.images)
        wires = {wire for _, wire in word}
        ops: list[tuple[int, Op, Op]] = []
        for k in range(len(program.body) - 1, -1, -1):
            statement = program.body[k]
            if isinstance(statement, Op) and statement.gate.is_unitary:
                if self._positions[k] in seen:
                    ops.append((k, statement, self._inverse(k, statement)))
                    wires.update(statement.wires)
            elif isinstance(statement, Postselect) or not (
                isinstance(statement, Barrier) or wires.isdisjoint(wires_of(statement))
            ):
                return Tail(seen, k + 1, tuple(reversed(ops)))
        return Tail(seen, 0, tuple(reversed(ops)))

    def _inverse(self, place: int, op: Op) -> Op:
        if place not in self._inverses:
            self._inverses[place] = invert(op)
        return self._inverses[place]

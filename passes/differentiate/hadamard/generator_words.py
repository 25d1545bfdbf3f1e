"""The Pauli words that an angle enters by, and where in the program each can be read.

U = exp(-iθG), G = Σ c·w: d⟨O⟩/dθ = Σ c·⟨i[w, O']⟩, with O' the observable pulled back to just after U. A word that
commutes with what stands between two places can be read at either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from qcompile.angle import Angle, Element, elements
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.number import Number
from qcompile.operator import Operator, Word, collect
from qcompile.passes.differentiate.occurrences import generator_of
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.visibility import Sight
from qcompile.passes.differentiate.sight.words import anticommute, masked

_TWO = Number(2.0)
Path = tuple[int, ...]
"""Before which statement: of the program, or (…, the statement that is an `if`, its branch, before which one there)."""


@dataclass(frozen=True, slots=True)
class GeneratorWord:
    """d⟨O⟩ / d angle = Σ coefficient·⟨i[word, O']⟩ over the words of one op.

    Attributes:
        position: of the op, among the ops of the program.
        places: the first and the last statement of the program's own that the word can be read before; None inside a
            region, where it is read at `path`.
    """

    op: Op
    position: int
    path: Path
    word: Word
    coefficient: float
    places: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Words that are read at one place of the program."""

    path: Path
    words: tuple[GeneratorWord, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """An op, its position among the ops of the program, and the place just after it."""

    op: Op
    position: int
    path: Path

    def depends_on(self, wanted: Collection[Element]) -> bool:
        return any(element in wanted for angle in self.op.angles if angle.terms for element in elements(angle))

    @property
    def is_turned_by_words(self) -> bool:
        """Is it a gate of one angle and a Pauli sum?"""
        return self.op.gate.generator is not None and self.op.gate.generator.is_pauli


def located(program: Program) -> Iterator[Located]:
    """The ops of the program in order."""
    ops = ((path, statement) for path, statement in _walk(program.body, ()) if isinstance(statement, Op))
    for position, (path, op) in enumerate(ops):
        yield Located(op, position, (*path[:-1], path[-1] + 1))


def words_of(at: Located, program: Program, images: Images) -> list[GeneratorWord]:
    """The words of an op that is turned by words, controls included; the identity moves no expectation."""
    return [
        GeneratorWord(
            at.op, at.position, at.path, word, float(coefficient),
            _reach(program.body, at.path[0] - 1, word, images) if len(at.path) == 1 else None,
        )
        for word, coefficient in generator_of(at.op).terms
        if word
    ]  # fmt: skip


def is_seen(word: Word, sight: Sight) -> bool:
    """May the word fail to commute with what is measured?"""
    if sight.words is None:
        return True
    own = masked(word)
    return any(anticommute(own, seen) for part in sight.words for seen in part)


def gathered(words: Iterable[GeneratorWord]) -> list[Place]:
    """The words at as few places as will do: at each last chance of one, all that can be read there."""
    fixed: dict[Path, list[GeneratorWord]] = {}
    found: list[tuple[int, list[GeneratorWord]]] = []
    movable: list[tuple[int, int, GeneratorWord]] = []
    for word in words:
        if word.places is None:
            fixed.setdefault(word.path, []).append(word)
        else:
            movable.append((word.places[1], len(movable), word))
    for last, _, word in sorted(movable, key=lambda item: item[:2]):
        if not found or (word.places is not None and word.places[0] > found[-1][0]):
            found.append((last, []))
        found[-1][1].append(word)
    places = [Place((place,), tuple(group)) for place, group in found]
    return places + [Place(path, tuple(group)) for path, group in fixed.items()]


def inserted(body: tuple[Statement, ...], path: Path, ops: Sequence[Op], over: int = 0) -> tuple[Statement, ...]:
    """The body with ops put at the place, instead of the `over` statements before it."""
    place, *deeper = path
    if not deeper:
        return (*body[: place - over], *ops, *body[place:])
    branch, *rest = deeper
    region = body[place]
    if not isinstance(region, If):
        raise AssertionError("a path leads into regions")
    then = inserted(region.then, tuple(rest), ops, over) if branch == 0 else region.then
    otherwise = inserted(region.otherwise, tuple(rest), ops, over) if branch == 1 else region.otherwise
    return (*body[:place], If(region.condition, then, otherwise, region.span), *body[place + 1 :])


def leaves_alone(op: Op, word: Word, images: Images) -> bool:
    """Is it known that the op, whatever its angles are, commutes with the word?"""
    if all(wire not in op.wires for _, wire in word):
        return True
    if not op.gate.is_unitary or op.gate.opaque:
        return False
    image = images.through(frozenset({masked(word)}), op)
    return image is not None and not image.changed


def commutator(word: Word, operator: Operator) -> Operator:
    """i[w, O], from the words of O that a Pauli word anticommutes with: 2i·w·P each."""
    own = masked(word)
    turned = [(p, c) for p, c in operator.terms if anticommute(own, masked(p))]
    terms = [((Angle(), c.scaled(_TWO)), (*word, *p)) for p, c in turned]
    return collect(terms)[0]


def _walk(body: tuple[Statement, ...], path: Path) -> Iterator[tuple[Path, Statement]]:
    for k, statement in enumerate(body):
        yield (*path, k), statement
        if isinstance(statement, If):
            yield from _walk(statement.then, (*path, k, 0))
            yield from _walk(statement.otherwise, (*path, k, 1))


def _reach(body: tuple[Statement, ...], place: int, word: Word, images: Images) -> tuple[int, int]:
    """The first and last statement before which the word of the op at `place` can be read."""
    first, last = place + 1, place + 1
    while last < len(body) and _passes(body[last], word, images):
        last += 1
    while first > 0 and _passes(body[first - 1], word, images):
        first -= 1
    return first, last


def _passes(statement: Statement, word: Word, images: Images) -> bool:
    match statement:
        case Op():
            return leaves_alone(statement, word, images)
        case Measure() | Reset():
            return all(wire != statement.wire for _, wire in word)
        case If():
            return all(_passes(inner, word, images) for inner in (*statement.then, *statement.otherwise))
        case Barrier() | Postselect():
            return True
        case _:
            assert_never(statement)

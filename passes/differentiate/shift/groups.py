"""Which occurrences of a parameter can be shifted together: those that commute, as do all ops that stand between them.

Their generators then add up, and the joint spectrum may have far fewer frequencies than the occurrences apart. The cost
layer of a QAOA circuit is the plainest case (Wierichs et al. 2022, arXiv:2107.12390, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from qcompile.angle import Angle, Element, derivative, number
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.passes.action import Actions

MOST_BETWEEN = 256  # ops left standing after a group, up to which it stays open
ONE = number(1.0)


@dataclass(frozen=True, slots=True)
class Member:
    """Angle `index` of the op at `position`, ops counted in the order of the program; it moves by ratio × the slot."""

    position: int
    index: int
    ratio: Angle = ONE


Group = tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Occurrences of an element that are shifted together, and d angle / d element of the first.

    `after`: the statements that stay behind the last of them once they stand side by side.
    """

    members: Group
    slope: Angle
    after: tuple[Statement, ...] = ()


def groups(
    program: Program, ops: Sequence[Op], element: Element, places: Sequence[Member], actions: Actions
) -> list[Found]:
    """The occurrences of one element in groups, in order of their first; those that nothing can join stand alone.

    Args:
        ops: of the program, in its order.
    """
    slopes = {place: derivative(ops[place.position].angles[place.index], element) for place in places}
    apart = [place for place in places if not _can_join(ops[place.position])]
    found = [Found((place,), slopes[place]) for place in apart if not slopes[place].is_zero]
    kinds: dict[str, list[Member]] = {}
    for place in places:
        if place not in apart and not slopes[place].is_zero:
            kinds.setdefault(_kind(slopes[place]), []).append(place)
    for alike in kinds.values():
        if len(alike) == 1:
            found.append(Found((alike[0],), slopes[alike[0]]))
        else:
            found += _walked(program, [(place, slopes[place]) for place in alike], actions)
    return sorted(found, key=lambda group: group.members[0].position)  # angles of one op are in order already


def _can_join(op: Op) -> bool:
    return op.gate.generator is not None and op.gate.generator.is_pauli


def _kind(slope: Angle) -> str:
    """Slopes of one kind are fixed multiples of each other."""
    return "" if slope.is_constant else str(max(slope, -slope, key=str))


def _walked(program: Program, places: Sequence[tuple[Member, Angle]], actions: Actions) -> Iterator[Found]:
    """Walks the top level once. Members inside regions stand alone."""
    wanted = dict(places)
    by_position = {place.position: place for place in wanted}
    open_ = _Open([], [])
    position = 0
    for index, statement in enumerate(program.body):
        inside = sum(isinstance(inner, Op) for inner in _statements(statement))
        for inner in range(position, position + inside):
            if inner in by_position and not isinstance(statement, Op):
                yield Found((by_position[inner],), wanted[by_position[inner]])
        place = by_position.get(position) if isinstance(statement, Op) else None
        position += inside
        if place is None:
            open_.pass_by(index, statement, actions)
        elif not open_.join(place, wanted[place], index, statement, actions):
            yield from open_.closed(program)
            open_ = _Open([(place, wanted[place])], [(index, statement)])
    yield from open_.closed(program)


@dataclass(slots=True)
class _Open:
    """A group being gathered: its members, their ops, and what has to stay after them, each with its place."""

    members: list[tuple[Member, Angle]]
    ops: list[tuple[int, Statement]]
    after: list[tuple[int, Statement]] = field(default_factory=list[tuple[int, Statement]])

    def join(self, place: Member, slope: Angle, index: int, op: Statement, actions: Actions) -> bool:
        if not self._passes(op, actions):
            return False
        self.members.append((place, slope))
        self.ops.append((index, op))
        return True

    def pass_by(self, index: int, statement: Statement, actions: Actions) -> None:
        if not self._passes(statement, actions):
            self.after.append((index, statement))

    def _passes(self, statement: Statement, actions: Actions) -> bool:
        """May it move to before everything that stays after the group, and past the group itself?"""
        if not self.members or len(self.after) > MOST_BETWEEN:
            return False
        return all(_commute(statement, other, actions) for _, other in (*self.ops, *self.after))

    def closed(self, program: Program) -> Iterator[Found]:
        if not self.members:
            return
        first = self.members[0][1]
        members = tuple(replace(place, ratio=_ratio(slope, first)) for place, slope in self.members)
        yield Found(members, first, self._after(program))

    def _after(self, program: Program) -> tuple[Statement, ...]:
        """What commutes with all goes before the members, the rest stays after them."""
        end = self.ops[-1][0] + 1
        between = (program.body[index] for index, _ in self.after if index < end)
        return (*between, *program.body[end:])


def _ratio(slope: Angle, first: Angle) -> Angle:
    if slope == first:
        return ONE
    return slope / first if slope.is_constant else -ONE


def _statements(statement: Statement) -> Iterator[Statement]:
    yield statement
    if isinstance(statement, If):
        for inner in (*statement.then, *statement.otherwise):
            yield from _statements(inner)


def _commute(left: Statement, right: Statement, actions: Actions) -> bool:
    if _touched(left).isdisjoint(_touched(right)):
        return True
    if not (isinstance(left, Op) and isinstance(right, Op)):
        return isinstance(left, Barrier) or isinstance(right, Barrier)
    return left.gate.is_unitary and right.gate.is_unitary and actions.commute(left, right)


def _touched(statement: Statement) -> set[tuple[str, int]]:
    """The wires that it acts on and the cells that it writes or reads: what reads a result stays behind it."""
    match statement:
        case Op() | Barrier():
            return {("wire", wire) for wire in statement.wires}
        case Measure(_, wire, cells):
            return {("wire", wire), *(("cell", cell) for cell in cells)}
        case Reset(wire):
            return {("wire", wire)}
        case If(condition, then, otherwise):
            inner = {touched for each in (*then, *otherwise) for touched in _touched(each)}
            return inner | {("cell", cell) for cell, _ in condition}
        case Postselect(condition):
            return {("cell", cell) for cell, _ in condition}

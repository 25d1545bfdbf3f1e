"""What a classical variable holds when the program runs: a table over the bits that have been measured.

The IR keeps measured bits and conditions on them. Whatever else a program computes from results (integers, shifts,
exclusive ors, copies) is worked out while it is read: each value is one entry per outcome of the bits it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from qcompile.ir import If, Statement

MAX_BITS = 12  # a table has 2^12 entries at most


class TooWideError(Exception):
    """A value rests on more measured bits than a table may have."""


@dataclass(frozen=True, slots=True)
class Table:
    """Bit k of an entry's number is the outcome held by cell `support[k]`; cells ascend and all matter."""

    support: tuple[int, ...]
    entries: tuple[Any, ...]

    @property
    def is_constant(self) -> bool:
        return not self.support

    @property
    def constant(self) -> Any:
        """The one value there is."""
        if self.support:
            raise AssertionError("the value depends on measurements")
        return self.entries[0]

    def given(self, cell: int, outcome: bool) -> Table:
        """What is left of the table where the cell holds that outcome."""
        if cell not in self.support:
            return self
        place = self.support.index(cell)
        kept = (entry for number, entry in enumerate(self.entries) if bool(number >> place & 1) == outcome)
        return _reduced(self.support[:place] + self.support[place + 1 :], tuple(kept))


def constant(value: object) -> Table:
    return Table((), (value,))


def outcome(cell: int) -> Table:
    """The bit itself: 0 or 1."""
    return Table((cell,), (0, 1))


def combine(function: Callable[..., object], *tables: Table) -> Table:
    """The function of the tables' values, entry by entry.

    Raises:
        TooWideError: together the tables rest on more than MAX_BITS bits.
    """
    support = tuple(sorted(set[int]().union(*(table.support for table in tables))))
    if len(support) > MAX_BITS:
        raise TooWideError
    places = [[support.index(cell) for cell in table.support] for table in tables]
    entries = tuple(
        function(*(table.entries[_pick(number, at)] for table, at in zip(tables, places, strict=True)))
        for number in range(1 << len(support))
    )
    return _reduced(support, entries)


def choose(condition: Table, then: Table, otherwise: Table) -> Table:
    """`then` where the condition holds, `otherwise` elsewhere; raises TooWideError."""
    if then == otherwise:
        return then
    return combine(lambda holds, yes, no: yes if holds else no, condition, then, otherwise)


def decide(condition: Table, then: Sequence[Statement], otherwise: Sequence[Statement], **span: Any) -> list[Statement]:
    """Statements that run `then` where the condition holds: one `If` where it is a conjunction, else a tree of them.

    The bodies stand at every leaf that needs them.
    """
    if condition.is_constant:
        return list(then if condition.constant else otherwise)
    cube = _cube(condition, True)
    if cube is not None:
        return [If(cube, tuple(then), tuple(otherwise), **span)] if then or otherwise else []
    cube = _cube(condition, False)
    if cube is not None:
        return [If(cube, tuple(otherwise), tuple(then), **span)] if then or otherwise else []
    cell = condition.support[-1]
    yes, no = (decide(condition.given(cell, value), then, otherwise, **span) for value in (True, False))
    return [If(((cell, True),), tuple(yes), tuple(no), **span)]


class ConflictError(Exception):
    """A condition's bits were measured again in its branch, so that what it chose can't be said afterwards."""


@dataclass(slots=True)
class Memory:
    """What each variable holds now, and the cells measured since this branch began."""

    held: dict[Hashable, Table] = field(default_factory=dict[Hashable, Table])
    measured: set[int] = field(default_factory=set[int])

    def branch(self) -> Memory:
        """A copy for one side of a condition."""
        return Memory(dict(self.held))

    def is_free(self, cell: int, variable: Hashable) -> bool:
        """Does no other variable rest on the cell, so that measuring into it again loses nothing?"""
        return all(cell not in table.support for name, table in self.held.items() if name != variable)

    def measure(self, variable: Hashable, cell: int) -> None:
        """The variable holds a fresh outcome, which is in the cell."""
        self.held[variable] = outcome(cell)
        self.measured.add(cell)

    def merge(self, condition: Table, then: Memory, otherwise: Memory) -> None:
        """Take what both sides of a condition left.

        Raises:
            ConflictError, TooWideError.
        """
        fresh = then.measured | otherwise.measured
        self.measured |= fresh
        for name in dict.fromkeys((*then.held, *otherwise.held)):
            yes, no = then.held.get(name), otherwise.held.get(name)
            if yes is None or no is None:  # declared inside the branch
                self.held.pop(name, None)
                continue
            if yes != no and not fresh.isdisjoint(condition.support):
                raise ConflictError
            self.held[name] = choose(condition, yes, no)


def all_of(conditions: Iterable[Table]) -> Table:
    """The conjunction; raises TooWideError."""
    return reduce(lambda a, b: combine(lambda x, y: bool(x and y), a, b), conditions, constant(True))


def _pick(number: int, places: Sequence[int]) -> int:
    return sum((number >> place & 1) << k for k, place in enumerate(places))


def _reduced(support: tuple[int, ...], entries: tuple[Any, ...]) -> Table:
    """Without the bits that make no difference. Entries of different type differ, though 1 == 1.0 == True."""
    for place in reversed(range(len(support))):
        step = 1 << place
        if all(_same(e, entries[k ^ step]) for k, e in enumerate(entries) if k & step):
            entries = tuple(entry for k, entry in enumerate(entries) if not k & step)
            support = support[:place] + support[place + 1 :]
    return Table(support, entries)


def _same(a: object, b: object) -> bool:
    return type(a) is type(b) and a == b


def _cube(condition: Table, value: bool) -> tuple[tuple[int, bool], ...] | None:
    """The bits and outcomes that make up the condition (or its negation), where it is one conjunction.

    Each bit of a table makes a difference, so a conjunction over all of them has one true entry.
    """
    found = [number for number, entry in enumerate(condition.entries) if bool(entry) == value]
    if len(found) != 1:
        return None
    return tuple((cell, bool(found[0] >> place & 1)) for place, cell in enumerate(condition.support))

"""What a classical variable holds when the program runs: a table over the bits that have been measured.

The IR keeps measured bits and conditions on them. Whatever else a program computes from results (integers, shifts,
exclusive ors, copies) is worked out while it is read: each value is one entry per outcome of the bits it rests on.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Container, Hashable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, overload

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


@overload
def combine(function: Callable[[Any], object], table: Table, /) -> Table: ...
@overload
def combine(function: Callable[[Any, Any], object], first: Table, second: Table, /) -> Table: ...
@overload
def combine(function: Callable[..., object], *tables: Table) -> Table: ...
def combine(function: Callable[..., object], *tables: Table) -> Table:
    """The function of the tables' values, entry by entry.

    Raises:
        TooWideError: together the tables rest on more than MAX_BITS bits.
    """
    if all(table.is_constant for table in tables):
        return constant(function(*(table.constant for table in tables)))
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
    return combine(_chosen, condition, then, otherwise)


def _chosen(holds: object, yes: object, no: object) -> object:
    return yes if holds else no


def decide(condition: Table, then: Sequence[Statement], otherwise: Sequence[Statement], **span: Any) -> list[Statement]:
    """Statements that run `then` where the condition holds: one `If` where it is a conjunction, else a tree of them.

    The bodies stand at every leaf that needs them.
    """
    if condition.is_constant:
        return list(then if condition.constant else otherwise)
    if not (then or otherwise):
        return []
    for value, (yes, no) in ((True, (then, otherwise)), (False, (otherwise, then))):
        cube = _cube(condition, value)
        if cube is not None and (yes or len(cube) > 1):
            return [If(cube, tuple(yes), tuple(no), **span)]
    cell = condition.support[-1]
    held, missed = (decide(condition.given(cell, value), then, otherwise, **span) for value in (True, False))
    return [If(((cell, True),), tuple(held), tuple(missed), **span)]


class ConflictError(Exception):
    """A condition's bits were measured again in its branch, so that what it chose can't be said afterwards."""


@dataclass(slots=True)
class _Users:
    """Which cells variables have ever rested on, in any branch: of each the first variable, and those with several."""

    first: dict[int, Hashable] = field(default_factory=dict[int, Hashable])
    shared: set[int] = field(default_factory=set[int])


class _Held(dict[Hashable, Table]):
    """Tables by variable, whose cells are noted as they are assigned."""

    def __init__(self, users: _Users) -> None:
        super().__init__()
        self.users = users

    def __setitem__(self, variable: Hashable, table: Table) -> None:
        super().__setitem__(variable, table)
        for cell in table.support:
            if self.users.first.setdefault(cell, variable) != variable:
                self.users.shared.add(cell)


@dataclass(slots=True)
class Memory:
    """What each variable holds now, and the cells measured since this branch began.

    Attributes:
        own: what of `held` has been assigned in this branch.
        order: of all cells measured so far in the program's text, the first to the last; all branches share it.
        start: how many those were when this branch began.
    """

    held: MutableMapping[Hashable, Table] = field(default_factory=dict[Hashable, Table])
    measured: set[int] = field(default_factory=set[int])
    own: dict[Hashable, Table] = field(init=False)
    order: dict[int, int] = field(default_factory=dict[int, int])
    start: int = 0
    _users: _Users = field(default_factory=_Users)
    _outer: tuple[MutableMapping[Hashable, Table], ...] = ()

    def __post_init__(self) -> None:
        self.own = _Held(self._users)
        for variable, table in self.held.items():
            self.own[variable] = table
        self.held = ChainMap(self.own, *self._outer) if self._outer else self.own

    def branch(self) -> Memory:
        """The memory of one side of a condition."""
        outer = (self.own, *self._outer)
        return Memory(order=self.order, start=len(self.order), _users=self._users, _outer=outer)

    def is_free(self, cell: int, variable: Hashable) -> bool:
        """Does no other variable rest on the cell, so that measuring into it again loses nothing?

        Linear in the variables only where another has rested on the cell.
        """
        if cell not in self._users.shared and self._users.first.get(cell, variable) == variable:
            return True
        return all(cell not in table.support for name, table in self.held.items() if name != variable)

    def measure(self, variable: Hashable, cell: int) -> None:
        """The variable holds a fresh outcome, which is in the cell."""
        self.held[variable] = outcome(cell)
        self.measured.add(cell)
        self.order.setdefault(cell, len(self.order))

    def merge(self, condition: Table, then: Memory, otherwise: Memory) -> None:
        """Take what both sides of a condition left.

        Raises:
            ConflictError, TooWideError.
        """
        fresh = then.measured | otherwise.measured
        self.measured |= fresh
        for name in dict.fromkeys((*then.own, *otherwise.own)):
            if name not in self.held:  # declared inside the branch
                continue
            yes, no = _matched(condition, then, otherwise, then.held[name], otherwise.held[name])
            if yes is no:
                self.held[name] = yes
                continue
            if yes != no and not fresh.isdisjoint(condition.support):
                raise ConflictError
            self.held[name] = choose(condition, yes, no)


def _matched(condition: Table, then: Memory, otherwise: Memory, yes: Table, no: Table) -> tuple[Table, Table]:
    """The two tables, or one of them twice where it is also right on the other side.

    A cell that only one side has ever measured into holds 0 on the other.
    """
    if yes == no:
        return yes, no
    for table, own, other, holds in ((yes, then, no, True), (no, otherwise, yes, False)):
        elsewhere = (otherwise if own is then else then).measured
        fresh = {cell for cell in own.measured - elsewhere if own.order[cell] >= then.start}
        there = _where(condition, not holds, other, elsewhere)
        if not fresh.isdisjoint(table.support) and _zeroed(table, fresh) == there:
            return table, table
    return yes, no


def _zeroed(table: Table, cells: Iterable[int]) -> Table:
    for cell in cells:
        table = table.given(cell, False)
    return table


def _where(condition: Table, holds: bool, table: Table, measured: Container[int]) -> Table:
    """What is left of the table where the condition, of one bit that is still the same, holds or does not."""
    if len(condition.support) != 1 or condition.support[0] in measured:
        return table
    return table.given(condition.support[0], bool(condition.entries[1]) == holds)


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

"""Conditions in a language that compares one whole register with one number, one statement at a time: OpenQASM 2.

So bits that are read together stand in one register: the program's own where conditions read those whole, else new
ones. A condition on some bits of a register is said once for each value of the register that satisfies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qcompile.ir import If, Program, Statement
from qcompile.targets.writing import bit_registers, unsayable

MAX_LENGTH = 4  # of a register whose values are listed
_SHORTER = "let fewer bits decide together, or emit OpenQASM 3"


@dataclass(frozen=True, slots=True)
class Cells:
    """The registers that the classical cells are emitted in.

    Attributes:
        groups: the cells of each register, the least significant first.
        comments: what is said beside the declaration of each register.
    """

    names: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    comments: tuple[str, ...]

    def place(self, cell: int) -> tuple[int, int]:
        """The number of the cell's register, and its index there."""
        return next((k, group.index(cell)) for k, group in enumerate(self.groups) if cell in group)

    def declarations(self) -> Iterator[str]:
        for name, group, comment in zip(self.names, self.groups, self.comments, strict=True):
            yield f"creg {name}[{len(group)}];{comment}"

    def spelled(self, cell: int) -> str:
        register, index = self.place(cell)
        return f"{self.names[register]}[{index}]"


def arrange(program: Program) -> Cells:
    """The program's own registers where its conditions can be said with them, else one for each set of bits read."""
    own: list[tuple[int, ...]] = []
    for _, length in bit_registers(program):
        first = sum(map(len, own))
        own.append(tuple(range(first, first + length)))
    read = [_cells_read(s) for s in program.body if isinstance(s, If)]
    names = [name for name, _ in bit_registers(program)]
    if all(any(cells == set(group) for group in own) for cells in read):
        return Cells(tuple(names), tuple(own), ("",) * len(own))
    spelled = [f"{name}[{k}]" for name, group in zip(names, own, strict=True) for k in range(len(group))]
    groups = _united(len(spelled), read)
    made: list[str] = []
    for group in groups:
        name = spelled[group[0]].rstrip("]").replace("[", "_")
        while name in made:
            name += "_"
        made.append(name)
    comments = (f" // {', '.join(spelled[cell].removeprefix('bit_') for cell in group)}" for group in groups)
    return Cells(tuple(made), groups, tuple(comments))


@dataclass(frozen=True, slots=True)
class Guarded:
    """A statement, and the values of a register where it runs."""

    statement: Statement
    register: str
    values: tuple[int, ...]
    cells: tuple[int, ...]


def guarded(statement: If, cells: Cells) -> Iterator[Guarded]:
    """The statements of all branches, with what must hold for each; raises UNSAYABLE."""
    register, _ = cells.place(statement.condition[0][0])
    group = cells.groups[register]
    if _cells_read(statement) - set(group):
        raise AssertionError("bits that are read together stand in different registers")
    if len(group) > MAX_LENGTH and not _is_one_value(statement, group):
        label = f"OpenQASM 2 compares whole registers, and {len(group)} bits decide together here"
        raise unsayable(label, statement.span, _SHORTER)
    listed = range(1 << len(group)) if len(group) <= MAX_LENGTH else (_value(statement, group),)
    for inner, values in _branches(statement, group, tuple(listed)):
        yield Guarded(inner, cells.names[register], values, group)


def _branches(
    statement: If, group: tuple[int, ...], values: tuple[int, ...]
) -> Iterator[tuple[Statement, tuple[int, ...]]]:
    def holds(value: int) -> bool:
        return all(bool(value >> group.index(cell) & 1) == wanted for cell, wanted in statement.condition)

    yes = tuple(value for value in values if holds(value))
    no = tuple(value for value in values if value not in yes)
    for body, chosen in ((statement.then, yes), (statement.otherwise, no)):
        for inner in body if chosen else ():
            if isinstance(inner, If):
                yield from _branches(inner, group, chosen)
            else:
                yield inner, chosen


def _cells_read(statement: If) -> set[int]:
    """By the condition and all conditions inside."""
    inner = (s for body in (statement.then, statement.otherwise) for s in body if isinstance(s, If))
    return {cell for cell, _ in statement.condition}.union(*map(_cells_read, inner))


def _is_one_value(statement: If, group: tuple[int, ...]) -> bool:
    """It compares the whole register with one number, and nothing else."""
    nested = any(isinstance(inner, If) for inner in statement.then)
    is_whole = len(set(statement.condition)) == len(group) and {cell for cell, _ in statement.condition} == set(group)
    return is_whole and not statement.otherwise and not nested


def _value(statement: If, group: tuple[int, ...]) -> int:
    return sum(1 << group.index(cell) for cell, wanted in set(statement.condition) if wanted)


def _united(count: int, sets: Iterable[set[int]]) -> tuple[tuple[int, ...], ...]:
    """The cells 0 … count − 1 in the smallest groups that split none of the sets."""
    groups = [{cell} for cell in range(count)]
    for cells in sets:
        joined = set[int]().union(*(group for group in groups if group & cells))
        groups = [group for group in groups if not group & cells] + [joined]
    return tuple(sorted(tuple(sorted(group)) for group in groups))

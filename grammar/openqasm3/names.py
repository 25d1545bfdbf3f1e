"""What names stand for, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from qcompile.angle import number, pi_times
from qcompile.diagnostics import Source, Span
from qcompile.gates import Gate
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.types import FLOAT, Scalar, Value, constant

Slot: TypeAlias = tuple[int, int]
Site: TypeAlias = tuple[str, int]  # a text, and where in it a variable is declared


@dataclass(frozen=True, slots=True)
class Wires:
    """A qubit, a register or an alias of some."""

    numbers: tuple[int, ...]
    is_single: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A classical variable or a part of one: where its values stand in the memory.

    Attributes:
        sizes: of an array; a register of bits is a scalar with a slot for each bit.
        fixed: why it cannot be assigned to, or nothing.
    """

    type: Scalar
    sizes: tuple[int, ...]
    slots: tuple[Slot, ...]
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A constant, or a parameter of the program or of a gate."""

    value: Value


@dataclass(frozen=True, slots=True)
class Routine:
    """A subroutine, with the text that it stands in."""

    node: tree.Subroutine
    source: Source


@dataclass(frozen=True, slots=True)
class Extern:
    """A function that is defined outside the program."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A gate or subroutine that is being defined."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A name whose declaration is at fault: its uses are not reported again."""


Entity: TypeAlias = Wires | Place | Known | Gate | Routine | Extern | Unfinished | Broken


@dataclass(slots=True)
class Names:
    """The names of one block; those of a gate or subroutine see constants and callables outside only."""

    outer: Names | None = None
    is_closed: bool = False
    found: dict[str, tuple[Entity, Span | None]] = field(default_factory=dict[str, "tuple[Entity, Span | None]"])
    owned: list[Place] = field(default_factory=list[Place])
    twice: set[str] = field(default_factory=set[str])

    def lookup(self, name: str) -> Entity | None:
        names: Names | None = self
        closed = False
        while names is not None:
            entity = names.found.get(name, (None, None))[0]
            if entity is not None and not (closed and isinstance(entity, Wires | Place)):
                return entity
            closed = closed or names.is_closed
            names = names.outer
        return None

    def visible(self) -> Iterator[tuple[str, Entity]]:
        names: Names | None = self
        while names is not None:
            yield from ((name, entity) for name, (entity, _) in names.found.items())
            names = names.outer


_PI, _TAU, _EULER = (Known(constant(FLOAT, angle)) for angle in (pi_times(1), pi_times(2), number(2.718281828459045)))
CONSTANTS = {"pi": _PI, "π": _PI, "tau": _TAU, "τ": _TAU, "euler": _EULER, "ℇ": _EULER}

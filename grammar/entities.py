"""What a name may stand for at a place in a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from qcompile.angle import Angle, number
from qcompile.gates import Kind
from qcompile.grammar import tree
from qcompile.ir import Parameter
from qcompile.ir.program import CellKind
from qcompile.operator import Operator

if TYPE_CHECKING:
    from qcompile.grammar.scope import Scope

Type: TypeAlias = Literal["int", "real", "angle", "bool"]
TYPES = {"int": "an int", "real": "a real", "angle": "an angle", "bool": "a truth value"}
KINDS = {"qubit": "a qubit", "qumode": "a qumode", "bit": "a bit", "int": "an int", "real": "a real"}


@dataclass(frozen=True, slots=True)
class Place:
    """Wires or cells: a register, a part of it, or several joined. A single one is written without an index."""

    kind: Kind | CellKind
    numbers: Sequence[int]
    is_single: bool

    @property
    def is_quantum(self) -> bool:
        return self.kind in ("qubit", "qumode")


@dataclass(frozen=True, slots=True)
class Value:
    """Numbers or truth values (0 and 1) by themselves or in a table, known when they are read.

    Only those of type angle may hold parameters. Entries stand row by row.
    """

    type: Type
    shape: tuple[int, ...]
    entries: tuple[Angle, ...]
    role: str = "a constant"

    @classmethod
    def of(cls, kind: Type, entry: float, role: str = "a constant") -> Value:
        return cls(kind, (), (number(entry),), role)


@dataclass(frozen=True, slots=True)
class Later:
    """An observable of an imported file, made where it is used: the file has no wires of its own."""

    value: tree.Expression
    scope: Scope


@dataclass(frozen=True, slots=True)
class Broken:
    """A name whose declaration, of this kind, is at fault: its uses are not reported again."""

    kind: str


Entity: TypeAlias = Place | Parameter | Operator | Value | Later | Broken


@dataclass(frozen=True, slots=True)
class Subcircuit:
    """A `def`, and the scope of the file that it is written in."""

    node: tree.Subcircuit
    scope: Scope


def describe(entity: Entity) -> str:
    """What an entity is, for a label."""
    match entity:
        case Place(kind, _, is_single):
            return KINDS[kind] + ("" if is_single else " register")
        case Parameter():
            return "a parameter"
        case Operator() | Later():
            return "an observable"
        case Value(role=role):
            return role
        case Broken():
            return "unusable"

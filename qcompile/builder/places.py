"""Handles: wires, cells, and registers of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar, overload

from qcompile.diagnostics import Code, error
from qcompile.gates import Kind
from qcompile.ir.program import CellKind

T = TypeVar("T", covariant=True)
Handle = TypeVar("Handle", "Wire", "Cell")


@dataclass(frozen=True, slots=True)
class Wire:
    """A qubit or a qumode, by its number among all wires."""

    number: int
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Cell:
    """A bit, int or real; `~bit` is the condition that it is 0."""

    number: int
    name: str
    kind: CellKind

    def __invert__(self) -> Test:
        return Test(self, False)


@dataclass(frozen=True, slots=True)
class Test:
    """A bit and the value it must have."""

    cell: Cell
    value: bool


@dataclass(frozen=True, slots=True)
class Places(Sequence[T], Generic[T]):
    """A register's wires or cells, or an array parameter's entries; slices are of the same kind."""

    name: str
    items: tuple[T, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Places[T]: ...
    def __getitem__(self, index: int | slice) -> T | Places[T]:
        if isinstance(index, slice):
            return Places(self.name, self.items[index])
        if not -len(self.items) <= index < len(self.items):
            label = f"`{self.name}` has {len(self.items)} entries, and none is number {index}"
            raise error(Code.INDEX_RANGE, label, help=f"indices run from 0 to {len(self.items) - 1}")
        return self.items[index]


Wires: TypeAlias = Wire | Places[Wire]
Cells: TypeAlias = Cell | Places[Cell]


def each(places: Handle | Places[Handle]) -> tuple[Handle, ...]:
    """One place, or all of a register."""
    return places.items if isinstance(places, Places) else (places,)

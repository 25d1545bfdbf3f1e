"""Many angles evaluated at once, and a key by which caches keep what is made of a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle, Atom, Call, Element, Value, evaluate
from qcompile.diagnostics import Span
from qcompile.number import ONE, ZERO
from qcompile.targets.simulator.values import Elements, RealArray, value_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Same(Generic[T]):
    """Equal to what holds the very same object: a key of a cache that need not read a whole program."""

    value: T

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is cast("Same[object]", other).value


@dataclass(frozen=True, slots=True, eq=False)
class AngleTable:
    """Angles as one sparse matrix on the atoms that they share: term k adds factors[k]·atoms[columns[k]] to rows[k]."""

    angles: tuple[tuple[Angle, Span | None], ...]
    constants: RealArray
    atoms: tuple[Atom, ...]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    factors: RealArray

    @classmethod
    def of(cls, angles: Sequence[tuple[Angle, Span | None]]) -> AngleTable:
        atoms: dict[Atom, int] = {}
        terms = [
            (row, atoms.setdefault(atom, len(atoms)), float(factor))
            for row, (angle, _) in enumerate(angles)
            for atom, factor in angle.terms
        ]
        rows, columns, factors = ([term[k] for term in terms] for k in range(3))
        constants = np.array([float(angle.constant) for angle, _ in angles], dtype=np.float64)
        return cls(
            tuple(angles), constants, tuple(atoms),
            np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp), np.array(factors, dtype=np.float64),
        )  # fmt: skip

    def values(self, elements: Elements) -> RealArray:
        """Shape (1 or batch, number of angles).

        Raises:
            CompileError: BAD_NUMBER, at the first angle that has no finite value.
        """
        with np.errstate(all="ignore"):
            total = np.tile(self.constants[:, np.newaxis], (1, self._batch(elements)))
            np.add.at(total, self.rows, self.factors[:, np.newaxis] * self._known(elements)[self.columns])
        if not np.isfinite(total).all():
            for angle, span in self.angles:
                value_of(angle, elements, span)
        return np.ascontiguousarray(total.T)

    def _batch(self, elements: Elements) -> int:
        return max((len(value) for value in elements.values()), default=1) if self.atoms else 1

    def _known(self, elements: Elements) -> RealArray:
        """The atoms' values, shape (atoms, batch)."""
        memo: dict[Call, Value] = {}
        found = np.zeros((len(self.atoms), self._batch(elements)))
        for place, atom in enumerate(self.atoms):
            if isinstance(atom, Element):
                found[place] = elements[atom]
            else:
                found[place] = evaluate(Angle(ZERO, ((atom, ONE),)), elements, memo)
        return found

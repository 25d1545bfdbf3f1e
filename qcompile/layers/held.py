"""What a forward call keeps, so that the backward call of the same rows is short."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import ArrayLike

from qcompile.layers.arguments import Array, checked_rows
from qcompile.layers.evaluator import Evaluator
from qcompile.targets.simulator.kept_states import Ends

_ROOM = 1 << 26  # bytes of forward calls that wait for their backward calls; the last may be larger


@dataclass(frozen=True, eq=False)
class Held:
    """The outputs at some rows, shape (batch, width), and what came with them in the same call.

    Attributes:
        summed: derivatives by what is trained are wanted summed over the rows.
        jacobian: shape (batch, width, entries).
        ends: the states, which are walked back later.
    """

    evaluator: Evaluator
    rows: Array
    summed: bool
    values: Array
    jacobian: Array | None = None
    ends: Ends | None = None

    @classmethod
    def at(cls, evaluator: Evaluator, x: ArrayLike, summed: bool = True) -> Held:
        """The states, where they can be kept; the values alone, where one sweep pulls them back; else the Jacobian."""
        rows = checked_rows(evaluator.program.parameters, x)
        if len(rows) > 1 or (len(rows) == 1 and not evaluator.is_flat):
            states = evaluator.states if summed else evaluator.states_by_row
            if states is not None and states.takes(len(rows)):
                ends = states.at(rows)
                return cls(evaluator, rows, summed, ends.values, ends=ends)
        if evaluator.combined is None:
            return cls(evaluator, rows, summed, *evaluator.values_and_jacobian(rows))
        return cls(evaluator, rows, summed, evaluator.values(rows))

    @property
    def size(self) -> int:
        """In bytes."""
        states = 0 if self.ends is None else self.ends.kept.size
        return states + self.rows.nbytes + (0 if self.jacobian is None else self.jacobian.nbytes)

    def is_at(self, rows: Array, summed: bool) -> bool:
        return summed == self.summed and np.array_equal(rows, self.rows)

    def pulled(self, cotangents: Array) -> tuple[Array, Array]:
        """Σ cotangent · slope: by what is trained, shape (trained,) or (batch, trained), and fed, (batch, fed)."""
        trained, fed = self.evaluator.trained, self.evaluator.fed
        if self.ends is not None and self.summed:
            total, by_row = self.ends.pulled(cotangents)
            return total[trained], by_row if by_row.shape[1] else np.zeros((len(self.rows), len(fed)))
        slopes = self._by_row(cotangents)
        return slopes[:, trained].sum(axis=0) if self.summed else slopes[:, trained], slopes[:, fed]

    def _by_row(self, cotangents: Array) -> Array:
        if self.ends is not None:
            return self.ends.pulled(cotangents)[1]
        if self.jacobian is not None:
            by_row: Array = np.matmul(cotangents[:, np.newaxis], self.jacobian)[:, 0]
            return by_row
        return self.evaluator.pullback(self.rows, cotangents)


@dataclass(frozen=True, eq=False)
class Memory:
    """The last forward calls of one evaluator, for frameworks whose backward calls get no more than arrays."""

    _held: list[Held] = field(default_factory=list[Held])
    _lock: Lock = field(default_factory=Lock)

    def put(self, held: Held) -> None:
        """Beside others, as far as there is room: the oldest go."""
        with self._lock:
            self._held.append(held)
            while len(self._held) > 1 and sum(each.size for each in self._held) > _ROOM:
                del self._held[0]

    def take(self, rows: Array, summed: bool) -> Held | None:
        """What is held of these rows, if anything is; it is gone then."""
        with self._lock:
            for place in reversed(range(len(self._held))):
                if self._held[place].is_at(rows, summed):
                    return self._held.pop(place)
        return None

"""What a forward call keeps, so that the backward call of the same rows is short."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import ArrayLike

from qcompile.layers.arguments import Array, checked_rows
from qcompile.layers.evaluator import Evaluator
from qcompile.targets.simulator.kept_states import Ends

_ROOM = 1 << 26  # bytes of forward calls that wait for their backward calls; the last may be larger
_MOST = 128  # such calls, which a backward call looks through from the last one on


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
        slopes = 0 if self.jacobian is None else self.jacobian.nbytes
        return states + slopes + self.rows.nbytes + self.values.nbytes

    def is_at(self, rows: Array, values: Array | None) -> bool:
        """Are these its rows, and these its values, as far as they are given and in their precision?"""
        if not np.array_equal(rows, self.rows):
            return False
        return values is None or np.array_equal(values, self.values.astype(values.dtype).reshape(values.shape))

    def tiled(self, count: int, summed: bool) -> Held | None:
        """The same rows so many times, with the derivatives summed or not; None where its states do not tell them."""
        if count == 1 and summed == self.summed:
            return self
        if self.jacobian is None:
            return None
        rows, values, jacobian = (np.concatenate([a] * count) for a in (self.rows, self.values, self.jacobian))
        return Held(self.evaluator, rows, summed, values, jacobian)

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


class Memory:
    """The last forward calls of one evaluator, for frameworks whose backward calls get no more than arrays."""

    def __init__(self) -> None:
        self._held: deque[Held] = deque()
        self._size = 0
        self._lock = Lock()

    def put(self, held: Held) -> None:
        """Beside others, as far as there is room: the oldest go."""
        with self._lock:
            self._held.append(held)
            self._size += held.size
            while len(self._held) > 1 and (self._size > _ROOM or len(self._held) > _MOST):
                self._size -= self._held.popleft().size

    def take(self, rows: Array, summed: bool, values: Array | None = None, states: bool = True) -> Held | None:
        """What is held of these rows, or of rows that these are several times; its states are given once.

        Args:
            values: what the forward call returned, by which calls of the same rows with shots are told apart.
            states: do these do, where there is no Jacobian?
        """
        with self._lock:
            for place in reversed(range(len(self._held))):
                held = self._held[place]
                count = len(rows) // len(held.rows) if len(held.rows) else 0
                if count == 0 or count * len(held.rows) != len(rows) or not (states or held.jacobian is not None):
                    continue
                first = None if values is None else values.reshape(count, *held.values.shape)[0]
                if (count == 1 or _repeats(rows, count)) and held.is_at(rows[: len(held.rows)], first):
                    found = held.tiled(count, summed)
                    if found is not None:
                        if held.jacobian is None:
                            del self._held[place]
                            self._size -= held.size
                        return found
        return None


def _repeats(rows: Array, count: int) -> bool:
    parts = rows.reshape(count, -1)
    return bool((parts == parts[0]).all())

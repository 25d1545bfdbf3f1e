"""Calls of the kernels for one plan: arrays that fit, one thread or several over the tiles of a stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from qcompile.targets.engine.layout import CELL, LANE_BITS, LAST, TILES, Buffers, Packed, Task
from qcompile.targets.engine.plan import Plan
from qcompile.targets.engine.port import Argument, Call, Port
from qcompile.targets.engine.words import widened
from qcompile.targets.simulator.options import Precision

Reals: TypeAlias = NDArray[Any]
DTYPES: dict[Precision, type[np.floating[Any]]] = {"double": np.float64, "single": np.float32}
LANES = 1 << LANE_BITS
W = TypeVar("W")
_KEPT = 64  # records whose addresses are known
_LINE = 64  # bytes: a vector that crosses two lines of the cache costs two loads


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """What a thread works in."""

    room: Buffers
    laid: Call
    total: Reals


class Machine:
    """A plan, ready to run. Values come as 8 numbers an atom: one in the first lane, or one for each lane."""

    def __init__(self, port: Port, plan: Plan, precision: Precision, threads: int) -> None:
        self.port, self.plan, self.threads = port, plan, threads
        self.dtype = DTYPES[precision]
        self.lanes = LANES if plan.in_lanes else 1
        self.packed = plan.packed._replace(signs=plan.packed.signs.astype(self.dtype))
        self.is_split = threads > 1 and any(int(row[TILES]) > 1 for row in plan.packed.stages)
        self._free: list[Buffers] = []
        self._laid: dict[int, tuple[Packed | Buffers, Call]] = {}
        self._last: tuple[NDArray[np.float64], Packed] | None = None

    def with_coefficients(self, coefficients: NDArray[np.float64]) -> Packed:
        """The plan's arrays with the words' coefficients, shape (words, 1) or (words, 8 lanes)."""
        last = self._last
        if last is not None and last[0] is coefficients:
            return last[1]
        count = len(self.packed.words) - len(coefficients)
        wide = np.zeros((len(self.packed.words), LANES), self.dtype)
        wide[count:] = widened(coefficients, self.packed.words[count:])
        packed = self.packed._replace(wide=wide.ravel())
        self._last = coefficients, packed
        return packed

    def call(self, task: Task, packed: Packed, room: Buffers, *arguments: Argument) -> None:
        plan, own = self._lay(packed), self._lay(room)
        self.port(task, plan.address, own.address, *arguments)

    def _lay(self, record: Packed | Buffers) -> Call:
        """The places of its arrays, laid out once for each record that is met again and again."""
        known = self._laid.get(id(record))
        if known is None or known[0] is not record:
            if len(self._laid) >= _KEPT:
                self._laid.clear()
            known = self._laid[id(record)] = record, Call(record)
        return known[1]

    def take(self) -> Buffers:
        """Room for a call; give it back."""
        try:
            return self._free.pop()
        except IndexError:
            return buffers(self.plan, self.dtype)

    def prefix(self, room: Buffers) -> Reals:
        """One state more."""
        return aligned(len(room.ket), self.dtype)

    def give(self, room: Buffers) -> None:
        self._free.append(room)

    def values_and_gradients(
        self, packed: Packed, varies: Reals, values: Reals, weights: Reals, summed: bool
    ) -> tuple[Reals, Reals]:
        """Of the first output, for parts of a batch: its values, and weight · its derivatives by the atoms.

        Args:
            values: shape (parts, atoms · 8); weights: (parts, 8).
            summed: over the parts. Else the derivatives of each.
        """
        parts = len(values)
        totals, gradients = np.zeros((parts, LANES)), np.zeros((1 if summed else parts, values.shape[1]))
        if self.is_split:
            self._each_split(packed, varies, values, weights, totals, gradients, summed)
            return totals, gradients
        found: list[Reals] = []

        def span(first: int, last: int) -> None:
            room, own = self.take(), np.zeros_like(gradients) if summed else gradients
            self.call(
                Task.VALUES_AND_GRADIENTS, packed, room, varies, self.plan.until, values, values.shape[1], self.lanes,
                weights, totals, own, summed, first, last,
            )  # fmt: skip
            found.append(own)
            self.give(room)

        self.shared(parts, span)
        return totals, np.sum(found, axis=0) if summed else gradients

    def shared(self, count: int, span: Callable[[int, int], None]) -> None:
        """Work on so many parts, shared out to the threads as spans from `first` to before `last`."""
        if self.threads == 1 or count < 2 * self.threads or self.is_split:
            span(0, count)
            return
        edges = np.linspace(0, count, self.threads + 1).astype(int).tolist()
        for done in [_pool(self.threads).submit(span, *pair) for pair in pairwise(edges)]:
            done.result()

    def _each_split(
        self,
        packed: Packed,
        varies: Reals,
        values: Reals,
        weights: Reals,
        totals: Reals,
        gradients: Reals,
        summed: bool,
    ) -> None:
        room = self.take()
        for part in range(len(values)):
            self.forward(packed, varies, values[part], room)
            self.observe(packed, 0, weights[part], totals[part], room)
            self.backward(packed, varies, gradients[0 if summed else part], room)
        self.give(room)

    def forward(self, packed: Packed, varies: Reals, values: Reals, room: Buffers) -> None:
        """The final state, in `room.ket`."""
        self.call(Task.PREPARE, packed, room, varies, True, values, self.lanes)
        if not self.is_split:
            self.call(Task.FORWARD, packed, room, self.lanes)
            return
        plan, workers = Call(packed), self._workers(room)

        def begin(first: int, last: int, _: Worker) -> None:
            self.port(Task.START, room.ket, self.lanes, first, last)

        self._each(len(room.ket) // CELL, workers, begin)
        for stage, row in enumerate(packed.stages):

            def work(first: int, last: int, own: Worker, stage: int = stage) -> None:
                self.port(Task.FORWARD_TILES, plan.address, own.laid.address, stage, first, last)

            self._each(int(row[TILES]), workers, work)

    def amplitudes(self, room: Buffers) -> Reals:
        """A copy of the ket, complex: of a batch, the lanes of each amplitude side by side."""
        found = np.empty(len(room.ket) // 2, np.result_type(self.dtype, 1j))

        def work(first: int, last: int, _: None) -> None:
            self.port(Task.INTERLEAVE, room.ket, found.view(self.dtype), first, last)

        self._each(len(room.ket) // CELL, [None] * (self.threads if self.is_split else 1), work)
        return found

    def observe(
        self, packed: Packed, output: int, weight: Reals, total: Reals, room: Buffers, with_bra: bool = True
    ) -> None:
        """Adds the value of an expectation, 8 lanes, to the total; `room.bra` becomes weight · O · ket."""
        if not self.is_split:
            self.call(Task.OBSERVE, packed, room, output, with_bra, weight, total)
            return
        if with_bra:
            room.bra[:] = 0
        plan, workers = Call(packed), self._workers(room)
        for part in range(packed.outputs[output], packed.outputs[output + 1]):

            def work(first: int, last: int, own: Worker, part: int = part) -> None:
                self.port(
                    Task.OBSERVE_TILES, plan.address, own.laid.address, part, first, last, with_bra, weight, own.total
                )

            self._each(int(packed.observed[part, TILES]), workers, work)
        for own in workers:
            total += own.total

    def backward(self, packed: Packed, varies: Reals, gradient: Reals, room: Buffers) -> None:
        """Walks ket and bra back, and adds the derivatives by the atoms to the gradient."""
        room.transitions[:] = 0
        if not self.is_split:
            self.call(Task.BACKWARD, packed, room, self.plan.until)
        else:
            self._backward_split(packed, room)
        self.call(Task.SLOPES, packed, room, varies, self.plan.until, self.lanes, gradient)

    def _backward_split(self, packed: Packed, room: Buffers) -> None:
        plan, workers = Call(packed), self._workers(room)
        for stage in range(len(packed.stages) - 1, -1, -1):
            if packed.stages[stage, LAST] <= self.plan.until:
                break

            def work(first: int, last: int, own: Worker, stage: int = stage) -> None:
                self.port(Task.BACKWARD_TILES, plan.address, own.laid.address, stage, first, last, self.plan.until)

            self._each(int(packed.stages[stage, TILES]), workers, work)
        for own in workers[1:]:
            room.transitions[:] += own.room.transitions

    def _workers(self, room: Buffers) -> list[Worker]:
        """One for each thread: they share states and tables."""
        own = (
            room._replace(
                transitions=aligned(len(room.transitions)), ket_tile=aligned(len(room.ket_tile), self.dtype),
                bra_tile=aligned(len(room.bra_tile), self.dtype), work=aligned(len(room.work), self.dtype),
            )
            for _ in range(1, self.threads)
        )  # fmt: skip
        return [Worker(each, Call(each), np.zeros(LANES)) for each in (room, *own)]

    def _each(self, tiles: int, workers: Sequence[W], work: Callable[[int, int, W], None]) -> None:
        """So many tiles, or cells, shared out to the threads."""
        if tiles == 1 or len(workers) == 1:
            work(0, tiles, workers[0])
            return
        edges = np.linspace(0, tiles, len(workers) + 1).astype(int).tolist()
        spans = zip(edges[:-1], edges[1:], workers, strict=True)
        for done in [_pool(self.threads).submit(work, *span) for span in spans]:
            done.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="qcompile")


def aligned(size: int, dtype: type[np.floating[Any]] = np.float64) -> Reals:
    """Zeros that start where a line of the cache does."""
    itemsize = np.dtype(dtype).itemsize
    room = np.zeros(size + _LINE // itemsize, dtype)
    shift = -room.ctypes.data % _LINE // itemsize
    return room[shift : shift + size]


def buffers(plan: Plan, dtype: type[np.floating[Any]]) -> Buffers:
    amplitudes = 1 << plan.bits
    tile, angles, tables = plan.tile_cells * CELL, LANES * len(plan.packed.constants), plan.table_cells * CELL
    return Buffers(
        angles=aligned(max(angles, LANES)), slopes=aligned(max(angles, LANES)), forward=aligned(tables, dtype),
        back=aligned(tables, dtype), transitions=aligned(tables), ket=aligned(2 * amplitudes, dtype),
        bra=aligned(2 * amplitudes, dtype), ket_tile=aligned(tile, dtype), bra_tile=aligned(tile, dtype),
        work=aligned(plan.room * CELL, dtype), small=np.zeros(4 * plan.small, complex),
        values=aligned(LANES * len(plan.atoms)), gradient=aligned(LANES * len(plan.atoms)), total=aligned(LANES),
    )  # fmt: skip

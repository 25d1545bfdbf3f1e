"""Places statements in columns: each as early as the wires it spans and the cells it reads or writes allow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias, assert_never

from qcompile.diagnostics import Code, error
from qcompile.draw.faces import Look, Placeable
from qcompile.draw.picture import Frame, Item
from qcompile.ir import Barrier, Gradient, If, Measure, Op, Postselect, Reset, Statement, Undo

Step: TypeAlias = Statement | Undo | Gradient
MAX_NESTED = 50  # conditions within each other
CUT = 1 << 60  # the next free column of a lane on which nothing more is drawn


def flattened(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, those under a condition after the condition itself.

    Raises:
        CompileError: TOO_DEEP.
    """
    waiting = [iter(steps)]
    while waiting:
        step = next(waiting[-1], None)
        if step is None:
            waiting.pop()
            continue
        yield step
        if isinstance(step, If | Undo):
            if len(waiting) > MAX_NESTED:
                label = f"conditions nested more than {MAX_NESTED} deep cannot be drawn"
                raise error(Code.TOO_DEEP, label, step.span, "join nested conditions with `&&`")
            waiting.append(chain(step.then, step.otherwise))


def own_wires(step: Step) -> tuple[int, ...]:
    """The wires that a step names itself."""
    match step:
        case Op() | Gradient() | Barrier():
            return step.wires
        case Measure() | Reset():
            return (step.wire,)
        case If() | Undo() | Postselect():
            return ()
        case _:
            assert_never(step)


def is_phase(step: Step) -> bool:
    """Does it act on no wire of its own, so that it stands on the lane of global phases?"""
    if isinstance(step, If | Undo | Postselect):
        return False
    return not (step.targets if isinstance(step, Op) else own_wires(step))


@dataclass(slots=True)
class Placer:
    """The next free column of each lane, and of each cell for those who read it and for those who write it.

    `lanes` and `limit` bound what is placed; `homes` is the wire last measured into each cell.
    """

    look: Look
    lanes: int
    limit: int
    free: list[int]
    readable: dict[int, int] = field(default_factory=dict[int, int])
    writable: dict[int, int] = field(default_factory=dict[int, int])
    homes: dict[int, int] = field(default_factory=dict[int, int])
    items: list[Item] = field(default_factory=list[Item])
    frames: list[Frame] = field(default_factory=list[Frame])

    def place(self, step: Step) -> bool:
        """Place the step, or else close the lanes and cells it needs: what comes after it is not drawn without it."""
        if self._add(step, self.limit):
            return True
        for inner in flattened((step,)):
            for lane in self._touched(inner):
                self.free[lane] = CUT
            reads, writes = _cells(inner)
            self.readable.update(dict.fromkeys(writes, CUT))
            self.writable.update(dict.fromkeys((*reads, *writes), CUT))
        return False

    def _add(self, step: Step, limit: int) -> bool:
        return self._add_region(step, limit) if isinstance(step, If | Undo) else self._add_item(step, limit)

    def _add_item(self, step: Placeable, limit: int) -> bool:
        lanes = self._touched(step)
        if not self._is_open(lanes):
            return False
        top, bottom = min(lanes), max(lanes)
        column = self._earliest(step, top, bottom)
        if column >= limit:
            return False
        keepers = tuple(lane - self.look.first for lane in lanes) if isinstance(step, Postselect) else ()
        self.items.append(Item(column, self.look.face(step, keepers)))
        self._advance(top, bottom, column + 1)
        self._note_cells(step, column + 1)
        return True

    def _add_region(self, region: If | Undo, limit: int) -> bool:
        lanes = {lane for step in flattened((region,)) for lane in self._touched(step)} or {self._any_lane}
        if not self._is_open(lanes):
            return False
        top, bottom = min(lanes), max(lanes)
        start = self._earliest(region, top, bottom)
        if start + 1 >= limit:
            return False
        saved = self.free[top : bottom + 1], len(self.items), len(self.frames)
        self._advance(top, bottom, start + 1)
        middle = end = start + 1
        is_whole = self._add_all(region.then, limit - 1)
        if region.otherwise and is_whole:
            middle = max(self.free[top : bottom + 1])
            self._advance(top, bottom, middle + 1)
            is_whole = self._add_all(region.otherwise, limit - 1)
        end = max(self.free[top : bottom + 1])
        if not is_whole or end >= limit:
            self.free[top : bottom + 1], items, frames = saved
            del self.items[items:], self.frames[frames:]
            return False
        inside = self.frames[saved[2] :]
        above = max((frame.above + 1 for frame in inside if frame.top == top), default=0)
        below = max((frame.below + 1 for frame in inside if frame.bottom == bottom), default=0)
        otherwise = middle if region.otherwise else None
        label = self.look.condition(region.condition)
        self.frames.append(Frame(label, top, bottom, start, end, otherwise, above, below))
        self._advance(top, bottom, end + 1)
        self._note_cells(region, start + 1)
        return True

    def _add_all(self, steps: Iterable[Step], limit: int) -> bool:
        return all(self._add(step, limit) for step in steps)

    @property
    def _any_lane(self) -> int:
        """Where what acts on no wire stands, lane 0 being for phases."""
        return min(self.look.first, len(self.free) - 1)

    def _is_open(self, lanes: Collection[int]) -> bool:
        return all(lane < self.lanes and self.free[lane] < CUT for lane in lanes)

    def _touched(self, step: Step) -> tuple[int, ...]:
        """The lanes a step acts on itself. A post-selection stands where its cells were measured."""
        if isinstance(step, If | Undo):
            return ()
        if isinstance(step, Postselect):
            homes = sorted({self.homes[cell] for cell, _ in step.condition if cell in self.homes})
            return tuple(wire + self.look.first for wire in homes) or (self._any_lane,)
        lanes = [wire + self.look.first for wire in own_wires(step)]
        return (0, *lanes) if is_phase(step) else tuple(lanes)

    def _earliest(self, step: Step, top: int, bottom: int) -> int:
        reads, writes = _cells(step)
        cells = [self.readable.get(cell, 0) for cell in reads] + [self.writable.get(cell, 0) for cell in writes]
        return max(*self.free[top : bottom + 1], 0, *cells)

    def _advance(self, top: int, bottom: int, column: int) -> None:
        self.free[top : bottom + 1] = [column] * (bottom + 1 - top)

    def _note_cells(self, step: Step, column: int) -> None:
        reads, writes = _cells(step)
        for cell in (*reads, *writes):
            self.writable[cell] = max(self.writable.get(cell, 0), column)
        for cell in writes:
            self.readable[cell] = column
        if isinstance(step, Measure):
            self.homes.update(dict.fromkeys(step.cells, step.wire))


def _cells(step: Step) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The cells that the step itself reads, and those it writes."""
    match step:
        case If() | Undo() | Postselect():
            return tuple(cell for cell, _ in step.condition), ()
        case Measure():
            return (), step.cells
        case _:
            return (), ()

"""The walk that cancelling and merging share: each op looks back, through ops that it commutes with, for a partner."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from qcompile.angle import Angle
from qcompile.gates import TABLE
from qcompile.ir import Op
from qcompile.passes.action import Actions
from qcompile.passes.rewrite import Body, Step, is_unitary, wires_of

REACH = 50  # the most ops that one op looks back through


@dataclass(frozen=True, slots=True)
class Joined:
    """What two ops become: one op on the same wires or none, and a global phase e^{i phase}."""

    op: Op | None
    phase: Angle = Angle()


Join: TypeAlias = Callable[[Op, Op], Joined | None]


def joined(body: Body, join: Join, actions: Actions, reach: int) -> Body:
    """The body with partners joined at the place of the later one. At most `reach` steps for each op.

    The later op commutes with all between the two, whatever its angle; what `join` makes of them, and so the earlier
    one, must do so too.
    """
    walk = _Walk(join, actions, reach)
    for step in body:
        walk.take(step)
    kept = tuple(step for step in walk.out if step is not None)
    return (phase_op(walk.phase), *kept) if not walk.phase.is_zero else kept


def phase_op(phase: Angle) -> Op:
    """e^{i phase}."""
    return Op(TABLE["gphase"], (), (phase,))


@dataclass(slots=True)
class _Walk:
    """`lanes` holds for each wire the places in `out` that touch it, ascending."""

    join: Join
    actions: Actions
    reach: int
    out: list[Step | None] = field(default_factory=list)
    lanes: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    phase: Angle = Angle()

    def take(self, step: Step) -> None:
        if isinstance(step, Op) and is_unitary(step) and step.wires and self._met(step):
            return
        for wire in wires_of(step):
            self.lanes[wire].append(len(self.out))
        self.out.append(step)

    def _met(self, op: Op) -> bool:
        """Did the op join an earlier one? What they become is taken like a new op, which may meet another."""
        lanes = [self.lanes[wire] for wire in op.wires]
        ends = [len(lane) - 1 for lane in lanes]
        for _ in range(self.reach):
            place = max((lane[end] for lane, end in zip(lanes, ends, strict=True) if end >= 0), default=-1)
            earlier = self.out[place] if place >= 0 else None
            if not isinstance(earlier, Op) or not is_unitary(earlier):
                return False
            if len(earlier.wires) == len(op.wires) and (found := self.join(earlier, op)) is not None:
                self._drop(place, earlier)
                self.phase += found.phase
                if found.op is not None:
                    self.take(replace(found.op, span=earlier.span or op.span))
                return True
            if not self.actions.commute(earlier, op):
                return False
            ends = [end - 1 if end >= 0 and lane[end] == place else end for lane, end in zip(lanes, ends, strict=True)]
        return False

    def _drop(self, place: int, earlier: Op) -> None:
        self.out[place] = None
        for wire in earlier.wires:
            lane = self.lanes[wire]
            del lane[bisect_left(lane, place)]  # lanes ascend

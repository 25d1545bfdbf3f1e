"""Rotations about one generator become one rotation, symbolically, also through ops between that commute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from qcompile.angle import Angle, Call
from qcompile.ir import Module, Op
from qcompile.number import Number
from qcompile.operator import Operator
from qcompile.passes.action import Actions, Rotation
from qcompile.passes.legalize import normalised
from qcompile.passes.peephole import REACH, Joined, joined
from qcompile.passes.rewrite import map_bodies


@dataclass(frozen=True)
class MergeRotations:
    """Add the angles of rotations about the same operator: rz·rz, t·t, p·rz, s·p, rzz on swapped wires.

    Linear in the ops, times `reach` at most.
    """

    name: ClassVar[str] = "merge-rotations"
    reach: int = REACH

    def __call__(self, module: Module) -> Module:
        turns = _Turns(Actions())
        return map_bodies(module, lambda body, _: joined(body, turns.join, turns.actions, self.reach))


@dataclass(frozen=True, slots=True)
class _Turn:
    """exp(-i angle (factor·K + identity)) e^{i phase}, K = `axis` normalised."""

    axis: Operator
    factor: float
    identity: float
    rotation: Rotation


@dataclass(frozen=True, slots=True)
class _Turns:
    actions: Actions
    _known: dict[tuple[int, tuple[int, ...]], _Turn] = field(default_factory=dict)

    def join(self, earlier: Op, later: Op) -> Joined | None:
        # exp(-i a fK) exp(-i b gK) = exp(-i (a + b g/f) fK); the identities in the generators leave a global phase
        if set(earlier.wires) != set(later.wires):
            return None
        one, two = self.turn(earlier), self.turn(later)
        if one is None or two is None or one.axis != two.axis:
            return None
        if len(two.rotation.controls) < len(one.rotation.controls):
            return self.join(later, earlier)  # they commute, and the plainer gate is kept
        a, b = _angle(earlier, one), _angle(later, two)
        angle = a + b.scaled(Number(two.factor / one.factor))
        if not _stays_simple(a, b, angle):
            return None
        phase = one.rotation.phase + two.rotation.phase
        phase += (angle - a).scaled(Number(one.identity)) - b.scaled(Number(two.identity))
        if angle.is_zero:
            return Joined(None, phase)
        return Joined(Op(one.rotation.gate, earlier.wires, (angle,), one.rotation.controls), phase)

    def turn(self, op: Op) -> _Turn | None:
        action = self.actions.of(op)
        if action.rotation is None:
            return None
        key = (id(action), op.wires)
        if key not in self._known:
            self._known[key] = _turn(action.rotation, op.wires)
        return self._known[key]


def _turn(rotation: Rotation, wires: tuple[int, ...]) -> _Turn:
    generator = rotation.generator.on(wires)
    axis = Operator(tuple(term for term in generator.terms if term[0]))
    identity = sum(float(c) for word, c in generator.terms if not word)
    unit, factor = normalised(axis)
    return _Turn(unit, factor, identity, rotation)


def _angle(op: Op, turn: _Turn) -> Angle:
    return op.angles[0] if turn.rotation.angle is None else turn.rotation.angle


def _stays_simple(a: Angle, b: Angle, total: Angle) -> bool:
    """The sum is affine, or has no function of the parameters that one of the two did not have alone."""
    calls = _calls(total)
    return calls <= _calls(a) or calls <= _calls(b)


def _calls(angle: Angle) -> set[Call]:
    return {atom for atom, _ in angle.terms if isinstance(atom, Call)}

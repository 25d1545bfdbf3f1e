"""Ops whose constant angles make them the identity go, and empty branches; global phases become one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from qcompile.angle import Angle
from qcompile.gates.algebra import distinct, spectrum
from qcompile.grammar import decompose, invert
from qcompile.ir import Adjoint, If, Module, Op
from qcompile.number import Number
from qcompile.operator import Operator
from qcompile.passes.action import Actions
from qcompile.passes.peephole import phase_op
from qcompile.passes.rewrite import Body, Step, is_unitary, map_bodies

SPECTRUM_WIRES = 6  # the largest generator of several words whose spectrum is computed


@dataclass(frozen=True)
class FoldConstants:
    """Remove what is the identity up to a global phase, at its exact angle; gather the phases at the front. Linear.

    A branch with nothing in it goes too, but not from an adjoint, whose reverse schedule steps back over each branch.
    """

    name: ClassVar[str] = "fold-constants"

    def __call__(self, module: Module) -> Module:
        folder = _Folder()
        folded = map_bodies(module, lambda body, _: tuple(folder.folded(body)))
        return folded if isinstance(module, Adjoint) else map_bodies(folded, lambda body, _: _without_empty(body))


@dataclass(frozen=True, slots=True)
class _Folder:
    _actions: Actions = field(default_factory=Actions)

    def folded(self, body: Body) -> Iterator[Step]:
        phase, kept = Angle(), list[Step]()
        for step in body:
            left = self.phase_of(step) if isinstance(step, Op) and is_unitary(step) else None
            if left is None:
                kept.append(step)
            else:
                phase += left
        phase = _without_turns(phase)
        if not phase.is_zero:
            yield phase_op(phase)
        yield from kept

    def phase_of(self, op: Op) -> Angle | None:
        """γ where the op is e^{iγ} times the identity; None where it is not, or that isn't known."""
        rotation = self._actions.of(op).rotation
        if rotation is None:
            return self._phase_of_word(op) if any(angle.is_constant for angle in op.angles) else None
        angle = op.angles[0] if rotation.angle is None else rotation.angle
        if not op.wires:
            return rotation.phase - angle * rotation.generator.terms[0][1]
        if angle.is_zero:
            return rotation.phase
        if not angle.is_constant or angle.constant.plain:
            return None
        # exp(-iθG) = exp(-iθλ₀) where θ(λ − λ₀) is a whole number of turns for every eigenvalue λ
        lowest, *others = _spectrum(rotation.generator) or (None,)
        turns = angle.constant.pi / 2
        if lowest is None or any((turns * (value - lowest)).denominator != 1 for value in others):
            return None
        return rotation.phase + Angle(Number(0.0, -angle.constant.pi * lowest))

    def _phase_of_word(self, op: Op) -> Angle | None:
        """The same for a gate that is a word, where its parts vanish or undo each other."""
        if not op.gate.word:
            return None
        phase, left = Angle(), list[Op]()
        for part in decompose(op):
            own = self.phase_of(part)
            if own is not None:
                phase += own
            elif left and left[-1] == invert(part):
                left.pop()
            else:
                left.append(part)
        return None if left else phase


def _without_empty(body: Body) -> Body:
    return tuple(step for step in body if not isinstance(step, If) or step.then or step.otherwise)


@lru_cache(maxsize=1024)
def _spectrum(generator: Operator) -> tuple[Fraction, ...]:
    """Eigenvalues, or for photon numbers values whose integer combinations they are; empty where that isn't known."""
    identity = sum((_exact(float(c)) for word, c in generator.terms if not word), Fraction(0))
    words = [(word, _exact(float(c))) for word, c in generator.terms if word]
    if all(letter == "n" for word, _ in words for letter, _ in word):
        return (identity, *(identity + c for _, c in words))
    if not generator.is_pauli:
        return ()
    if len(words) == 1:
        return (identity - words[0][1], identity + words[0][1])
    if len(generator.support) > SPECTRUM_WIRES or max(generator.support) >= SPECTRUM_WIRES:
        return ()
    values = distinct(spectrum(generator, max(generator.support) + 1)[0])
    return tuple(_exact(float(value)) for value in values)


def _exact(value: float) -> Fraction:
    """Generators have small fractions for coefficients and eigenvalues; a value that is none stays as it is."""
    near = Fraction(value).limit_denominator(96)
    return near if abs(float(near) - value) < 1e-12 else Fraction(value)


def _without_turns(phase: Angle) -> Angle:
    """e^{2πi} = 1: the exact part of the constant in (-π, π]."""
    turns = phase.constant.pi
    rest = 1 - (1 - turns) % 2
    return Angle(Number(phase.constant.plain, rest), phase.terms)

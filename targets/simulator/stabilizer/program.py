"""A program as what stabilizers can follow: Clifford gates, turns about words, Pauli noise, measurement and branches.

Whether a gate is one of these follows from its matrix at the values bound, and for a turn about a long word from its
angle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

import numpy as np

from qcompile.diagnostics import Code, CompileError, error
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Reset, Statement
from qcompile.operator import Word
from qcompile.passes.differentiate.strengths.superoperators import transfer_of
from qcompile.targets.simulator.stabilizer.words import Table, clifford_table, noise_table
from qcompile.targets.simulator.tensor import Plain, WordRotation
from qcompile.targets.simulator.tensor_channels import kraus_maps
from qcompile.targets.simulator.tensor_gates import map_of, matrix_of
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.values import Elements, value_of

_WIDEST = 4  # wires of an op that is told by its matrix
_CLOSE = 1e-12  # of an angle to a multiple of π/4


@dataclass(frozen=True, slots=True, eq=False)
class Gated:
    """A Clifford gate."""

    table: Table
    wires: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """A mixture of Pauli letters."""

    table: Table
    wires: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """exp(−iφP) with φ = quarters × π/4, quarters 1, 2 or 3."""

    word: Word
    quarters: int


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Steps that are taken where every bit has its value, and others elsewhere."""

    condition: tuple[tuple[int, bool], ...]
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...]


Step: TypeAlias = Gated | Noise | Turn | Choice | Measure | Reset | Postselect


def is_straight(steps: Sequence[Step]) -> bool:
    """Does nothing depend on a result?"""
    return not any(isinstance(step, Choice | Postselect) for step in steps)


@dataclass(slots=True, eq=False)
class Translator:
    """Translates rows of values; tables met before are remembered."""

    plan: Plan
    _known: dict[tuple[object, ...], Table] = field(default_factory=dict[tuple[object, ...], Table])

    def steps(self, elements: Elements) -> tuple[Step, ...]:
        """Of one row of values.

        Raises:
            CompileError: NOT_SIMULABLE, where an op is none of these.
        """
        return tuple(step for statement in self.plan.body for step in self._step(statement, elements))

    def _step(self, statement: Statement, elements: Elements) -> Iterator[Step]:
        match statement:
            case Op():
                yield from self._op(statement, elements)
            case If(condition, then, otherwise):
                bodies = (tuple(s for inner in body for s in self._step(inner, elements)) for body in (then, otherwise))
                yield Choice(condition, *bodies)
            case Measure() | Reset() | Postselect():
                yield statement
            case Barrier():
                pass
            case _:
                assert_never(statement)

    def _op(self, op: Op, elements: Elements) -> Iterator[Step]:
        if len(op.wires) > _WIDEST:
            yield from _wide(op, elements)
            return
        values = tuple(float(value_of(angle, elements, op.span)[0]) for angle in op.angles)
        key = (id(op.gate), op.controls, op.inverse, values)  # the plan holds the gate, so its id stays taken
        table = self._known.get(key)
        if table is None:
            table = self._known[key] = _table(op, elements)
        yield (Noise if op.gate.channel else Gated)(table, op.wires)


def _table(op: Op, elements: Elements) -> Table:
    near = replace(op, wires=tuple(range(len(op.wires))))
    if op.gate.channel:
        kraus = np.array([k.matrix[0] for k in kraus_maps(near, elements, 2)])
        found = noise_table(transfer_of(kraus))
    else:
        found = clifford_table(transfer_of(matrix_of(op, elements)[np.newaxis]))
    if found is None:
        raise _refusal(op)
    return found


def _wide(op: Op, elements: Elements) -> Iterator[Turn]:
    """A turn about a word on many wires."""
    action: Plain | None = None if op.controls or op.gate.channel else _plain(op, elements)
    if not isinstance(action, WordRotation):
        raise _refusal(op)
    angle = math.atan2(float(action.sin[0].real), float(action.cos[0].real)) / (math.pi / 4)
    if abs(angle - round(angle)) > _CLOSE:
        raise _refusal(op)
    if round(angle) % 4:
        yield Turn(action.word, round(angle) % 4)


def _plain(op: Op, elements: Elements) -> Plain:
    action = map_of(op, elements, 2)
    if not isinstance(action, Plain):
        raise AssertionError("only controlled ops have controlled maps")
    return action


def _refusal(op: Op) -> CompileError:
    kind = "noise is no mixture of Pauli letters" if op.gate.channel else "gate is no Clifford gate at these values"
    advice = "leave out `engine`, or take another engine: docs/simulators.md says which there are"
    return error(Code.NOT_SIMULABLE, f"the {kind}: `{op.gate.name}`", op.span, advice)

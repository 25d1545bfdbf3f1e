"""What no output can see goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, assert_never

from qcompile.ir import (
    Adjoint,
    Barrier,
    Covariance,
    Expectation,
    If,
    Measure,
    Module,
    Op,
    Output,
    Postselect,
    Probabilities,
    Program,
    Reset,
    Samples,
    State,
    Statement,
    Variance,
)
from qcompile.passes.rewrite import is_phase, map_programs


@dataclass(frozen=True)
class LightCone:
    """Drop statements that no output depends on: those outside the backward light cone of the outputs. Linear.

    Outputs are of the runs that post-selection keeps, so they depend on whatever its bits depend on; opaque gates stay.
    A program without outputs, or with the state among them, stays; so does an adjoint, whose reverse schedule sets
    out from the whole final state.
    """

    name: ClassVar[str] = "light-cone"

    def __call__(self, module: Module) -> Module:
        return module if isinstance(module, Adjoint) else map_programs(module, in_cone)


@dataclass(slots=True)
class _Cone:
    """The wires and cells that matter at a point of the walk back."""

    wires: set[int]
    cells: set[int]

    def sliced(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """The statements of the body that matter."""
        kept: list[Statement] = []
        for statement in reversed(body):
            seen = self._seen(statement)
            if seen is not None:
                kept.append(seen)
        return tuple(reversed(kept))

    def _seen(self, statement: Statement) -> Statement | None:
        match statement:
            case Op():
                # ⟨U†OU⟩ = ⟨O⟩ where U and O share no wire, for channels U too; a global phase is never seen
                unseen = self.wires.isdisjoint(statement.wires) or is_phase(statement)
                if unseen and not statement.gate.opaque:
                    return None
                if statement.gate.preparation:
                    return self._forgetting(statement, statement.wires)
                self.wires.update(statement.wires)
                return statement
            case Measure():
                if statement.wire not in self.wires and self.cells.isdisjoint(statement.cells):
                    return None
                self.wires.add(statement.wire)
                return statement
            case Reset():
                return self._forgetting(statement, (statement.wire,)) if statement.wire in self.wires else None
            case If():
                return self._branched(statement)
            case Barrier():
                return None if self.wires.isdisjoint(statement.wires) else statement
            case Postselect():
                self.cells.update(cell for cell, _ in statement.condition)
                return statement
            case _:
                assert_never(statement)

    def _forgetting(self, statement: Statement, wires: tuple[int, ...]) -> Statement:
        """A reset or a preparation forgets what its wire held, so what came before it on that wire does not matter."""
        self.wires.difference_update(wires)
        return statement

    def _branched(self, statement: If) -> If | None:
        """What matters to either branch matters, and so does the condition. Barriers alone do not."""
        taken, passed = (_Cone(set(self.wires), set(self.cells)) for _ in range(2))
        then, otherwise = taken.sliced(statement.then), passed.sliced(statement.otherwise)
        if all(isinstance(inner, Barrier) for inner in (*then, *otherwise)):
            return None
        self.wires = taken.wires | passed.wires
        self.cells = taken.cells | passed.cells | {cell for cell, _ in statement.condition}
        return replace(statement, then=then, otherwise=otherwise)


def in_cone(program: Program) -> Program:
    """The program without the statements that no output depends on."""
    if not program.outputs or any(isinstance(output, State) for output in program.outputs):
        return program
    wires = {wire for output in program.outputs for wire in _wires(output)}
    cells = {cell for output in program.outputs if isinstance(output, Samples) for cell in output.cells}
    return replace(program, body=_Cone(wires, cells).sliced(program.body))


def _wires(output: Output) -> Iterable[int]:
    match output:
        case Expectation() | Variance():
            return output.observable.operator.support
        case Covariance():
            return (*output.left.operator.support, *output.right.operator.support)
        case Probabilities() | Samples():
            return output.wires
        case State():
            return ()
        case _:
            assert_never(output)

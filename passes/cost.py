"""What a module costs to run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from qcompile.gates import Gate
from qcompile.ir import Adjoint, Barrier, Definition, Gradient, If, Module, Op, Program, Shifted, Undo
from qcompile.passes.inline import inlined, is_call
from qcompile.passes.refinement import refined
from qcompile.passes.rewrite import Body, Step, wires_of


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """Compared in this order. A gate on three wires or more counts by its decomposition into gates on two.

    Attributes:
        slots: parametric occurrences, each of which a derivative shifts.
        depth: of the deepest program; a global phase costs nothing.
    """

    two_qubit: int = 0
    slots: int = 0
    gates: int = 0
    depth: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.two_qubit + other.two_qubit,
            self.slots + other.slots,
            self.gates + other.gates,
            max(self.depth, other.depth),
        )


def cost(module: Module) -> Cost:
    """The cost of all programs of the module, calls counted by what they come to. Linear in the ops."""
    counter = _Counter()
    match module:
        case Program():
            return counter.body(module.body, module.definitions)
        case Shifted():
            return sum((counter.body(t.program.body, t.program.definitions) for t in module.templates), Cost())
        case Adjoint():
            forward = module.forward
            return counter.body(forward.body, forward.definitions) + counter.body(module.reverse, forward.definitions)
        case _:
            assert_never(module)


@dataclass(slots=True)
class _Counter:
    _entangling: dict[tuple[int, tuple[bool, ...]], tuple[Gate, int]] = field(default_factory=dict)

    def body(self, body: Body, definitions: tuple[Definition, ...]) -> Cost:
        total = Cost()
        levels: dict[int, int] = {}
        entangling = slots = gates = 0
        for step in _expanded(body, definitions):
            if isinstance(step, Op) and step.wires:
                entangling += self._two_qubit(step)
                slots += sum(1 for angle in step.angles if not angle.is_constant)
                gates += 1
            inside = 0 if isinstance(step, Barrier) else 1
            if isinstance(step, If | Undo):
                branches = self.body(step.then, definitions) + self.body(step.otherwise, definitions)
                total, inside = total + branches, branches.depth
            if not isinstance(step, Gradient):
                _advance(levels, step, inside)
        return total + Cost(entangling, slots, gates, max(levels.values(), default=0))

    def _two_qubit(self, op: Op) -> int:
        if len(op.wires) <= 2:
            return len(op.wires) - 1
        key = (id(op.gate), op.controls)
        if key not in self._entangling:
            self._entangling[key] = (op.gate, _controlled_x_count(op))
        return self._entangling[key][1]


def _expanded(body: Body, definitions: tuple[Definition, ...]) -> Iterator[Step]:
    for step in body:
        if isinstance(step, Op) and definitions and is_call(step, definitions):
            yield from inlined(step, definitions)
        else:
            yield step


def _advance(levels: dict[int, int], step: Step, inside: int) -> None:
    wires = wires_of(step)
    level = max((levels.get(wire, 0) for wire in wires), default=0) + inside
    levels.update(dict.fromkeys(wires, level))


def _controlled_x_count(op: Op) -> int:
    """By decomposition; photonic ops, and those too large to decompose, count as a chain through their wires."""
    if len(op.wires) <= 2:
        return max(len(op.wires) - 1, 0)
    parts = refined(op) if "qumode" not in op.gate.wires else None
    return len(op.wires) - 1 if parts is None else sum(map(_controlled_x_count, parts))

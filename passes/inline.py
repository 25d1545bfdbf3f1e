"""Calls of gates that the program defines become their bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from qcompile.grammar import decompose
from qcompile.ir import Adjoint, Definition, Gradient, Module, Op, Program
from qcompile.passes.rewrite import map_ops, map_programs


@dataclass(frozen=True)
class Inline:
    """Replace calls of user definitions by their bodies, and drop the definitions. Linear in the size of the result.

    Gates defined by a matrix, a generator or Kraus matrices, and opaque ones, stay where they are used.
    """

    name: ClassVar[str] = "inline"

    def __call__(self, module: Module) -> Module:
        return used_definitions(map_ops(module, lambda op, program: tuple(inlined(op, program.definitions))))


def used_definitions(module: Module) -> Module:
    """A module without calls, without the definitions that none of its ops names."""
    steps = module.steps() if isinstance(module, Adjoint) else ()
    ops = (step.within if isinstance(step, Gradient) else step for step in steps)
    back = {op.gate.name for op in ops if isinstance(op, Op)}

    def trimmed(program: Program) -> Program:
        if not program.definitions:
            return program
        used = back | {op.gate.name for op in program.statements() if isinstance(op, Op)}
        return replace(program, definitions=tuple(d for d in program.definitions if d.gate.name in used))

    return map_programs(module, trimmed)


def inlined(op: Op, definitions: tuple[Definition, ...]) -> Iterator[Op]:
    """The op itself, or the ops that its gate's definition comes to."""
    if not is_call(op, definitions):
        yield op
        return
    for part in decompose(op, definitions):
        yield from inlined(replace(part, span=op.span), definitions)


def is_call(op: Op, definitions: tuple[Definition, ...]) -> bool:
    """Is the op's gate defined by a body?"""
    return not op.gate.is_primitive and any(definition.gate.name == op.gate.name for definition in definitions)

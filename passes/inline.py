"""Calls of gates that the program defines become their bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from qcompile.grammar import decompose
from qcompile.ir import Definition, Module, Op
from qcompile.passes.rewrite import map_ops, map_programs


@dataclass(frozen=True)
class Inline:
    """Replace calls of user definitions by their bodies, and drop the definitions. Linear in the size of the result."""

    name: ClassVar[str] = "inline"

    def __call__(self, module: Module) -> Module:
        expanded = map_ops(module, lambda op, program: tuple(inlined(op, program.definitions)))
        return map_programs(expanded, lambda program: replace(program, definitions=()))


def inlined(op: Op, definitions: tuple[Definition, ...]) -> Iterator[Op]:
    """The op itself, or the ops that its gate's definition comes to."""
    if not is_call(op, definitions):
        yield op
        return
    for part in decompose(op, definitions):
        yield from inlined(replace(part, span=op.span), definitions)


def is_call(op: Op, definitions: tuple[Definition, ...]) -> bool:
    return any(definition.gate.name == op.gate.name for definition in definitions)

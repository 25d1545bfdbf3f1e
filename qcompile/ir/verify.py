"""What holds in every module. A fault found here is a pass's, not a user's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, assert_never

from qcompile.angle import Element
from qcompile.gates import Gate
from qcompile.ir import derivative_rules, program_rules
from qcompile.ir.derivative import Adjoint, Gradient, Module, Shifted
from qcompile.ir.program import Op, Program
from qcompile.ir.program_rules import Faults, Scope

Subject = TypeVar("Subject")


def verify(module: Module, after: str = "") -> None:
    """Check every rule; linear in the module's size.

    Args:
        after: the pass that made the module, named in the error.

    Raises:
        AssertionError: names the pass, the rule and the first fault.
    """
    for rule, fault in _faults(module):
        raise AssertionError(f"{f'after {after}: ' if after else ''}{rule.replace('_', ' ')}: {fault}")


def _faults(module: Module) -> Iterator[tuple[str, str]]:
    match module:
        case Program():
            yield from _program_faults(module)
        case Shifted():
            for template in module.templates:
                yield from _program_faults(template.program)
            yield from _checked(derivative_rules.SHIFTED, module)
        case Adjoint():
            yield from _program_faults(module.forward)
            ops = (step.within if isinstance(step, Gradient) else step for step in module.steps())
            reverse = tuple(op for op in ops if isinstance(op, Op))
            yield from _checked(program_rules.OPS, _scope(module.forward, reverse))
            yield from _checked(derivative_rules.ADJOINT, module)
        case _:
            assert_never(module)


def _program_faults(program: Program) -> Iterator[tuple[str, str]]:
    yield from _checked(program_rules.PROGRAMS, program)
    known: dict[str, Gate] = {}
    for definition in program.definitions:
        bound = {Element(name) for name in definition.gate.parameters}
        yield from _checked(program_rules.OPS, Scope(definition.body, definition.gate.wires, bound, dict(known)))
        known[definition.gate.name] = definition.gate
    body = tuple(statement for statement in program.statements() if isinstance(statement, Op))
    yield from _checked(program_rules.OPS, _scope(program, body))


def _scope(program: Program, ops: tuple[Op, ...]) -> Scope:
    gates = {definition.gate.name: definition.gate for definition in program.definitions}
    return Scope(ops, program.kinds, program_rules.declared_elements(program.parameters), gates)


def _checked(rules: Iterable[Callable[[Subject], Faults]], subject: Subject) -> Iterator[tuple[str, str]]:
    for rule in rules:
        for fault in rule(subject):
            yield rule.__name__, fault

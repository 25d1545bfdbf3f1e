"""Names that programs have not taken."""

from __future__ import annotations

from qcompile.ir import Program, observables_of


def fresh_name(name: str, *programs: Program) -> str:
    """The name, or one like it, that means nothing in any of these programs."""
    taken = {declared for program in programs for declared in _declared(program)}
    while name in taken:
        name += "_"
    return name


def _declared(program: Program) -> set[str]:
    named = {parameter.name for parameter in program.parameters} | {register.name for register in program.registers}
    named |= {definition.gate.name for definition in program.definitions}
    return named | {observable.name for output in program.outputs for observable in observables_of(output)}

"""`qcompile check`: diagnostics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from qcompile.cli.options import files_argument, json_option, load_module
from qcompile.diagnostics import CompileError, Diagnostic

if TYPE_CHECKING:
    from qcompile.ir import Module, Program


@click.command()
@files_argument
@json_option
def check(files: tuple[str, ...], as_json: bool) -> None:
    """Say what is wrong in each FILE; exit 1 if anything is."""
    found: list[Diagnostic] = []
    for file in files:
        try:
            line = f"{file}: {_summary(load_module(file))}"
        except CompileError as fault:
            found += fault.diagnostics
            continue
        if not as_json:
            click.echo(line)
    if found:
        raise CompileError(found)
    if as_json:
        click.echo(json.dumps({"diagnostics": []}))


def _summary(module: Module) -> str:
    from qcompile.ir import Adjoint, Program, Shifted

    match module:
        case Program():
            return _program_summary(module)
        case Shifted():
            return f"shifted circuits, {_count(len(module.rows), 'row')}, {_count(len(module.components), 'component')}"
        case Adjoint():
            return f"adjoint program, {_program_summary(module.forward)}, {_count(module.slots, 'slot')}"


def _program_summary(program: Program) -> str:
    kinds = list(program.kinds)
    counts = [(kinds.count("qubit"), "qubit"), (kinds.count("qumode"), "qumode")]
    counts += [(sum(len(p.elements()) for p in program.parameters), "parameter")]
    counts += [(sum(1 for _ in program.statements()), "statement"), (len(program.outputs), "output")]
    return ", ".join(_count(number, noun) for number, noun in counts if number)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""`qcompile check`: diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qcompile.cli.options import files_argument, json_option, load_module, observable_option
from qcompile.cli.session import counted, current_session
from qcompile.diagnostics import CompileError, Diagnostic
from qcompile.files import STDIN

if TYPE_CHECKING:
    from qcompile.ir import Module, Program


@click.command()
@files_argument
@observable_option
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@json_option
def check(files: tuple[str, ...], observable: str | None, strict: bool, as_json: bool) -> None:
    """Say what is wrong in each FILE.

    Warns of what is to no purpose, such as a parameter that changes no output. Exit 1 if anything is wrong.
    """
    from qcompile.passes.lint import lint

    session = current_session()
    found: list[Diagnostic] = []
    for file in files:
        try:
            module = load_module(file, observable)
        except CompileError as fault:
            found += fault.diagnostics
            continue
        session.warnings += lint(module)
        if not as_json:
            click.echo(f"{'<stdin>' if file == STDIN else file}: {_summary(module)}")
    if found:
        raise CompileError(found)
    if as_json:
        session.print_json({"diagnostics": []})
    raise click.exceptions.Exit(1 if strict and session.warnings else 0)


def _summary(module: Module) -> str:
    from qcompile.ir import Adjoint, Program, Shifted

    match module:
        case Program():
            return _program_summary(module)
        case Shifted():
            rows, components = counted(len(module.rows), "row"), counted(len(module.components), "component")
            return f"shifted circuits, {rows}, {components}"
        case Adjoint():
            return f"adjoint program, {_program_summary(module.forward)}, {counted(module.slots, 'slot')}"


def _program_summary(program: Program) -> str:
    kinds = list(program.kinds)
    counts = [(kinds.count("qubit"), "qubit"), (kinds.count("qumode"), "qumode")]
    counts += [(sum(len(p.elements()) for p in program.parameters), "parameter")]
    counts += [(sum(1 for _ in program.statements()), "statement"), (len(program.outputs), "output")]
    return ", ".join(counted(number, noun) for number, noun in counts if number)

"""`qcompile emit`: the program in a target language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qcompile.cli.options import (
    LANGUAGES,
    Settings,
    file_argument,
    json_option,
    level_option,
    load_module,
    observable_option,
    set_option,
    write_result,
)
from qcompile.diagnostics import Code, error

if TYPE_CHECKING:
    from qcompile.ir import Program


@click.command()
@file_argument
@click.option("--to", "language", type=click.Choice(LANGUAGES), required=True, help="The language to write.")
@level_option
@set_option
@observable_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; else the standard output.")
@json_option
def emit(
    file: str,
    language: str,
    level: int,
    settings: Settings,
    observable: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Write FILE in another language.

    One parametric program, optimised, in gates that the language has. What the language cannot say is refused, with
    the place.
    """
    from qcompile.ir import Program
    from qcompile.targets import emit as written

    module = load_module(file, observable)
    if settings:
        if not isinstance(module, Program):
            raise error(Code.METHOD, "`--set` goes with a program, and this is a derivative", None, "set it before")
        module = _bound(module, settings)
    write_result(written(module, language, level), output, as_json)


def _bound(program: Program, settings: Settings) -> Program:
    """The program with numbers in place of the parameters that are set."""
    from qcompile.diagnostics import did_you_mean
    from qcompile.grammar.checks import counted
    from qcompile.targets.binding import bind_parameters

    known = {p.name: p for p in program.parameters}
    for name, numbers in settings.items():
        if name not in known:
            label = f"the program has no parameter `{name}`"
            raise error(Code.UNKNOWN_NAME, label, help=did_you_mean(name, known))
        size = len(known[name].elements())
        if len(numbers) != size:
            raise error(
                Code.BAD_VALUE,
                f"`{name}` takes {counted(size, 'number', 'numbers')}, given: {len(numbers)}",
                known[name].span,
            )
    pairs = ((known[name], numbers) for name, numbers in settings.items())
    values = {e: number for p, numbers in pairs for e, number in zip(p.elements(), numbers, strict=True)}
    return bind_parameters(program, values)

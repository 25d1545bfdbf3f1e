"""Arguments and options that several commands share, and what their texts mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import click

from qcompile.cli.faults import AS_JSON
from qcompile.diagnostics import Code, CompileError, error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qcompile.ir import Module, Parameter, Program

Command: TypeAlias = Callable[..., Any]
Settings: TypeAlias = dict[str, list[float]]

LANGUAGES = ("qc", "openqasm3", "openqasm2", "quil", "blackbird")
METHODS = ("auto", "shift", "adjoint")


def _settings(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> Settings:
    """`--set p=1.2,0.3` by parameter name."""
    found: Settings = {}
    for text in texts:
        name, equals, numbers = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not of the form name=number", context, option)
        if name in found:
            raise click.BadParameter(f"{name} is set twice", context, option)
        try:
            found[name] = [_number(part) for part in numbers.split(",")]
        except (ValueError, CompileError) as fault:
            raise click.BadParameter(f"{numbers!r} is not a number, or numbers with commas", context, option) from fault
    return found


def _note_json(context: click.Context, _: click.Parameter, wanted: bool) -> bool:
    """Tells the reporter of faults, which knows no command's options."""
    notes = cast("dict[str, bool] | None", context.find_object(dict))
    if notes is not None:
        notes[AS_JSON] = wanted
    return wanted


def _number(text: str) -> float:
    """A number, or a constant expression such as `pi/2`; raises ValueError, CompileError."""
    try:
        return float(text)
    except ValueError:
        from qcompile.grammar import parse_operator

        return sum(float(coefficient) for _, coefficient in parse_operator(text, ()).terms)


file_argument = click.argument("file")
files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")
json_option = click.option("--json", "as_json", is_flag=True, callback=_note_json, help="Print JSON, errors too.")
set_option = click.option(
    "--set", "settings", multiple=True, callback=_settings, metavar="NAME=NUMBERS",
    help="The value of a parameter, as 0.3 or pi/2; commas fill an array. May be repeated.",
)  # fmt: skip
level_option = click.option(
    "-O", "level", type=click.IntRange(0, 3), default=2, show_default=True, help="How much to optimise."
)
method_option = click.option(
    "--method", type=click.Choice(METHODS), default="auto", show_default=True, help="How to differentiate."
)
wrt_option = click.option("--wrt", multiple=True, metavar="NAME", help="Differentiate by this only. May be repeated.")
observable_option = click.option(
    "--observable", metavar="TEXT", help='Return the expectation of this, e.g. "Z[0] Z[1] + 0.5*X[2]".'
)
cutoff_option = click.option("--cutoff", type=click.IntRange(min=2), help="Fock states kept of each qumode.")
shots_option = click.option("--shots", type=click.IntRange(min=1), help="Sample instead of computing exactly.")
seed_option = click.option("--seed", type=click.IntRange(min=0), help="Of whatever is random.")


def load_program(file: str, observable: str | None = None) -> Program:
    """The program in a file, measuring `observable` if one is given; a derivative is refused."""
    from qcompile.ir import Program

    module = load_module(file, observable)
    if not isinstance(module, Program):
        kind = type(module).__name__.lower()
        raise error(Code.METHOD, f"`{file}` holds a derivative ({kind}), where a program is needed")
    return module


def load_module(file: str, observable: str | None = None) -> Module:
    """The program or derivative in a file."""
    from dataclasses import replace

    from qcompile.files import load
    from qcompile.grammar import parse_operator
    from qcompile.ir import Expectation, Observable, Program

    module = load(file)
    if observable is None:
        return module
    if not isinstance(module, Program):
        raise error(Code.METHOD, "`--observable` goes with a program, and this is a derivative")
    operator = parse_operator(observable, module.registers, module.parameters)
    return replace(module, outputs=(Expectation(Observable(operator)),))


def shaped_settings(settings: Settings, parameters: Iterable[Parameter]) -> dict[str, float | list[float]]:
    """The settings as values: one number for a scalar, a list for an array; the rest is for the simulator to refuse."""
    scalars = {p.name for p in parameters if p.size is None}
    for name, numbers in settings.items():
        if name in scalars and len(numbers) != 1:
            raise error(Code.BAD_VALUE, f"`{name}` is one number, given: {len(numbers)}")
    return {name: numbers[0] if name in scalars else numbers for name, numbers in settings.items()}

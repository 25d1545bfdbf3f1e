"""Arguments and options that several commands share, and what their texts mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from qcompile.cli.session import Session, current_session
from qcompile.diagnostics import Code, CompileError, error
from qcompile.languages import LANGUAGES as KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from qcompile.ir import Module, Parameter, Program

Command: TypeAlias = Callable[..., Any]
Settings: TypeAlias = dict[str, list[float]]

LANGUAGES = tuple(KNOWN)
PRECISIONS = ("double", "single")
METHODS = ("auto", "shift", "adjoint", "hadamard", "finite-differences", "spsa", "stochastic")


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
    context.ensure_object(Session).as_json = wanted
    return wanted


def _note_language(context: click.Context, _: click.Parameter, language: str | None) -> None:
    context.ensure_object(Session).language = language


def _note_bound(context: click.Context, _: click.Parameter, bound: int | None) -> None:
    context.ensure_object(Session).loop_bound = bound


def finite(context: click.Context, option: click.Parameter, number: float) -> float:
    """Refuses `inf` and `nan`, which click takes for numbers."""
    if not math.isfinite(number):
        raise click.BadParameter(f"{number} is not a finite number", context, option)
    return number


def reads_files(command: Command) -> Command:
    """Adds the options that say how files are read; `load_module` heeds them."""
    for option in (_bound_option, _language_option):
        command = option(command)
    return command


def _number(text: str) -> float:
    """A number, or a constant expression such as `pi/2`; raises ValueError, CompileError."""
    try:
        return float(text)
    except ValueError:
        from qcompile.grammar import parse_operator

        return sum(float(coefficient) for _, coefficient in parse_operator(text, ()).terms)


_language_option = click.option(
    "--from", "reading", type=click.Choice(LANGUAGES), expose_value=False, callback=_note_language,
    help="The language of FILE; else its ending says it, or its first line.",
)  # fmt: skip
_bound_option = click.option(
    "--loop-bound", "loop_bound", type=click.IntRange(min=0), expose_value=False, callback=_note_bound, metavar="N",
    help="How often a loop turns at most that waits for a measurement.",
)  # fmt: skip


def file_argument(command: Command) -> Command:
    """FILE, and how to read it."""
    return click.argument("file")(reads_files(command))


def files_argument(command: Command) -> Command:
    """One FILE or several, and how to read them."""
    return click.argument("files", nargs=-1, required=True, metavar="FILE...")(reads_files(command))


json_option = click.option("--json", "as_json", is_flag=True, callback=_note_json, help="Print JSON, errors too.")
set_option = click.option(
    "--set", "settings", multiple=True, callback=_settings, metavar="NAME=NUMBERS",
    help="The value of a parameter, as 0.3 or pi/2; commas fill an array. May be repeated.",
)  # fmt: skip
level_option = click.option(
    "-O", "level", type=click.IntRange(0, 3), default=2, show_default=True, help="How much to optimise."
)
method_option = click.option(
    "--method",
    default="auto",
    show_default=True,
    metavar="METHOD",
    help=f"{', '.join(METHODS)}; options in braces, as hadamard{{mode=reversed}}.",
)
wrt_option = click.option("--wrt", multiple=True, metavar="NAME", help="Differentiate by this only. May be repeated.")
observable_option = click.option(
    "--observable", metavar="TEXT", help='Return the expectation of this, e.g. "Z[0] Z[1] + 0.5*X[2]".'
)
cutoff_option = click.option("--cutoff", type=click.IntRange(min=2), help="Fock states kept of each qumode.")
threads_option = click.option("--threads", type=click.IntRange(min=1), help="For a large state; all by default.")
precision_option = click.option(
    "--precision", type=click.Choice(PRECISIONS), default="double", show_default=True, help="Of qubits' amplitudes."
)
shots_option = click.option("--shots", type=click.IntRange(min=1), help="Sample instead of computing exactly.")
seed_option = click.option("--seed", type=click.IntRange(min=0), help="Of whatever is random.")


def load_program(file: str, observable: str | None = None) -> Program:
    """The program in a file, measuring `observable` if one is given; a derivative is refused."""
    from qcompile.ir import Program

    module = load_module(file, observable)
    if not isinstance(module, Program):
        kind = type(module).__name__.lower()
        label = f"`{file}` holds a derivative ({kind}), where a program is needed"
        raise error(Code.METHOD, label, None, "give the program that it is the derivative of")
    return module


def load_module(file: str, observable: str | None = None) -> Module:
    """The program or derivative in a file, read as `--from` and `--loop-bound` say."""
    from qcompile.files import load
    from qcompile.grammar import observe
    from qcompile.ir import Program

    session = current_session()
    module = load(file, session.language, loop_bound=session.loop_bound)
    if observable is None:
        return module
    if not isinstance(module, Program):
        label = "`--observable` goes with a program, and this is a derivative"
        raise error(Code.METHOD, label, None, "leave it out: a derivative says what it measures")
    return observe(module, observable)


def check_returns(module: Module, file: str) -> None:
    """A program that is run or differentiated returns something.

    Raises:
        CompileError: NO_OUTPUT.
    """
    from qcompile.ir import Program

    if isinstance(module, Program) and not module.outputs:
        cure = 'say what to measure: `--observable "Z[0]"`, or in the program `return expect(Z[0]);`'
        if "qubit" not in module.kinds:
            cure = cure.replace("Z[0]", "x[0]")
        name = "<stdin>" if file == "-" else file
        raise error(Code.NO_OUTPUT, f"`{name}` returns nothing", None, cure)


def write_result(text: str, output: Path | None, as_json: bool) -> None:
    """The text to the file, or else to the standard output; as JSON with the name of where it is."""
    from qcompile.files import write_text

    if output is not None:
        write_text(output, text)
    if as_json:
        current_session().print_json({"text": text} if output is None else {"file": str(output)})
    elif output is None:
        click.echo(text, nl=False)


def shaped_settings(settings: Settings, parameters: Iterable[Parameter]) -> dict[str, float | list[float]]:
    """The settings as values: one number for a scalar, a list for an array; the rest is for the simulator to refuse."""
    scalars = {p.name for p in parameters if p.size is None}
    for name, numbers in settings.items():
        if name in scalars and len(numbers) != 1:
            raise error(Code.BAD_VALUE, f"`{name}` is one number, given: {len(numbers)}")
    return {name: numbers[0] if name in scalars else numbers for name, numbers in settings.items()}


def bound_settings(module: Module, settings: Settings) -> Program:
    """The program with numbers in place of the parameters that are set.

    Raises:
        CompileError: METHOD for a derivative, UNKNOWN_NAME, BAD_VALUE.
    """
    from qcompile.diagnostics import did_you_mean
    from qcompile.grammar.checks import counted
    from qcompile.ir import Program
    from qcompile.targets.binding import bind_parameters

    if not isinstance(module, Program):
        raise error(Code.METHOD, "`--set` goes with a program, and this is a derivative", None, "set it before")

    known = {p.name: p for p in module.parameters}
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
    return bind_parameters(module, values)

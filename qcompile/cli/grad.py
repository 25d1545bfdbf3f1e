"""`qcompile grad`: the derivative, as a program or a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qcompile.cli.options import (
    LANGUAGES,
    Settings,
    check_returns,
    file_argument,
    json_option,
    level_option,
    load_module,
    method_option,
    observable_option,
    set_option,
    shaped_settings,
    wrt_option,
)
from qcompile.cli.results import certificates, costs
from qcompile.cli.session import current_session
from qcompile.cli.terminal import spinner

if TYPE_CHECKING:
    from qcompile.ir import Adjoint, Shifted
    from qcompile.targets import Bundle
    from qcompile.targets.grouping import Strategy

GROUPINGS = ("qubit-wise", "commuting")


@click.command()
@file_argument
@wrt_option
@method_option
@observable_option
@level_option
@click.option("--to", "language", type=click.Choice(LANGUAGES), help="Write a bundle in this language.")
@click.option(
    "--grouping",
    type=click.Choice(GROUPINGS),
    default=GROUPINGS[0],
    show_default=True,
    help="What a bundle measures together: words that agree wire by wire, or all that commute, by deeper circuits.",
)
@click.option("--shots", type=click.IntRange(min=1), help="Share these out in a bundle; best with --set.")
@set_option
@click.option("-o", "--output", metavar="PATH", help="The bundle's folder, or the file for the printed derivative.")
@json_option
def grad(
    file: str,
    wrt: tuple[str, ...],
    method: str,
    observable: str | None,
    level: int,
    language: str | None,
    grouping: Strategy,
    shots: int | None,
    settings: Settings,
    output: str | None,
    as_json: bool,
) -> None:
    """Differentiate FILE, into a program or a bundle.

    The program is printed; a bundle (--to LANG -o DIR) is files: programs, the settings to run them at, and how to
    combine what they return.
    """
    if language not in (None, "qc") and output is None:
        raise click.UsageError(f"a bundle in {language} is a folder: name it with -o")
    if shots is not None and language in (None, "qc"):
        raise click.UsageError("--shots goes with a bundle: name its language with --to")
    if settings and shots is None:
        raise click.UsageError("--set says where to share out --shots; a derivative keeps its parameters")
    with spinner("differentiating"):
        derivative = _derivative(file, wrt, method, observable, level)
    if language not in (None, "qc"):
        with spinner("writing the bundle"):
            made = _bundle(derivative, language, level, grouping, shots, settings)
        click.echo(f"{made.save(str(output))}: {', '.join(sorted(made.files))}", err=True)
    elif output is not None or not as_json:
        _print(derivative, output)
    if as_json:
        current_session().print_json(
            {
                **costs(derivative, method),
                "certificates": certificates(derivative),
                "components": _components(derivative),
            }
        )


def _derivative(file: str, wrt: tuple[str, ...], method: str, observable: str | None, level: int) -> Shifted | Adjoint:
    from qcompile.ir import Adjoint, Shifted
    from qcompile.passes import Inline, Optimize
    from qcompile.passes.differentiate import differentiate

    module = load_module(file, observable)
    check_returns(module, file)
    derivative = Optimize(level)(differentiate(Optimize(level)(Inline()(module)), wrt or None, method))
    if not isinstance(derivative, Shifted | Adjoint):
        raise AssertionError("optimising a derivative gives a derivative")
    return derivative


def _print(derivative: Shifted | Adjoint, output: str | None) -> None:
    from qcompile.files import write_text
    from qcompile.grammar import to_text

    text = to_text(derivative)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(Path(output), text)


def _bundle(
    derivative: Shifted | Adjoint, language: str, level: int, grouping: Strategy, shots: int | None, settings: Settings
) -> Bundle:
    from qcompile.run import parameters_of
    from qcompile.targets import bundle

    values = shaped_settings(settings, parameters_of(derivative)) if settings else None
    return bundle(derivative, language, level, grouping, shots, values)


def _components(derivative: Shifted | Adjoint) -> list[dict[str, Any]]:
    from qcompile.ir import Shifted

    if isinstance(derivative, Shifted):
        return [
            {"output": c.output, "wrt": [str(element) for element in c.wrt], "class": c.exactness.value}
            for c in derivative.components
        ]
    return [{"output": c.output, "wrt": [str(c.wrt)], "class": "exact"} for c in derivative.components]

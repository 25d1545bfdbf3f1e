"""`qcompile grad`: the derivative, as a program or a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qcompile.cli.options import (
    LANGUAGES,
    check_returns,
    file_argument,
    json_option,
    level_option,
    load_module,
    method_option,
    observable_option,
    wrt_option,
)
from qcompile.cli.results import costs
from qcompile.cli.session import current_session
from qcompile.cli.terminal import spinner

if TYPE_CHECKING:
    from qcompile.ir import Adjoint, Shifted


@click.command()
@file_argument
@wrt_option
@method_option
@observable_option
@level_option
@click.option("--to", "language", type=click.Choice(LANGUAGES), help="Write a bundle in this language.")
@click.option("-o", "--output", metavar="PATH", help="The bundle's folder, or the file for the printed derivative.")
@json_option
def grad(
    file: str,
    wrt: tuple[str, ...],
    method: str,
    observable: str | None,
    level: int,
    language: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Differentiate FILE, into a program or a bundle.

    The program is printed; a bundle (--to LANG -o DIR) is files: programs, the settings to run them at, and how to
    combine what they return.
    """
    if language not in (None, "qc") and output is None:
        raise click.UsageError(f"a bundle in {language} is a folder: name it with -o")
    with spinner("differentiating"):
        derivative = _derivative(file, wrt, method, observable, level)
    if language not in (None, "qc"):
        _write_bundle(derivative, language, level, str(output))
    elif output is not None or not as_json:
        _print(derivative, output)
    if as_json:
        current_session().print_json({**costs(derivative), "components": _components(derivative)})


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


def _write_bundle(derivative: Shifted | Adjoint, language: str, level: int, folder: str) -> None:
    from qcompile.targets import bundle

    made = bundle(derivative, language, level)
    saved = made.save(folder)
    click.echo(f"{saved}: {', '.join(sorted(made.files))}", err=True)


def _components(derivative: Shifted | Adjoint) -> list[dict[str, Any]]:
    from qcompile.ir import Shifted

    if isinstance(derivative, Shifted):
        return [
            {"output": c.output, "wrt": [str(element) for element in c.wrt], "class": c.exactness.value}
            for c in derivative.components
        ]
    return [{"output": c.output, "wrt": [str(c.wrt)], "class": "exact"} for c in derivative.components]

"""`qcompile opt`: run passes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qcompile.cli.options import (
    file_argument,
    json_option,
    level_option,
    load_module,
    observable_option,
    write_result,
)
from qcompile.cli.terminal import print_table

if TYPE_CHECKING:
    from qcompile.ir import Module
    from qcompile.passes import Pass, Pipeline


@click.command()
@file_argument
@click.option("--passes", "text", metavar="TEXT", help='E.g. "inline,optimize{level=1}"; else -O decides.')
@level_option
@observable_option
@click.option("--print-after", "shown", metavar="PASS", help="Print what this pass makes, or with `all` every pass.")
@click.option("--verify-each", is_flag=True, help="Check the program after every pass.")
@click.option("--statistics", is_flag=True, help="Say how many statements there were before and after every pass.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; else the standard output.")
@json_option
def opt(
    file: str,
    text: str | None,
    level: int,
    observable: str | None,
    shown: str | None,
    verify_each: bool,
    statistics: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Run passes on FILE and print what comes out."""
    from qcompile.grammar import to_text

    steps = _pipeline(text, level, shown, verify_each)
    module, counts = steps.run(load_module(file, observable))
    write_result(to_text(module), output, as_json)
    if statistics:
        print_table(["pass", "before", "after"], [(c.name, c.before, c.after) for c in counts], to_stderr=True)


def _pipeline(text: str | None, level: int, shown: str | None, verify_each: bool) -> Pipeline:
    from dataclasses import replace

    from qcompile.passes import pipeline

    steps = pipeline(f"optimize{{level={level}}}" if text is None else text)
    names = [step.name for step in steps.passes]
    if shown not in (None, "all", *names):
        raise click.BadParameter(f"{shown!r} does not run; what does: {', '.join(names)}", param_hint="--print-after")

    def show(step: Pass, module: Module) -> None:
        from qcompile.grammar import to_text
        from qcompile.passes import pass_text

        if shown in ("all", step.name):
            click.echo(f"// after {pass_text(step)}\n{to_text(module)}", err=True)

    return replace(steps, verify_each=verify_each, after_each=show)

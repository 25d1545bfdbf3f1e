"""`qcompile emit`: the program in a target language."""

from __future__ import annotations

from pathlib import Path

import click

from qcompile.cli.options import (
    LANGUAGES,
    Settings,
    bound_settings,
    file_argument,
    json_option,
    level_option,
    load_module,
    observable_option,
    set_option,
    write_result,
)


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
    from qcompile.targets import emit as written

    module = load_module(file, observable)
    if settings:
        module = bound_settings(module, settings)
    write_result(written(module, language, level), output, as_json)

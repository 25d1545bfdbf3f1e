"""`qcompile draw`: the circuit, in the terminal or as a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qcompile.cli.options import (
    Settings,
    bound_settings,
    file_argument,
    load_module,
    observable_option,
    set_option,
)

if TYPE_CHECKING:
    from qcompile.draw import Drawing

WIDTH = 100
_COLOURS = {
    "wire": "dim", "note": "dim", "port": "dim", "barrier": "dim", "caption": "bold", "condition": "bold",
    "symbol": "bold bright_blue", "gate": "bright_blue", "definition": "magenta", "channel": "red",
    "measure": "green", "keep": "green", "prepare": "cyan", "gradient": "bold yellow", "slot": "bold yellow",
}  # fmt: skip


def _known_ending(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix not in (".svg", ".txt"):
        raise click.BadParameter(f"`{path}` ends neither in `.svg` nor in `.txt`", context, option)
    return path


@click.command()
@file_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), callback=_known_ending,
    help="The .svg or .txt file to write; else the standard output, as text.",
)  # fmt: skip
@click.option("--width", type=click.IntRange(min=1), help="Characters in a line; else the terminal's, or 100.")
@click.option("--all", "everything", is_flag=True, help="Draw a large program whole.")
@click.option("--no-color", is_flag=True, help="Draw without colour, also in a terminal.")
@set_option
@observable_option
def draw(
    file: str,
    output: Path | None,
    width: int | None,
    everything: bool,
    no_color: bool,
    settings: Settings,
    observable: str | None,
) -> None:
    """Draw the circuit in FILE, in the terminal or as SVG.

    Of a derivative its shifted circuits, slots marked, or its reverse schedule.
    """
    from qcompile.draw import draw as drawn

    module = load_module(file, observable)
    drawing = drawn(bound_settings(module, settings) if settings else module, everything=everything)
    if output is not None:
        drawing.save(output, width or WIDTH)
    elif sys.stdout.isatty():
        _print(drawing, width, no_color)
    else:
        click.echo(drawing.text(width or WIDTH), nl=False)


def _print(drawing: Drawing, width: int | None, no_color: bool) -> None:
    """In colour where the terminal has any; the lines are never folded."""
    from rich.console import Console
    from rich.text import Text

    console = Console(no_color=no_color or None, highlight=False)
    for line in drawing.lines(width or console.width):
        console.print(Text.assemble(*((text, _COLOURS.get(style, "")) for text, style in line)), soft_wrap=True)

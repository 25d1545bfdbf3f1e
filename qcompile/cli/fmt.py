"""`qcompile fmt`: the canonical layout."""

from __future__ import annotations

from pathlib import Path

import click

from qcompile.diagnostics import Code, CompileError, Diagnostic, error


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if anything would change.")
def fmt(files: tuple[str, ...], check: bool) -> None:
    """Lay out each FILE of qcompile's own language, in place.

    The standard input, -, goes to the standard output. Faulty files stay as they are.
    """
    found: list[Diagnostic] = []
    changed = False
    for file in files:
        try:
            changed |= _format_file(file, check)
        except CompileError as fault:
            found += fault.diagnostics
    if found:
        raise CompileError(found)
    raise click.exceptions.Exit(1 if check and changed else 0)


def _format_file(file: str, check: bool) -> bool:
    """Does the layout change anything? Unless only that is asked, it is written."""
    from qcompile.files import STDIN, read_text, write_text
    from qcompile.formatting import format  # noqa: A004
    from qcompile.grammar.languages import language_of

    text = read_text(file)
    if language_of("" if file == STDIN else Path(file).suffix, text) != "qc":
        cure = "translate it first: `qcompile emit FILE --to qc`"
        raise error(Code.UNKNOWN_LANGUAGE, f"`{file}` is not in qcompile's own language", None, cure)
    made = format(text, "<stdin>" if file == STDIN else file)
    if check:
        if made != text:
            click.echo(f"{file}: would change")
    elif file == STDIN:
        click.echo(made, nl=False)
    elif made != text:
        write_text(Path(file), made)
        click.echo(f"{file}: formatted")
    return made != text

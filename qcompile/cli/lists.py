"""`qcompile gates`, `passes`, `targets` and `explain`: what there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, TypeAlias

import click

from qcompile.cli.options import json_option
from qcompile.cli.terminal import print_table
from qcompile.diagnostics import Code, did_you_mean
from qcompile.diagnostics.pages import read_page

if TYPE_CHECKING:
    from qcompile.gates import Gate

Cell: TypeAlias = bool | int | str | list[str]


@click.command()
@json_option
def gates(as_json: bool) -> None:
    """List the gates of the language."""
    from qcompile.gates import TABLE

    _show(
        [
            {
                "name": gate.name,
                "angles": list(gate.parameters),
                "wires": list(gate.wires),
                "aliases": list(gate.aliases),
                "generator": _generator_text(gate),
            }
            for gate in TABLE.values()
        ],
        as_json,
    )


@click.command()
@json_option
def passes(as_json: bool) -> None:
    """List the passes that `opt --passes` takes."""
    from qcompile.passes import PASSES

    _show(
        [
            {
                "name": name,
                "options": _option_texts(kind()),
                "does": (kind.__doc__ or "").partition("\n")[0],
            }
            for name, kind in sorted(PASSES.items())
        ],
        as_json,
    )


@click.command()
@json_option
def targets(as_json: bool) -> None:
    """List the languages that `emit --to` and `grad --to` write."""
    from qcompile.gates import TABLE
    from qcompile.targets.emit import LANGUAGES

    def native(language: str) -> int:
        return sum(1 for gate in TABLE.values() if getattr(gate.spelling, language))

    own = ("qc", "qcompile's own", ".qc", len(TABLE), True)
    others = [(each.name, each.title, each.ending, native(each.name), each.parametric) for each in LANGUAGES.values()]
    columns = ("name", "language", "ending", "gates", "parameters")
    _show([dict(zip(columns, row, strict=True)) for row in (own, *others)], as_json)


@click.command()
@click.argument("code", required=False)
@json_option
def explain(code: str | None, as_json: bool) -> None:
    """Say what a diagnostic means and what cures it.

    CODE is as the diagnostic says it, such as QC0202; without one, all are listed.
    """
    if code is None:
        _show([{"code": each.id, "severity": each.severity, "title": each.title} for each in Code], as_json)
        return
    known = {member.id: member for member in Code}
    found = known.get(code.upper())
    if found is None:
        hint = did_you_mean(code.upper(), known) or f"they run from {min(known)} to {max(known)}"
        raise click.BadParameter(f"no code {code}: {hint}", param_hint="CODE")
    page = read_page(found)
    if as_json:
        click.echo(json.dumps({"code": found.id, "severity": found.severity, "title": found.title, "page": page}))
    else:
        click.echo("\n".join(_page_lines(page)))


def _page_lines(page: str) -> Iterator[str]:
    """The page as plain text: programs and commands are indented."""
    is_code = False
    for line in page.splitlines():
        if line.startswith("```"):
            is_code = not is_code
            if is_code:
                yield ""
        elif is_code:
            yield f"    {line}".rstrip()
        else:
            yield line.lstrip("# ") if line.startswith("#") else line


def _show(rows: list[dict[str, Cell]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(list(rows[0]), [[_cell(value) for value in row.values()] for row in rows])


def _cell(value: Cell) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value)
        case _:
            return str(value)


def _option_texts(step: object) -> list[str]:
    return [f"{f.name}={f.default}" for f in fields(step)] if is_dataclass(step) else []


def _generator_text(gate: Gate) -> str:
    from qcompile.gates import WIRE_NAMES
    from qcompile.grammar.printer import operator_text
    from qcompile.ir import Register

    if gate.generator is None:
        return ""
    registers = tuple(Register(name, kind) for name, kind in zip(WIRE_NAMES, gate.wires, strict=False))
    return operator_text(gate.generator, registers)

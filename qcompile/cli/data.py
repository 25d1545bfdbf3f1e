"""What is fed, as a table: a header that names entries of inputs, and a row of numbers for each row of the batch."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qcompile.diagnostics import Code, CompileError, did_you_mean, error

if TYPE_CHECKING:
    from qcompile.ir import Parameter


def read_data(name: str, parameters: Iterable[Parameter]) -> dict[str, list[float] | list[list[float]]]:
    """By input, a value or a list of them for each row, from a file of comma-separated values.

    Args:
        parameters: those that may be named; an array by all its entries, `x[0],x[1]`.

    Raises:
        CompileError: UNREADABLE, NOT_TEXT, BAD_VALUE.
    """
    from qcompile.files import read_text

    lines = [row for row in csv.reader(read_text(name).splitlines(), skipinitialspace=True) if row]
    if len(lines) < 2:
        raise _bad(name, "it has no rows", "put the names of inputs in its first line, and numbers below")
    header = [cell.strip() for cell in lines[0]]
    known = {str(element): p for p in parameters if p.role == "input" for element in p.elements()}
    for cell in header:
        if cell not in known:
            raise _bad(name, f"no input `{cell}`", did_you_mean(cell, known) or f"inputs: {', '.join(known) or 'none'}")
    if len(set(header)) < len(header):
        raise _bad(name, "it names an input twice", "give each input one column")
    columns = list(zip(*(_numbers(name, k, row, len(header)) for k, row in enumerate(lines[1:], 2)), strict=True))
    by_cell = dict(zip(header, columns, strict=True))
    found: dict[str, list[float] | list[list[float]]] = {}
    for p in dict.fromkeys(known[cell] for cell in header):
        cells = [str(element) for element in p.elements()]
        missing = [cell for cell in cells if cell not in by_cell]
        if missing:
            raise _bad(name, f"`{missing[0]}` is missing", "give every entry of an array a column")
        table = [by_cell[cell] for cell in cells]
        found[p.name] = list(table[0]) if p.size is None else [list(row) for row in zip(*table, strict=True)]
    return found


def _numbers(name: str, line: int, row: list[str], count: int) -> list[float]:
    if len(row) != count:
        raise _bad(name, f"line {line} has {len(row)} columns, the first {count}", "give every row a number each")
    try:
        return [float(cell) for cell in row]
    except ValueError as fault:
        raise _bad(name, f"line {line} holds what is no number", "give plain numbers") from fault


def _bad(name: str, label: str, cure: str) -> CompileError:
    return error(Code.BAD_VALUE, f"`{name}`: {label}", None, cure)

"""Post-selection for languages that have none: left out of the text, and told to whoever reads the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from qcompile.diagnostics import Span
from qcompile.ir import If, Measure, Postselect, Program, Statement
from qcompile.targets.writing import Condition, unsayable

_LATER = "measure into bits that nothing is measured into again, and post-select outside of branches"


def without_selection(program: Program) -> tuple[Program, Condition]:
    """The program that keeps every run, and what each bit is at its end in the runs to keep.

    Raises:
        CompileError: UNSAYABLE where the end does not tell: in a branch, or when a bit is measured into again.
    """
    kept: dict[tuple[int, bool], Span | None] = {}
    for statement in program.body:
        if isinstance(statement, Postselect):
            kept |= dict.fromkeys(statement.condition, statement.span)
            continue
        for inner in _flattened([statement]):
            if isinstance(inner, Postselect):
                raise unsayable("post-selection in a branch cannot be left to the reader", inner.span, _LATER)
            cells = inner.cells if isinstance(inner, Measure) else ()
            if overwritten := [pair for pair in kept if pair[0] in cells]:
                label = "post-selection on a bit that is measured into again cannot be left to the reader"
                raise unsayable(label, kept[overwritten[0]], _LATER)
    body = tuple(statement for statement in program.body if not isinstance(statement, Postselect))
    return replace(program, body=body), tuple(sorted(kept))


def _flattened(body: Iterable[Statement]) -> Iterator[Statement]:
    for statement in body:
        yield statement
        if isinstance(statement, If):
            yield from _flattened((*statement.then, *statement.otherwise))

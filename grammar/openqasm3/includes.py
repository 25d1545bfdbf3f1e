"""Included files: `stdgates.inc`, which is built in, and files of the program's folder."""

from __future__ import annotations

from qcompile.diagnostics import Code, Source
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.library import STDGATES
from qcompile.grammar.openqasm3.state import State
from qcompile.grammar.openqasm3.statements import run
from qcompile.grammar.openqasm3.syntax import read_statements


def include(node: tree.Include, state: State) -> None:
    """Carry out the statements of the file; raises MISPLACED, IMPORT and what is wrong there."""
    if state.names.outer is not None:
        label = "files are included at the top of a program"
        raise state.fail(Code.MISPLACED, label, node, "move it out of the block")
    if node.path == "stdgates.inc":
        _library(node, state)
        return
    files, span = state.files, state.span(node)
    path = files.find(node.path, span)
    outer = state.source
    with files.reading(path, node.path, span):
        try:
            state.source = Source(node.path, files.text(path, node.path, span))
            run(read_statements(state.source), state)
        finally:
            state.source = outer


def _library(node: tree.Include, state: State) -> None:
    found = state.names.found
    for name in STDGATES:
        if name in found and found[name][1] is not None:
            label = f"stdgates.inc defines `{name}`, and so does the program above"
            raise state.fail(Code.DUPLICATE_NAME, label, node, "include it first, and give that another name")
    found.update((name, (gate, None)) for name, gate in STDGATES.items())

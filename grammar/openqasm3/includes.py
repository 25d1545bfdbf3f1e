"""Included files: `stdgates.inc`, which is built in, and files of the program's folder."""

from __future__ import annotations

from pathlib import Path

from qcompile.diagnostics import Code, Source
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.library import STDGATES
from qcompile.grammar.openqasm3.state import State
from qcompile.grammar.openqasm3.statements import run
from qcompile.grammar.openqasm3.syntax import read_statements

MAX_BYTES = 1 << 22
MAX_FILES = 100
_PLACE = "included files lie in the program's folder or below; `stdgates.inc` is built in"


def include(node: tree.Include, state: State) -> None:
    """Carry out the statements of the file; raises MISPLACED, IMPORT and what is wrong there."""
    if state.names.outer is not None:
        label = "files are included at the top of a program"
        raise state.fail(Code.MISPLACED, label, node, "move it out of the block")
    if node.path == "stdgates.inc":
        _library(node, state)
        return
    path = _path(node, state)
    if path in state.open_files:
        advice = "files do not include each other in a ring"
        raise state.fail(Code.IMPORT, f"`{node.path}` includes this file", node, advice)
    state.files += 1
    if state.files > MAX_FILES:
        raise state.fail(Code.TOO_LARGE, f"this is one of more than {MAX_FILES} files", node, "include fewer")
    outer = state.source
    state.open_files.append(path)
    try:
        state.source = _source(node, path, state)
        run(read_statements(state.source), state)
    finally:
        state.source = outer
        state.open_files.pop()


def _library(node: tree.Include, state: State) -> None:
    found = state.names.found
    for name in STDGATES:
        if name in found and found[name][1] is not None:
            label = f"stdgates.inc defines `{name}`, and so does the program above"
            raise state.fail(Code.DUPLICATE_NAME, label, node, "include it first, and give that another name")
    found.update((name, (gate, None)) for name, gate in STDGATES.items())


def _path(node: tree.Include, state: State) -> Path:
    folder = state.options.folder
    if folder is None:
        raise state.fail(Code.IMPORT, "this text comes from no folder to include from", node, _PLACE)
    try:
        path = (folder / node.path).resolve()
        is_inside = path.is_relative_to(folder.resolve())
        is_there = is_inside and path.is_file()
    except (OSError, ValueError, RuntimeError):
        is_inside, is_there, path = True, False, folder
    if not is_inside:
        raise state.fail(Code.IMPORT, "this file lies outside of the program's folder", node, _PLACE)
    if not is_there:
        raise state.fail(Code.IMPORT, f"there is no file `{node.path}`", node, _PLACE)
    return path


def _source(node: tree.Include, path: Path, state: State) -> Source:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise state.fail(Code.TOO_LARGE, f"`{node.path}` has more than {MAX_BYTES >> 20} MiB", node, "split it")
        return Source(node.path, data.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        raise state.fail(Code.IMPORT, f"`{node.path}` cannot be read", node, "include a UTF-8 text") from None

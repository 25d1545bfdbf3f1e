"""INCLUDE: the statements of other files, put where the line stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qcompile.diagnostics import Source, Span
from qcompile.grammar.includes import Files, Wording
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.syntax import read_module

_WORDING = Wording(
    nowhere=(
        "this text has no folder to include files from",
        "read the program from a file, or put the other one's text here",
    ),
    outside=(
        "`{name}` lies outside of the program's folder",
        "move the file there, and name it by its path from here",
    ),
    missing=("there is no file `{name}`", "paths are relative to the file that includes"),
    ring=("`{name}` includes itself", "take the common part into a third file"),
)


def statements(source: Source, folder: Path | None) -> Iterator[tuple[tree.Statement, Source]]:
    """A text's statements with those of the files it includes, all within the folder.

    Raises:
        CompileError: SYNTAX, IMPORT, TOO_LARGE, TOO_DEEP, NOT_TEXT.
    """
    return _statements(source, Files(folder, _WORDING), None)


def _statements(source: Source, files: Files, base: Path | None) -> Iterator[tuple[tree.Statement, Source]]:
    for node in read_module(source):
        if not isinstance(node, tree.Inclusion):
            yield node, source
            continue
        span = Span(source, node.start, node.end)
        path = files.find(node.path, span, base)
        with files.reading(path, node.path, span):
            inner = Source(files.shown(path), files.text(path, node.path, span))
            yield from _statements(inner, files, path.parent)

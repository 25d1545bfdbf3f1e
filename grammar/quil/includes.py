"""INCLUDE: the statements of other files, put where the line stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qcompile.diagnostics import Code, Source, Span, error
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.syntax import read_module

MAX_BYTES = 1 << 24
MAX_FILES = 1000


class Files:
    """The files of one reading, all within a folder."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = None if folder is None else folder.resolve()
        self._count = 0

    def statements(self, source: Source) -> Iterator[tuple[tree.Statement, Source]]:
        """A text's statements with those of the files it includes.

        Raises:
            CompileError: SYNTAX, IMPORT, TOO_LARGE, NOT_TEXT.
        """
        # A stack, not recursion: what is left of each file, its folder, and the path by which it is open.
        stack: list[tuple[Iterator[tree.Statement], Source, Path | None, Path | None]] = [
            (iter(read_module(source)), source, self.folder, None)
        ]
        while stack:
            left, current, folder, _ = stack[-1]
            node = next(left, None)
            if node is None:
                stack.pop()
            elif isinstance(node, tree.Inclusion):
                path = self._path(node, Span(current, node.start, node.end), folder, [entry[3] for entry in stack])
                text = self._text(path, node, Span(current, node.start, node.end))
                inner = Source(self._shown(path), text)
                stack.append((iter(read_module(inner)), inner, path.parent, path))
            else:
                yield node, current

    def _path(self, node: tree.Inclusion, span: Span, folder: Path | None, opened: list[Path | None]) -> Path:
        if self.folder is None or folder is None:
            advice = "read the program from a file, or put the other one's text here"
            raise error(Code.IMPORT, "this text has no folder to include files from", span, advice)
        try:
            path = (folder / node.path).resolve()
            is_inside, is_file = path.is_relative_to(self.folder), path.is_file()
        except (OSError, ValueError, RuntimeError):
            is_inside, is_file, path = True, False, folder
        if not is_inside:
            advice = "move the file there, and name it by its path from here"
            raise error(Code.IMPORT, f"`{node.path}` lies outside of the program's folder", span, advice)
        if not is_file:
            advice = "paths are relative to the file that includes"
            raise error(Code.IMPORT, f"there is no file `{node.path}`", span, advice)
        if path in opened:
            raise error(Code.IMPORT, f"`{node.path}` includes itself", span, "take the common part into a third file")
        self._count += 1
        if self._count > MAX_FILES:
            raise error(Code.TOO_LARGE, f"more than {MAX_FILES} files are included", span, "put them into one")
        return path

    def _text(self, path: Path, node: tree.Inclusion, span: Span) -> str:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise error(Code.TOO_LARGE, f"`{node.path}` has more than {MAX_BYTES >> 20} MiB", span, "split it")
            return data.decode("utf-8-sig")
        except OSError as fault:
            reason = fault.strerror or "it cannot be read"
            raise error(Code.IMPORT, f"`{node.path}`: {reason.lower()}", span, "make it readable") from None
        except UnicodeDecodeError:
            raise error(Code.IMPORT, f"`{node.path}` is not UTF-8 text", span, "include Quil programs only") from None

    def _shown(self, path: Path) -> str:
        if self.folder is None:
            raise AssertionError("nothing is included without a folder")
        return path.relative_to(self.folder).as_posix()

"""Files that a text includes or imports: from the program's folder and below, never in a ring, and not too many."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from qcompile.diagnostics import Code, CompileError, Span, error, near_file
from qcompile.grammar.dialect import MAX_DEPTH

MAX_BYTES = 1 << 24
MAX_FILES = 1000


@dataclass(frozen=True, slots=True)
class Wording:
    """What a language says of its files: label and help; `{name}` is the path as written, `{folder}` the program's.

    Attributes:
        nowhere: the text comes from no folder.
        outside: the file lies elsewhere.
        missing: there is no such file; the help stands where no file of the folder has a near name.
        ring: the file is being read already.
    """

    nowhere: tuple[str, str]
    outside: tuple[str, str]
    missing: tuple[str, str]
    ring: tuple[str, str]


class Files:
    """The files of one reading; what is read in all is bounded."""

    def __init__(self, folder: Path | None, wording: Wording) -> None:
        self._folder = folder
        self._wording = wording
        self._opened: list[Path] = []
        self._bytes = self._count = 0

    def find(self, name: str, span: Span, base: Path | None = None) -> Path:
        """Where the path leads, links followed; no file need be there.

        Args:
            base: the folder that the path starts from, if it is not the program's.

        Raises:
            CompileError: IMPORT.
        """
        if self._folder is None:
            raise self._error(self._wording.nowhere, name, span)
        try:
            path = ((base or self._root) / name).resolve()
            is_inside = path.is_relative_to(self._root)
        except (OSError, ValueError, RuntimeError):
            raise self._error(self._wording.missing, name, span) from None
        if not is_inside:
            raise self._error(self._wording.outside, name, span)
        return path

    def text(self, path: Path, name: str, span: Span) -> str:
        """The file's text, without a byte-order mark; raises IMPORT, NOT_TEXT, TOO_LARGE."""
        try:
            if not path.is_file():
                raise self._error(self._wording.missing, name, span, near_file(path, path.suffix))
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1 - self._bytes)
        except (OSError, ValueError) as fault:
            reason = (isinstance(fault, OSError) and fault.strerror) or "this is no path"
            label = f"`{name}` cannot be read: {reason.lower()}"
            raise error(Code.IMPORT, label, span, "name a file that you may read") from None
        self._bytes += len(data)
        self._count += 1
        if self._bytes > MAX_BYTES or self._count > MAX_FILES:
            label = f"up to this, the files have more than {MAX_BYTES >> 20} MiB, or are over {MAX_FILES}"
            raise error(Code.TOO_LARGE, label, span, "name fewer files, or smaller ones")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            label = f"byte {fault.start} of `{name}` is not UTF-8"
            raise error(Code.NOT_TEXT, label, span, "files hold UTF-8 text") from None

    @contextmanager
    def reading(self, path: Path, name: str, span: Span | None) -> Generator[None]:
        """While what the file says is read, and the files that it names; raises IMPORT, TOO_DEEP."""
        self.check_ring(path, name, span)
        self._opened.append(path)
        try:
            yield
        finally:
            self._opened.pop()

    def check_ring(self, path: Path, name: str, span: Span | None) -> None:
        """Raises IMPORT for a file that is being read, TOO_DEEP."""
        if path in self._opened:
            raise self.ring(name, span)
        if len(self._opened) >= MAX_DEPTH:
            label = f"{MAX_DEPTH} files stand one inside the other here"
            raise error(Code.TOO_DEEP, label, span, "name this file further up")

    def ring(self, name: str, span: Span | None) -> CompileError:
        return self._error(self._wording.ring, name, span)

    def shown(self, path: Path) -> str:
        """What messages call a file that was found: its path from the program's folder."""
        return path.relative_to(self._root).as_posix()

    @cached_property
    def _root(self) -> Path:
        if self._folder is None:
            raise AssertionError("nothing is found without a folder")
        return self._folder.resolve()

    def _error(self, words: tuple[str, str], name: str, span: Span | None, advice: str = "") -> CompileError:
        folder = "" if self._folder is None else self._folder.absolute().name
        label, usual = (text.format(name=name, folder=folder) for text in words)
        return error(Code.IMPORT, label, span, advice or usual)

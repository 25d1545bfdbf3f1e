"""The files that a program includes: from its own folder and below, never in a ring."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from qcompile.diagnostics import Code, Source, Span, error

MAX_CHARACTERS = 1 << 24
MAX_FILES = 1000


class Includes:
    """Opens included files; what was read in all is bounded."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._paths: list[Path] = []
        self._characters = self._files = 0

    @contextmanager
    def opened(self, name: str, span: Span) -> Generator[Source, None, None]:
        """The file's text while its statements are read; raises IMPORT, TOO_LARGE."""
        path = self._path(name, span)
        if path in self._paths:
            raise error(Code.IMPORT, f"`{name}` includes itself", span, "files include each other in one direction")
        text = self._text(path, name, span)
        self._paths.append(path)
        try:
            yield Source(name, text)
        finally:
            self._paths.pop()

    def _path(self, name: str, span: Span) -> Path:
        if self._folder is None:
            advice = 'give the program as a file in the folder of its includes; `"qelib1.inc"` is always there'
            raise error(Code.IMPORT, f"there is no folder to read `{name}` from", span, advice)
        folder = path = self._folder.resolve()
        try:
            path = (folder / name).resolve()
            inside = path.is_relative_to(folder)
            found = inside and path.is_file()
        except (OSError, ValueError, RuntimeError):
            inside, found = True, False
        if not inside:
            advice = "included files lie in the program's own folder or below it"
            raise error(Code.IMPORT, f"`{name}` is outside the program's folder", span, advice)
        if not found:
            advice = f'put it into `{folder.name}/`, beside the program; only `"qelib1.inc"` is built in'
            raise error(Code.IMPORT, f"there is no file `{name}`", span, advice)
        return path

    def _text(self, path: Path, name: str, span: Span) -> str:
        try:
            self._files += 1
            self._characters += path.stat().st_size
            if self._characters > MAX_CHARACTERS or self._files > MAX_FILES:
                label = f"the included files have more than {MAX_CHARACTERS >> 20} MiB, or are over {MAX_FILES}"
                raise error(Code.TOO_LARGE, label, span, "include less")
            with path.open("rb") as file:
                return file.read(MAX_CHARACTERS + 1)[:MAX_CHARACTERS].decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise error(
                Code.IMPORT, f"`{name}` cannot be read as text", span, "included files are UTF-8 text"
            ) from None

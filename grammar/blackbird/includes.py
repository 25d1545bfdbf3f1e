"""Files that a Blackbird file includes."""

from __future__ import annotations

from pathlib import Path

from qcompile.diagnostics import Code, CompileError, Source, Span, error

MAX_BYTES = 1 << 22
MAX_NESTED = 20


def find(written: str, base: Path | None, folder: Path | None, place: Span) -> Path:
    """The file that is meant: from the including file's folder, and nowhere outside the program's.

    Raises:
        CompileError: IMPORT.
    """
    if folder is None or base is None:
        advice = "read the program from its file"
        raise error(Code.IMPORT, "this text comes from no folder to include from", place, advice)
    try:
        path = (base / written).resolve()
        inside = path.is_relative_to(folder.resolve())
        exists = inside and path.is_file()
    except (OSError, ValueError, RuntimeError):
        inside, exists, path = True, False, base
    if not inside:
        advice = "move it there, and write its path from this file"
        raise error(Code.IMPORT, "this file lies outside the program's folder", place, advice)
    if not exists:
        raise error(Code.IMPORT, f"there is no file `{written}`", place, "write its path from this file's folder")
    return path


def text_of(path: Path, written: str, place: Span) -> Source:
    """The file's text, called by its path as it is written; raises IMPORT."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return Source(written, data.decode("utf-8-sig"))
        reason = f"it has more than {MAX_BYTES >> 20} MiB"
    except (OSError, UnicodeDecodeError) as fault:
        reason = "it is no UTF-8 text" if isinstance(fault, UnicodeDecodeError) else str(fault.strerror).lower()
    raise error(Code.IMPORT, f"`{written}` cannot be read: {reason}", place, "include a Blackbird file")


def ring(written: str, place: Span) -> CompileError:
    return error(Code.IMPORT, f"`{written}` includes this file", place, "files do not include each other in a ring")

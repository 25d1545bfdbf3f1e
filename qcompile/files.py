"""Reading programs from files, and writing results so that nothing is left half-written."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from qcompile.diagnostics import Code, CompileError, error, near_file

if TYPE_CHECKING:
    from qcompile.ir import Module

MAX_BYTES = 1 << 26
STDIN = "-"


def load(path: str | os.PathLike[str], language: str | None = None, *, loop_bound: int | None = None) -> Module:
    """The program or derivative in a file; `-` is the standard input.

    Args:
        language: `qc`, `openqasm3`, `openqasm2`, `quil` or `blackbird`; else the file's ending says it, and in OpenQASM
            files, and where there is no ending, the text.
        loop_bound: how often a loop turns at most that waits for a measurement result.

    Raises:
        CompileError: UNREADABLE, NOT_TEXT, TOO_LARGE, UNKNOWN_LANGUAGE, or what is wrong in the text.

    Warns:
        CompileWarning: what the text says and the module does not.
    """
    name = os.fspath(path)
    text = read_text(name)
    if name == STDIN:
        return parse(text, language, name="<stdin>", folder=Path(), loop_bound=loop_bound)
    known = language or _language_of(Path(name).suffix, text)
    return parse(text, known, name=name, folder=Path(name).parent, loop_bound=loop_bound)


def parse(
    text: str,
    language: str | None = None,
    *,
    name: str = "<text>",
    folder: Path | None = None,
    loop_bound: int | None = None,
) -> Module:
    """The program or derivative that a text stands for.

    Args:
        language: as for `load`; else OpenQASM is known by its first line, and all else is qcompile's own.
        name: what messages call the text.
        folder: what other files are included or imported from; without one, none are.
        loop_bound: as for `load`.

    Raises:
        CompileError: with everything found wrong, in the order of the text.

    Warns:
        CompileWarning: what the text says and the module does not.
    """
    from qcompile.grammar.languages import ReadOptions, read

    return read(text, language or _language_of("", text), name, ReadOptions(folder, loop_bound))


def read_text(name: str) -> str:
    """The text of a file, or of the standard input for `-`; a byte-order mark is dropped."""
    data = _read(name)
    if len(data) > MAX_BYTES:
        raise error(Code.TOO_LARGE, f"`{name}` has more than {MAX_BYTES >> 20} MiB")
    if b"\0" in data:
        raise error(Code.NOT_TEXT, f"`{name}` holds a zero byte")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise error(Code.NOT_TEXT, f"byte {fault.start} of `{name}` is not UTF-8") from fault


def write_text(path: Path, text: str) -> None:
    """Write the whole file or nothing: beside its place first, then renamed.

    Raises:
        CompileError: UNWRITABLE.
    """
    special = path.exists() and not path.is_file()  # a pipe or a device is not replaced by a file
    try:
        (_write_through if special else _replace_file)(path, text)
    except OSError as fault:
        cure = "name a file in a folder that exists and that you may write to"
        raise error(Code.UNWRITABLE, f"`{path}`: {_reason(fault)}", None, cure) from fault


def _read(name: str) -> bytes:
    try:
        if name == STDIN:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:
        raise _unreadable(name, fault) from fault


def _language_of(ending: str, text: str) -> str:
    from qcompile.grammar.languages import language_of

    return language_of(ending, text)


def _unreadable(name: str, fault: Exception) -> CompileError:
    return error(Code.UNREADABLE, f"`{name}`: {_reason(fault)}", None, near_file(Path(name)) or "check the path")


def _reason(fault: Exception) -> str:
    reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
    return reason[:1].lower() + reason[1:]


def _write_through(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)


def _replace_file(path: Path, text: str) -> None:
    place = path.resolve()  # a link stays a link
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask())
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

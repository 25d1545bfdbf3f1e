"""Reading programs from files, and writing results so that nothing is left half-written."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from qcompile.diagnostics import Code, CompileError, error

if TYPE_CHECKING:
    from qcompile.ir import Module

MAX_BYTES = 1 << 26
ENDING = ".qc"


def load(path: str | os.PathLike[str]) -> Module:
    """The program or derivative in a `.qc` file; `-` is the standard input.

    Raises:
        CompileError: UNREADABLE, NOT_TEXT, TOO_LARGE, UNKNOWN_LANGUAGE, or what is wrong in the text.
    """
    from qcompile.grammar import parse

    name = os.fspath(path)
    if name != "-" and Path(name).suffix != ENDING:
        _readable(name)
        raise error(Code.UNKNOWN_LANGUAGE, f"`{name}` does not end in `{ENDING}`", help=_language_help(name))
    return parse(read_text(name), "<stdin>" if name == "-" else name)


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
        raise error(Code.UNWRITABLE, f"`{path}`: {_reason(fault)}") from fault


def _read(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:
        raise _unreadable(name, fault) from fault


def _readable(name: str) -> None:
    try:
        with Path(name).open("rb"):
            pass
    except (OSError, ValueError) as fault:
        raise _unreadable(name, fault) from fault


def _unreadable(name: str, fault: Exception) -> CompileError:
    return error(Code.UNREADABLE, f"`{name}`: {_reason(fault)}")


def _reason(fault: Exception) -> str:
    reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
    return reason[:1].lower() + reason[1:]


def _language_help(name: str) -> str:
    known = {".qasm": "OpenQASM", ".quil": "Quil", ".xbb": "Blackbird"}
    language = known.get(Path(name).suffix)
    if language is None:
        return f"rename it to end in `{ENDING}`, or feed it by the standard input: `-`"
    return f"{language} is written, not read: say the program in `{ENDING}`"


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

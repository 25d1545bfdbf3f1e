"""Reading a text in any of the languages: which it is in, and what reads it."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from qcompile.diagnostics import Code, Source, did_you_mean, error
from qcompile.ir import Module
from qcompile.ir.verify import verify
from qcompile.languages import LANGUAGES

__all__ = ["LANGUAGES", "ReadOptions", "language_of", "read"]

_COMMENTS = re.compile(r"(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*")
_VERSION = re.compile(r"OPENQASM\s+(\d+)")
_READERS = {"qc": "qcompile.grammar.reader"}  # of the others, the package of their name


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may need beside the text.

    Attributes:
        folder: what other files are included or imported from; without one, none are.
        loop_bound: how often a loop turns at most that waits for a measurement result and states no bound itself.
    """

    folder: Path | None = None
    loop_bound: int | None = None


def read(text: str, language: str = "qc", name: str = "<text>", options: ReadOptions = ReadOptions()) -> Module:
    """The verified module that a text stands for.

    Args:
        name: what messages call the text, usually the file's name.

    Raises:
        CompileError: UNKNOWN_LANGUAGE, and everything found wrong in the text.

    Warns:
        CompileWarning: what the text says and the module does not.
    """
    if language not in LANGUAGES:
        advice = did_you_mean(language, LANGUAGES) or f"the languages are {', '.join(LANGUAGES)}"
        raise error(Code.UNKNOWN_LANGUAGE, f"no language `{language}` to read", None, advice)
    package = import_module(_READERS.get(language, f"qcompile.grammar.{language}"))
    reader = cast("Callable[[Source, ReadOptions], Module]", package.read)
    with _collector_paused():
        module = reader(Source(name, text), options)
        verify(module)
    return module


@contextmanager
def _collector_paused() -> Generator[None, None, None]:
    """Records make no cycles, and looking for them takes as long as reading does."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def language_of(ending: str, text: str) -> str:
    """The language of a text from a file with this ending (or none); OpenQASM says its version, or is version 3.

    Raises:
        CompileError: UNKNOWN_LANGUAGE.
    """
    version = _VERSION.match(text, cast("re.Match[str]", _COMMENTS.match(text)).end())
    if ending in ("", ".qasm", ".inc") and (version or ending):
        return "openqasm2" if version and version.group(1) == "2" else "openqasm3"
    if not ending:
        return "qc"
    for language in LANGUAGES.values():
        if language.ending == ending:
            return language.name
    endings = ", ".join(dict.fromkeys(f"`{language.ending}`" for language in LANGUAGES.values()))
    cure = f"the endings are {endings}; of any other file, say the language, as in `--from quil`"
    raise error(Code.UNKNOWN_LANGUAGE, f"no language is written in `{ending}` files", None, cure)

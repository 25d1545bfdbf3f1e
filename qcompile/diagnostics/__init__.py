"""Faults of a user's program: a code, the place, what is wrong there and what to do about it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from qcompile.diagnostics.codes import Code, Severity
from qcompile.diagnostics.places import Source, Span
from qcompile.diagnostics.rendering import Mark, clean, snippet

__all__ = [
    "Code",
    "CompileError",
    "CompileWarning",
    "Diagnostic",
    "Note",
    "Severity",
    "Source",
    "Span",
    "did_you_mean",
    "error",
    "near_file",
    "warn",
]

MAX_NEIGHBOURS = 1000  # files of a folder that are looked at for one of a near name


@dataclass(frozen=True, slots=True)
class Note:
    """Another place that is involved, and how."""

    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    code: Code
    label: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = ()

    def render(self) -> str:
        """The message as people read it: code, place, the line with the spans underlined, help.

        Other places involved stand with the fault's own, underlined with `-`; without one they follow it as `note:`.
        """
        lines = [f"{self.code.severity}[{self.code.id}]: {self.code.title}"]
        notes = [Mark(note.span, note.label) for note in self.notes]
        if self.span is not None:
            lines += snippet([Mark(self.span, self.label, is_primary=True), *notes])
        else:
            lines.append(f"  = {clean(self.label)}")
            lines += [line for note in notes for line in ("note:", *snippet([note]))]
        if self.help:
            lines.append(f"  = help: {clean(self.help)}")
        return "\n".join(lines)

    def record(self) -> dict[str, object]:
        """The same as plain data, for `--json`; lines and columns count from 1."""
        return {
            "code": self.code.id,
            "severity": self.code.severity,
            "title": self.code.title,
            "label": self.label,
            "help": self.help,
            **({} if self.span is None else self.span.record()),
            "notes": [{"label": note.label, **note.span.record()} for note in self.notes],
        }


class CompileError(Exception):
    """A program at fault, with everything found wrong in it."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n\n".join(diagnostic.render() for diagnostic in self.diagnostics))

    def __reduce__(self) -> tuple[Any, ...]:
        return _reduced(self, super().__reduce__())


class CompileWarning(UserWarning):
    """What a reader wants to say of a program that it has read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.render())

    def __reduce__(self) -> tuple[Any, ...]:
        return _reduced(self, super().__reduce__())


def _reduced(fault: Exception, usual: str | tuple[Any, ...]) -> tuple[Any, ...]:
    """For pickle, which would call the type with the rendered text alone."""
    return _remade, (type(fault), fault.args), usual[2]


def _remade(kind: type[Exception], args: tuple[Any, ...]) -> Exception:
    """Without `__init__`: what that derives is in the state."""
    return kind.__new__(kind, *args)


def error(code: Code, label: str, span: Span | None = None, help: str = "", notes: Iterable[Note] = ()) -> CompileError:
    """One diagnostic, ready to raise."""
    return CompileError([Diagnostic(code, label, span, help, tuple(notes))])


def warn(code: Code, label: str, span: Span | None = None, help: str = "") -> None:
    """Say it by Python's own means: `warnings.catch_warnings` collects it, the command line prints it."""
    warnings.warn(CompileWarning(Diagnostic(code, label, span, help)), stacklevel=2)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Help that offers the nearest known name, or nothing."""
    from difflib import get_close_matches  # only faults need it

    lower = {word.lower(): word for word in known}
    close = get_close_matches(name.lower(), list(lower), n=1)
    return f"did you mean `{lower[close[0]]}`?" if close else ""


def near_file(path: Path, ending: str | None = None) -> str:
    """Help that offers the file beside, of that ending where one is given, whose name is nearest; or nothing."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, MAX_NEIGHBOURS)]
    except (OSError, ValueError):
        return ""
    return did_you_mean(path.name, [n for n in names if n != path.name and ending in (None, Path(n).suffix)])

"""What a run of the command line knows beside each command's own options: how to read, and what was said on the way."""

from __future__ import annotations

import json
import warnings
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

import click

from qcompile.diagnostics import CompileWarning, Diagnostic

MAX_WARNINGS = 20  # shown; the rest is counted


@dataclass(slots=True)
class Session:
    """Options that every command shares, and the warnings so far.

    Attributes:
        language: of the files read, where it was named.
        loop_bound: of loops that wait for a measurement result.
    """

    as_json: bool = False
    language: str | None = None
    loop_bound: int | None = None
    warnings: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def print_json(self, record: Mapping[str, object]) -> None:
        """The command's one object, with the warnings in it if there are any."""
        said = {"diagnostics": records(self.warnings)} if self.warnings else {}
        click.echo(json.dumps({**record, **said}, default=_plain))

    def print_warnings(self) -> None:
        """As text on the standard error; with `--json` they stand in the object."""
        if self.as_json or not self.warnings:
            return
        for warning in self.warnings[:MAX_WARNINGS]:
            click.echo(f"{warning.render()}\n", err=True)
        hidden = len(self.warnings) - MAX_WARNINGS
        more = f", the first {MAX_WARNINGS} of them shown" if hidden > 0 else ""
        click.echo(f"{counted(len(self.warnings), 'warning')}{more}", err=True)


@contextmanager
def collected(session: Session) -> Generator[None]:
    """The compiler's warnings go to the session; those of other libraries go where they went."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", CompileWarning)
        others = warnings.showwarning

        def show(
            message: Warning | str, category: type[Warning], filename: str, lineno: int,
            file: TextIO | None = None, line: str | None = None,
        ) -> None:  # fmt: skip
            if isinstance(message, CompileWarning):
                session.warnings.append(message.diagnostic)
            else:
                others(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield


def current_session() -> Session:
    """That of the command that is running."""
    return click.get_current_context().ensure_object(Session)


def records(diagnostics: Iterable[Diagnostic]) -> list[dict[str, object]]:
    return [diagnostic.record() for diagnostic in diagnostics]


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _plain(value: object) -> object:
    """Complex numbers as [real, imaginary], arrays as lists."""
    if isinstance(value, complex):
        return [value.real, value.imag]
    to_list = getattr(value, "tolist", None)  # an array, or a number of NumPy's
    if to_list is None:
        raise AssertionError(f"a result of type {type(value).__name__} has no form in JSON")
    return to_list()

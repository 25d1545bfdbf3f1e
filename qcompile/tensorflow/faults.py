"""Faults that reach the user as they are, through Keras and AutoGraph."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from qcompile.diagnostics import CompileError, Diagnostic


class LayerError(CompileError):
    """A CompileError for Keras, which makes another of the same type, of a text alone, from one that it handles."""

    def __init__(self, given: Iterable[Diagnostic] | str) -> None:
        super().__init__(_handled() if isinstance(given, str) else given)
        self.ag_pass_through = True  # else AutoGraph raises another in its place


def _handled() -> tuple[Diagnostic, ...]:
    fault = sys.exception()
    if not isinstance(fault, LayerError):
        raise AssertionError("a LayerError is made of diagnostics")
    return fault.diagnostics


@contextmanager
def passed_on() -> Generator[None]:
    """Raises a CompileError as a LayerError."""
    try:
        yield
    except CompileError as fault:
        raise LayerError(fault.diagnostics).with_traceback(fault.__traceback__) from None

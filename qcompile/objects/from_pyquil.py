"""pyQuil's programs to programs."""

from __future__ import annotations

import importlib.util
from typing import Any

from qcompile.diagnostics import Code, Source, error
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.quil import read
from qcompile.ir import Program
from qcompile.ir.verify import verify

NAME = "<pyQuil program>"


def from_pyquil(program: Any, *, loop_bound: int | None = None) -> Program:
    """The program of a pyQuil program: what its own text says, with places in that text.

    Placeholders get qubits and labels as pyQuil resolves them; the program given stays as it is. The number of shots is
    no part of the text.

    Args:
        program: a `pyquil.Program`.
        loop_bound: how often a loop turns at most that waits for a measurement result.

    Raises:
        CompileError: MISSING_CLIENT, WRONG_TYPE, and what the text raises.

    Warns:
        CompileWarning: DROPPED, ROUNDED.
    """
    made = read(Source(NAME, _text(program)), ReadOptions(loop_bound=loop_bound))
    verify(made)
    return made


def _text(program: Any) -> str:
    if importlib.util.find_spec("pyquil") is None:
        from qcompile.targets.clients import CLIENTS

        client = CLIENTS["pyquil"]
        label, advice = f"{client.title} needs the package `pyquil`", f"pip install 'qcompile[{client.extra}]'"
        raise error(Code.MISSING_CLIENT, label, help=advice)
    from pyquil import Program as Quil

    if not isinstance(program, Quil):
        label = f"{type(program).__name__} is not a pyQuil Program"
        raise error(Code.WRONG_TYPE, label, None, "give a `pyquil.Program`")
    resolved = program.copy()
    resolved.resolve_placeholders()
    return resolved.out()

"""Libraries that an engine runs on, which are installed with an extra."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from qcompile.diagnostics import Code, error
from qcompile.ir import Program, State


def is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def imported(module: str, extra: str, title: str) -> Any:
    """The module; raises MISSING_CLIENT, where its package is not installed."""
    package = module.partition(".")[0]
    if not is_installed(package):
        label, advice = f"{title} needs the package `{package}`", f"pip install 'qcompile[{extra}]'"
        raise error(Code.MISSING_CLIENT, label, help=advice)
    return importlib.import_module(module)


def check_qubits(program: Program, title: str) -> None:
    """Raises NOT_SIMULABLE, where there is light, or the state vector is wanted."""
    if any(register.kind == "qumode" for register in program.registers):
        raise error(Code.NOT_SIMULABLE, f"{title} is for qubits alone", help="leave out `engine`")
    state = next((output for output in program.outputs if isinstance(output, State)), None)
    if state is not None:
        label, advice = f"{title} makes no state vector", "return expectations, probabilities or samples"
        raise error(Code.NOT_SIMULABLE, label, state.span, advice)

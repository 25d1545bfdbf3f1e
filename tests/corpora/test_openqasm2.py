"""Every OpenQASM 2 program of the corpora is read as Qiskit reads it, or refused for the reason that is known."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from outcomes import circuit_branches, distribution, probe_states, program_branches, zero_state

from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar import parse
from qcompile.grammar.languages import ReadOptions, read
from qcompile.grammar.printer import to_text
from qcompile.ir import Measure, Op, Program, Reset

MOST_WIRES = 12
REFUSED = {"vqe_uccsd_n4.qasm": Code.UNKNOWN_NAME, "vqe_uccsd_n6.qasm": Code.UNKNOWN_NAME}


def program_of(path: Path) -> Program:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        module = read(path.read_text("utf-8"), "openqasm2", path.name, ReadOptions(folder=path.parent))
    assert isinstance(module, Program)
    return module


def circuit_of(path: Path) -> Any:
    from qiskit import QuantumCircuit

    return QuantumCircuit.from_qasm_file(str(path))


def fault_against_qiskit(path: Path) -> str:
    """How the program differs from Qiskit's, or nothing."""
    program = program_of(path)
    if parse(to_text(program)) != program:
        return "its text reads back as another program"
    wires = len(program.kinds)
    if wires > MOST_WIRES:
        return ""
    circuit = circuit_of(path)
    if any(isinstance(statement, Measure | Reset) for statement in program.statements()):
        ours = distribution(program_branches(program, zero_state(wires)))
        theirs = distribution(circuit_branches(circuit, zero_state(wires)))
        away = max(abs(ours.get(bits, 0) - theirs.get(bits, 0)) for bits in ours.keys() | theirs.keys())
    else:
        ((state,),) = program_branches(program, probe_states(wires)).values()
        ((other,),) = circuit_branches(circuit, probe_states(wires)).values()
        away = float(np.abs(state - other).max())
    return f"it is off by {away}" if away > 1e-9 else ""


def check(folder: Path, read_count: int, refused_count: int) -> None:
    read_well, refused, faults = 0, 0, list[str]()
    for path in sorted(folder.glob("*.qasm")):
        try:
            fault = fault_against_qiskit(path)
        except CompileError as found:
            refused += 1
            if REFUSED.get(path.name) not in {diagnostic.code for diagnostic in found.diagnostics}:
                faults.append(f"{path.name}: {found}")
            continue
        read_well += not fault
        faults += [f"{path.name}: {fault}"] if fault else []
    assert not faults, "\n".join(faults)
    assert (read_well, refused) == (read_count, refused_count)


def test_qasmbench_is_read_as_qiskit_reads_it(corpora: Path) -> None:
    """Catches a program misread, and the two of an undeclared register accepted or refused for another reason."""
    check(corpora / "openqasm2" / "qasmbench-small", 39, 2)


def test_nam_is_read_as_qiskit_reads_it(corpora: Path) -> None:
    """Catches an arithmetic circuit misread, its global phase included."""
    check(corpora / "openqasm2" / "nam-open", 13, 0)


def test_spans_hold_the_statements(corpora: Path) -> None:
    """Catches places that point beside the statement, on either way through the text."""
    path = corpora / "openqasm2" / "nam-open" / "tof_3.qasm"
    for statement in program_of(path).body:
        assert isinstance(statement, Op)
        assert statement.span is not None
        text = path.read_text("utf-8")[statement.span.start : statement.span.end]
        assert text.startswith(statement.gate.name)
        assert text.endswith("]")

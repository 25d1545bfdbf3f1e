"""Every Quil program of quilc's own tests is read as pyQuil reads it, or refused for the reason that is known."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from outcomes import probe_states, program_branches, zero_state
from quil_machine import quil_distribution, quil_states, weights

from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import ReadOptions, read
from qcompile.ir import Measure, Program, Reset

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates

# What quilc's parser takes and nothing can run: angles that are not real, a matrix that is not unitary, a gate that is
# defined nowhere, CZ with an angle.
REFUSED = {
    "good-complex-complex-number": Code.NOT_UNITARY,
    "good-complex-params": Code.NOT_UNITARY,
    "good-simple-params": Code.NOT_UNITARY,
    "good-general-defgate": Code.NOT_UNITARY,
    "good-include": Code.UNKNOWN_GATE,
    "good-defgate-as-sequence-nested-defs": Code.WRONG_ANGLES,
    "good-defgate-as-sequence-unused-arg": Code.WRONG_ANGLES,
}
BAD = {
    "bad-application-free-args": Code.UNKNOWN_NAME,
    "bad-defgate-as-sequence-circular": Code.RECURSION,
    "bad-defgate-as-sequence-non-gate-application": Code.UNKNOWN_GATE,
    "bad-defgate-as-sequence-references-qubit": Code.UNKNOWN_NAME,
    "bad-defgate-as-sequence-self-referential": Code.RECURSION,
    "bad-defgate-num-entries": Code.NOT_UNITARY,
    "bad-duplicate-declare": Code.DUPLICATE_NAME,
    "bad-empty-extern": Code.SYNTAX,
    "bad-empty-vector": Code.INDEX_RANGE,
    "bad-extern-declaration-arg": Code.SYNTAX,
    "bad-extern-multi-args": Code.SYNTAX,
    "bad-load-store": Code.SYNTAX,
    "bad-old-style-memory": Code.SYNTAX,
    "bad-overrun": Code.INDEX_RANGE,
    "bad-pragma-no-ident": Code.SYNTAX,
    "bad-pragma-no-words": Code.UNTERMINATED,
    "bad-self-parent": Code.UNKNOWN_NAME,
    "bad-type-not-specified": Code.SYNTAX,
    "bad-undeclared-gate-definition-parameter": Code.UNKNOWN_NAME,
}
# Neither qubits nor bits nor parameters nor gates: these are the empty program.
EMPTY = {"empty-quil", "good-memory-tree", "good-misc-instructions", "good-pragmas"}
OPAQUE = {"good-basic-extern", "good-multiple-externs"}
# What pyQuil parses and does not carry out, or does not parse, in words that it does.
IN_PYQUILS_WORDS = {
    "good-classical-in-defcircuit": "DECLARE ro BIT[2]",
    "good-defcircuit-shadow": "X 0",
    "good-defgate-as-sequence": "RX(1.0) 0\nRZ(1.0) 1\nCNOT 0 1",
    "good-defgate-pauli-sum-shadow": "RX(2.0) 0",
    "good-defgate-with-param-arithmetic": "CPHASE(1.0 + pi) 0 1",
    "good-euler-circuit": "RX(pi) 0\nRY(2*pi) 0\nRZ(3*pi/2) 0",
    "good-basic-defgate": "H 0\nH 1",
    "good-teleport": "DECLARE ro BIT[2]\nH 0\nCNOT 0 5\nCNOT 1 0\nH 1\nMEASURE 1 ro[0]\nMEASURE 0 ro[1]\n"
    "JUMP-UNLESS @A ro[1]\nX 5\nLABEL @A\nJUMP-UNLESS @B ro[0]\nZ 5\nLABEL @B",
    "good-classical-arithmetic": "DECLARE b BIT",
}


def program_of(path: Path) -> Program:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        module = read(path.read_text("utf-8"), "quil", path.name, ReadOptions(folder=path.parent))
    assert isinstance(module, Program)
    return module


def fault_against_pyquil(path: Path, program: Program) -> str:
    """How the program differs from pyQuil's, or nothing."""
    text, wires = IN_PYQUILS_WORDS.get(path.stem, path.read_text("utf-8")), len(program.kinds)
    if path.stem in OPAQUE or not wires:
        return ""
    if any(isinstance(statement, Measure | Reset) for statement in program.statements()):
        branches = program_branches(program, zero_state(wires))
        ours = weights([state for states in branches.values() for state in states])
        theirs = quil_distribution(text, wires)
        away = max(abs(ours.get(number, 0) - theirs.get(number, 0)) for number in ours.keys() | theirs.keys())
    else:
        ((state,),) = program_branches(program, probe_states(wires)).values()
        (other,) = quil_states(text, probe_states(wires))
        away = float(np.abs(state - other).max())
    return f"it is off by {away}" if away > 1e-9 else ""


def test_quilc_good_is_read_as_pyquil_reads_it(corpora: Path) -> None:
    """Catches a program misread, refused for another reason, or whose text reads back as another."""
    refused, empty, faults, read_well = dict[str, Code](), set[str](), list[str](), 0
    for path in sorted((corpora / "quil" / "quilc-good").glob("*.quil")):
        try:
            program = program_of(path)
        except CompileError as fault:
            refused[path.stem] = fault.diagnostics[0].code
            continue
        if program == Program(()):
            empty.add(path.stem)
        if parse(to_text(program)) != program:
            faults.append(f"{path.name}: its text reads back as another program")
        fault_found = fault_against_pyquil(path, program)
        faults += [f"{path.name}: {fault_found}"] if fault_found else []
        read_well += not fault_found
    assert not faults, "\n".join(faults)
    assert refused == REFUSED
    assert empty == EMPTY
    assert read_well == 27


def test_quilc_bad_is_refused(corpora: Path) -> None:
    """Catches a wrong program that is accepted, or refused without a place or help."""
    found = dict[str, Code]()
    for path in sorted((corpora / "quil" / "quilc-bad").glob("*.quil")):
        with pytest.raises(CompileError) as caught:
            program_of(path)
        codes = [diagnostic.code for diagnostic in caught.value.diagnostics]
        found[path.stem] = BAD[path.stem] if BAD[path.stem] in codes else codes[0]
        assert all(d.span is not None and d.help for d in caught.value.diagnostics), path.name
    assert found == BAD


def test_a_teleported_state_arrives(corpora: Path) -> None:
    """Catches jumps of a circuit that are joined or decided wrongly: qubit 5 holds what qubit 1 held."""
    program = program_of(corpora / "quil" / "quilc-good" / "good-teleport.quil")
    initial = zero_state(6)
    initial[0, 0, 0, 0, 0, 0], initial[0, 1, 0, 0, 0, 0] = 0.6, 0.8j
    for states in program_branches(program, initial).values():
        for state in states:
            pairs = np.moveaxis(state, 5, -1).reshape(-1, 2)
            (kept,) = [pair / np.linalg.norm(pair) for pair in pairs if np.linalg.norm(pair) > 1e-9]
            assert abs(np.vdot(kept, np.array([0.6, 0.8j]))) == pytest.approx(1)

"""Gates, modifiers, definitions, operands: unitaries, against matrices made by hand."""

from typing import Any

import numpy as np
import pytest
from dense import on_wires
from outcomes import probe_states, program_branches
from scipy.linalg import expm

from qcompile.angle import Element
from qcompile.gates import NAMES
from qcompile.gates.algebra import ComplexArray
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import read
from qcompile.ir import Op, Program

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
X, Z = np.array([[0, 1], [1, 0]], dtype=complex), np.diag([1.0 + 0j, -1])
H = (X + Z) / np.sqrt(2)


def program_of(text: str) -> Program:
    program = read(HEAD + text, "openqasm3")
    assert isinstance(program, Program)
    assert parse(to_text(program)) == program
    return program


def unitary(text: str, **values: float) -> ComplexArray:
    """Of three qubits, the first most significant."""
    program = program_of(f"qubit[3] q;\n{text}")
    bound = {Element(name): value for name, value in values.items()}
    ((state,),) = program_branches(program, probe_states(3), bound).values()
    return np.asarray(state.reshape(8, 8))


def controlled(matrix: Any, polarities: str) -> ComplexArray:
    for polarity in reversed(polarities):
        idle = np.eye(len(matrix))
        sides = (idle, matrix) if polarity == "1" else (matrix, idle)
        matrix = np.kron(np.diag([1, 0]), sides[0]) + np.kron(np.diag([0, 1]), sides[1])
    return np.asarray(matrix, dtype=np.complex128)


def specified_u(theta: float, phi: float, lam: float) -> ComplexArray:
    """U as the specification writes it."""
    one = np.exp(1j * theta)
    rows = [
        [1 + one, -1j * np.exp(1j * lam) * (1 - one)],
        [1j * np.exp(1j * phi) * (1 - one), np.exp(1j * (phi + lam)) * (1 + one)],
    ]
    return np.array(rows, dtype=np.complex128) / 2


def rx(angle: float) -> ComplexArray:
    return np.asarray(expm(-0.5j * angle * X), dtype=np.complex128)


PLAIN: dict[str, tuple[Any, tuple[int, ...]]] = {
    "ctrl @ U(0.3, 0.5, -0.7) q[2], q[0];": (controlled(specified_u(0.3, 0.5, -0.7), "1"), (2, 0)),
    "negctrl @ ctrl(1) @ x q[1], q[0], q[2];": (controlled(X, "01"), (1, 0, 2)),
    "inv @ ctrl @ rx(0.4) q[0], q[1];": (controlled(rx(-0.4), "1"), (0, 1)),
    "pow(-2) @ inv @ t q[0];": (np.diag([1, 1j]), (0,)),
    "pow(0.5) @ x q[0];": (np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2, (0,)),
    "ctrl @ pow(0.5) @ x q[0], q[1];": (controlled(np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2, "1"), (0, 1)),
    "pow(0.5) @ h q[1];": (expm(0.25j * np.pi * (np.eye(2) - H)), (1,)),
    "pow(0.25) @ swap q[0], q[2];": (
        expm(0.125j * np.pi * (np.eye(4) - np.eye(4)[[0, 2, 1, 3]])), (0, 2),
    ),
    "pow(1.5) @ rx(0.4) q[0];": (rx(0.6), (0,)),
    "ctrl @ gphase(0.3) q[1];": (np.diag([1, np.exp(0.3j)]), (1,)),
    "gphase(0.3);": (np.exp(0.3j) * np.eye(2), (0,)),
    "negctrl @ gphase(0.3) q[1];": (np.diag([np.exp(0.3j), 1]), (1,)),
    "for int i in [0:1] { pow(i) @ x q[i]; }": (X, (1,)),
    "let r = q[{2, 0}]; cx r[0], r[1];": (controlled(X, "1"), (2, 0)),
    "cx q[-1], q[0];": (controlled(X, "1"), (2, 0)),
    "cx q[0], q[1:2];": (np.kron(np.diag([1, 0]), np.eye(4)) + np.kron(np.diag([0, 1]), np.kron(X, X)), (0, 1, 2)),
}  # fmt: skip
DEFINED: dict[str, tuple[Any, tuple[int, ...]]] = {
    "gate g(t) a, b { rx(2*t) b; ctrl @ U(t, 0, 0) a, b; }\ng(0.2) q[2], q[1];": (
        controlled(specified_u(0.2, 0, 0), "1") @ np.kron(np.eye(2), rx(0.4)), (2, 1),
    ),
    "gate e a { U(0.2, 0, 0) a; }\nctrl @ e q[0], q[1];": (controlled(specified_u(0.2, 0, 0), "1"), (0, 1)),
    "gate m a { rz(pi) a; gphase(-pi/2); }\npow(0.5) @ m q[1];": (np.diag([1j, 1]), (1,)),
    "gate n a { for int i in [1:3] rx(0.1*i) a; }\nn q[1];": (rx(0.6), (1,)),
    "gate bell a, b { h a; cx a, b; }\npow(0.5) @ bell q[0], q[1]; pow(0.5) @ bell q[0], q[1];": (
        controlled(X, "1") @ np.kron(H, np.eye(2)), (0, 1),
    ),
}  # fmt: skip
CASES = PLAIN | DEFINED


@pytest.mark.parametrize("text", CASES)
def test_unitaries(text: str) -> None:
    """Would catch modifiers, phases and operands other than specified: the principal power, the first wire in front."""
    matrix, wires = CASES[text]
    assert np.abs(unitary(text) - on_wires(np.asarray(matrix, dtype=np.complex128), wires, 3)).max() < 1e-12


def test_inverse_of_what_is_raised() -> None:
    """Would catch an inverse taken before the power, or of one factor only."""
    body = "gate g a { pow(0.5) @ y a; pow(0.25) @ h a; }\n"
    assert np.abs(unitary(body + "g q[0]; inv @ g q[0];") - np.eye(8)).max() < 1e-12


def test_the_phase_of_u_is_left_out_where_nothing_can_tell_it() -> None:
    """Would catch a phase operation for each U of a program, and one that is missing in a definition."""
    program = program_of("gate e a { U(0.2, 0, 0) a; }\nqubit q; U(0.2, 0.1, 0) q; inv @ U(0.2, 0.1, 0) q;")
    assert [op.gate.name for op in program.body if isinstance(op, Op)] == ["u", "u"]
    assert [op.gate.name for op in program.definitions[0].body] == ["gphase", "u"]


def test_parameters() -> None:
    """Would catch an input that is no parameter, or that loses its exactness."""
    program = program_of(
        "input float[64] θ; input angle φ; input array[float[64], 2] w;\nqubit q; rx(2*θ + π/2 - φ) q;"
    )
    assert [(p.name, p.size, p.role) for p in program.parameters] == [
        ("theta", None, "param"), ("phi", None, "param"), ("w", 2, "param"),
    ]  # fmt: skip
    assert "rx(-phi + 2*theta + pi/2) q;" in to_text(program)
    turned = unitary("input float a; pow(a) @ x q[0]; inv @ rx(a) q[1];", a=1.0)
    assert np.abs(turned - np.kron(X, np.kron(rx(-1.0), np.eye(2)))).max() < 1e-12


def test_names_of_the_library() -> None:
    """Would catch a gate of stdgates.inc under another meaning than the table's."""
    program = program_of("qubit[2] q; CX q[0], q[1]; cphase(0.1) q[0], q[1]; phase(0.1) q[0]; u1(0.1) q[0];")
    found = [op.gate for op in program.body if isinstance(op, Op)]
    assert found == [NAMES["cx"], NAMES["cp"], NAMES["p"], NAMES["p"]]


def test_physical_qubits() -> None:
    """Would catch physical qubits that are numbered otherwise than in the text."""
    program = program_of("cx $3, $1;")
    assert to_text(program) == "qubit physical[4];\n\ncx physical[3], physical[1];\n"

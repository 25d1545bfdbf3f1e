"""Emitted OpenQASM 3 and 2, read back by Qiskit."""

import numpy as np
import pytest
from clients import (
    input_values,
    openqasm2_unitary,
    openqasm3_circuit,
    openqasm3_unitary,
    program_of,
    same_up_to_phase,
)
from dense import element_values, unitary
from hypothesis import given
from hypothesis import strategies as st
from random_programs import qubit_programs, values_for

import qcompile as qc
from qcompile.angle import number, parameter
from qcompile.gates import TABLE, Gate
from qcompile.grammar import invert
from qcompile.ir import Op, Parameter, Program, Register, State
from qcompile.targets.binding import bind_parameters

QUBIT_ROWS = [gate for gate in TABLE.values() if gate.is_unitary and set(gate.wires) == {"qubit"}]
ANGLES = (0.37, -1.21, 0.83, 2.4)
AWKWARD = ["t", "x", "pi2", "q", "lambda", "U", "gphase", "input", "qubit", "measure", "bit", "in", "c", "sin_", "w_0"]


def state_program(program: Program) -> Program:
    """With the state as its output nothing is out of the light cone."""
    return Program(program.registers, program.parameters, program.definitions, program.body, (State(),))


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("gate", QUBIT_ROWS, ids=[gate.name for gate in QUBIT_ROWS])
def test_every_row_reads_back(gate: Gate, inverse: bool) -> None:
    """Would catch a wrong spelling or decomposition, an order of wires, an angle cut short."""
    wires = tuple(reversed(range(len(gate.wires))))
    op = Op(gate, wires, tuple(map(number, ANGLES[: len(gate.parameters)])))
    op = invert(op) if inverse else op
    program = Program((Register("q", "qubit", len(wires)),), (), (), (op,), (State(),))
    expected = unitary(program.body, len(wires), {})
    assert same_up_to_phase(openqasm3_unitary(qc.emit(program, "openqasm3"), {}), expected)
    assert same_up_to_phase(openqasm2_unitary(qc.emit(program, "openqasm2")), expected)


@given(qubit_programs(), st.integers(0, 99))
def test_random_programs_read_back(program: Program, seed: int) -> None:
    """Would catch an angle printed wrong, and anything that optimising and legalizing breaks together."""
    program = state_program(program)
    elements = element_values(program, values_for(program, seed))
    expected = unitary(program.body, len(program.kinds), elements)
    text = qc.emit(program, "openqasm3")
    assert same_up_to_phase(openqasm3_unitary(text, input_values(program, "openqasm3", elements)), expected)
    bound = bind_parameters(program, {element: float(value) for element, value in elements.items()})
    assert same_up_to_phase(openqasm2_unitary(qc.emit(bound, "openqasm2")), expected)


@pytest.mark.parametrize("name", AWKWARD)
def test_a_parameter_may_be_called_as_the_target_likes_not(name: str) -> None:
    """Would catch a parameter that clashes with a gate, a constant or a keyword of OpenQASM."""
    body = Op(TABLE["rx"], (0,), (parameter(name),))
    program = Program((Register("q", "qubit", 1),), (Parameter(name),), (), (body,), (State(),))
    circuit = openqasm3_circuit(qc.emit(program, "openqasm3"), {f"par_{name}": 0.3})
    np.testing.assert_allclose(circuit.data[0].params, [0.3])


def test_whole_numbers_are_not_divided_as_integers() -> None:
    """Would catch `1/2` in the text, which OpenQASM 3 readers take for 0."""
    text = qc.emit(program_of("qubit q; param a; rx(a/2 + 1/2) q; return state();"), "openqasm3")
    circuit = openqasm3_circuit(text, {"par_a": 3.0})
    np.testing.assert_allclose(circuit.data[0].params, [2.0])


FEED_FORWARD = """
qubit q[3]; bit c[2]; bit d;
x q[0]; c[0] = measure q[0]; d = measure q[1];
if (c[0]) { x q[1]; } else { h q[2]; }
if (!d) { x q[2]; }
c[1] = measure q[2];
if (c == 3) { reset q[0]; } else { h q[1]; }
"""
PARTIAL = """
qubit q[2]; bit c[3]; c[0] = measure q[0]; c[1] = measure q[1];
if (c[0] && !c[1]) { x q[0]; } else { h q[1]; }
"""


def test_conditions_run_in_qiskit() -> None:
    """Would catch a condition that Qiskit's importer refuses or reads the other way round."""
    from qiskit_aer import AerSimulator

    counts = AerSimulator(seed_simulator=1).run(openqasm3_circuit(measured_all(FEED_FORWARD, 3)), shots=20)
    assert set(counts.result().get_counts()) == {"110 0 11"}
    nested = openqasm3_circuit(qc.emit(program_of(PARTIAL), "openqasm3"))
    assert nested.count_ops()["if_else"] == 1


def test_openqasm2_conditions_are_read() -> None:
    """Would catch a condition that a reader of OpenQASM 2 refuses, and an `else` left out."""
    from qiskit import qasm2
    from qiskit_aer import AerSimulator

    text = """qubit q[2]; bit c; bit e[2]; h q[0]; h q[1]; c = measure q[0]; if (c) { x q[0]; } else { x q[1]; x q[1]; }
        e = measure q; if (e == 2) { x q[0]; x q[1]; } else { x q[0]; x q[1]; }"""
    circuit = qasm2.loads(measured_all(text, 2, "openqasm2"))
    counts = AerSimulator(seed_simulator=1).run(circuit, shots=200).result().get_counts()
    assert {key.split()[0] for key in counts} == {"11", "01"}
    assert {key.split()[0] for key in counts if key.split()[1] == "10"} == {"01"}


def measured_all(text: str, wires: int, language: str = "openqasm3") -> str:
    """The emitted text of a program that returns samples of every qubit: they are measured at the end."""
    return qc.emit(program_of(f"{text} return samples({', '.join(f'q[{wire}]' for wire in range(wires))});"), language)

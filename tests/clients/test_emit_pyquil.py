"""Emitted Quil, read back by pyQuil."""

import numpy as np
import pytest
from clients import input_values, quil_program, quil_unitary, same_up_to_phase
from dense import element_values, unitary
from hypothesis import given
from hypothesis import strategies as st
from pyquil.pyqvm import PyQVM
from pyquil.simulation import ReferenceWavefunctionSimulator
from random_programs import qubit_programs, values_for

import qcompile as qc
from qcompile.angle import number, parameter
from qcompile.gates import TABLE, Gate
from qcompile.grammar import invert
from qcompile.ir import Op, Parameter, Program, Register, State

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates
QUBIT_ROWS = [gate for gate in TABLE.values() if gate.is_unitary and set(gate.wires) == {"qubit"}]
ANGLES = (0.37, -1.21, 0.83, 2.4)
AWKWARD = ["t", "x", "pi2", "q", "lambda", "i", "RX", "DECLARE", "REAL", "pi_", "mod", "H"]


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("gate", QUBIT_ROWS, ids=[gate.name for gate in QUBIT_ROWS])
def test_every_row_reads_back(gate: Gate, inverse: bool) -> None:
    """Would catch a wrong spelling or decomposition, an order of wires, a modifier that simulators ignore."""
    wires = tuple(reversed(range(len(gate.wires))))
    op = Op(gate, wires, tuple(map(number, ANGLES[: len(gate.parameters)])))
    op = invert(op) if inverse else op
    program = Program((Register("q", "qubit", len(wires)),), (), (), (op,), (State(),))
    expected = unitary(program.body, len(wires), {})
    assert same_up_to_phase(quil_unitary(qc.emit(program, "quil"), {}, len(wires)), expected)


@given(qubit_programs(), st.integers(0, 99))
def test_random_programs_read_back(program: Program, seed: int) -> None:
    """Would catch an angle printed wrong, and anything that optimising and legalizing breaks together."""
    program = Program(program.registers, program.parameters, (), program.body, (State(),))
    elements = element_values(program, values_for(program, seed))
    text, values = qc.emit(program, "quil"), input_values(program, "quil", elements)
    expected = unitary(program.body, len(program.kinds), elements)
    assert same_up_to_phase(quil_unitary(text, values, len(program.kinds)), expected)


@pytest.mark.parametrize("name", AWKWARD)
def test_a_parameter_may_be_called_as_the_target_likes_not(name: str) -> None:
    """Would catch a parameter that clashes with a gate, a constant or a keyword of Quil."""
    angle = parameter(name) * number(-0.5) + number(0.25)
    program = Program(
        (Register("q", "qubit", 1),), (Parameter(name),), (), (Op(TABLE["rx"], (0,), (angle,)),), (State(),)
    )
    read = quil_program(qc.emit(program, "quil"), {f"par_{name}[0]": 0.3})
    np.testing.assert_allclose(complex(read.instructions[0].params[0]), 0.1)


def test_conditions_run_in_pyquil() -> None:
    """Would catch a jump that goes the other way, and labels that meet."""
    text = """qubit q[4]; bit c[2]; bit d; bit e[2];
        x q[0]; c[0] = measure q[0]; d = measure q[1];
        if (c[0]) { x q[1]; } else { x q[3]; }
        if (!d) { if (c[0] && d) { x q[3]; } else { x q[2]; } }
        c[1] = measure q[2];
        if (c == 3) { x q[3]; }
        return samples(q);"""
    machine = PyQVM(4, quantum_simulator_type=ReferenceWavefunctionSimulator)
    machine.execute(quil_program(qc.emit(qc.parse(text), "quil"), {}))
    assert list(machine.ram["bit_readout"]) == [1, 1, 1, 1]
    assert list(machine.ram["bit_c"]) == [1, 1]

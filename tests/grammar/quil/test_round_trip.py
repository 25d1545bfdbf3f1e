"""What is emitted as Quil reads back."""

import numpy as np
from clients import Matrix, input_values, same_up_to_phase
from dense import element_values, unitary
from hypothesis import given
from hypothesis import strategies as st
from outcomes import probe_states, program_branches
from random_programs import qubit_programs, values_for

import qcompile as qc
from qcompile.angle import Element
from qcompile.grammar.languages import read
from qcompile.ir import Program, State


@given(qubit_programs(), st.integers(0, 99))
def test_random_programs_read_back(program: Program, seed: int) -> None:
    """Catches a gate, angle or parameter that is written one way and read another."""
    program = Program(program.registers, program.parameters, (), program.body, (State(),))
    elements = element_values(program, values_for(program, seed))
    again = read(qc.emit(program, "quil"), "quil")
    assert isinstance(again, Program)
    wires = len(program.kinds)
    values = {
        _element(again, name): value
        for name, value in input_values(program, "quil", elements).items()
        if _has(again, name)
    }
    ((state,),) = program_branches(again, probe_states(len(again.kinds)), values).values()
    found = state.reshape(2 ** len(again.kinds), -1)
    spare = 2 ** (wires - len(again.kinds))  # Quil has the qubits that it names
    whole: Matrix = np.kron(found, np.eye(spare)).astype(complex)
    assert same_up_to_phase(whole, unitary(program.body, wires, elements))


def _has(program: Program, name: str) -> bool:
    return any(parameter.name == name.partition("[")[0] for parameter in program.parameters)


def _element(program: Program, name: str) -> Element:
    text, _, index = name.rstrip("]").partition("[")
    sized = next(parameter.size for parameter in program.parameters if parameter.name == text)
    return Element(text, None if sized is None else int(index))


def test_conditions_read_back() -> None:
    """Catches a condition, a barrier or a reset that does not survive Quil."""
    text = """qubit q[3]; bit c[2];
        h q[0]; c[0] = measure q[0]; c[1] = measure q[1];
        if (c[0]) { x q[1]; if (!c[1]) { rx(0.5) q[2]; } } else { y q[2]; }
        reset q[0];
        c[0] = measure q[2];
        return samples(c);"""
    program = qc.parse(text)
    assert isinstance(program, Program)
    again = read(qc.emit(program, "quil", optimize=0), "quil")
    assert isinstance(again, Program)
    assert [type(s).__name__ for s in again.statements()] == [type(s).__name__ for s in program.statements()]
    assert len(again.outputs) == 1

"""What is emitted as OpenQASM 3 reads back as the same program."""

import numpy as np
import pytest
from dense import element_values, unitary
from hypothesis import given
from hypothesis import strategies as st
from random_programs import qubit_programs, values_for

import qcompile as qc
from qcompile.angle import Angle, Element, evaluate
from qcompile.grammar.languages import read
from qcompile.ir import Op, Program
from qcompile.number import ONE, ZERO
from qcompile.passes import lowering
from qcompile.targets.emit import find_language
from qcompile.targets.expressions import emitted_names


def program_of(text: str) -> Program:
    program = read(text, "openqasm3")
    assert isinstance(program, Program)
    return program


def lowered(program: Program) -> Program:
    legal = lowering("openqasm3", 0)(program)
    assert isinstance(legal, Program)
    return legal


@given(qubit_programs(max_wires=3, max_ops=6), st.integers(0, 2**32 - 1))
def test_emitted_programs_have_the_same_unitary(program: Program, seed: int) -> None:
    """Would catch a gate, an angle or a parameter that is written in one way and read in another."""
    bound = element_values(program, values_for(program, seed))
    names = emitted_names([lowered(program)], find_language("openqasm3").arrays)
    inputs = {name: bound[element] for element, name in names.elements.items()}
    inputs |= {name: evaluate(Angle(ZERO, ((call, ONE),)), bound) for call, name in names.computed.items()}
    again = program_of(qc.emit(program, "openqasm3", optimize=0))
    wires = len(program.kinds)
    ours = unitary([op for op in program.body if isinstance(op, Op)], wires, bound)
    read_back = {Element(parameter.name): inputs[parameter.name] for parameter in again.parameters}
    theirs = unitary([op for op in again.body if isinstance(op, Op)], wires, read_back)
    phase = np.vdot(theirs, ours) / 2**wires  # a program does not write its global phase
    assert abs(phase) == pytest.approx(1, abs=1e-9)
    assert np.abs(phase * theirs - ours).max() < 1e-8


@given(qubit_programs(max_wires=3, max_ops=6, affine=True))
def test_emitted_programs_have_the_same_ops(program: Program) -> None:
    """Would catch a gate that is read as another of the same effect, and wires or order that change."""
    again = program_of(qc.emit(program, "openqasm3", optimize=0))
    written = [(op.gate, op.wires, len(op.angles)) for op in lowered(program).body if isinstance(op, Op) and op.wires]
    assert [(op.gate, op.wires, len(op.angles)) for op in again.body if isinstance(op, Op)] == written


def test_measurements_and_conditions() -> None:
    """Would catch bits and branches that are written in one way and read in another."""
    text = (
        "qubit q[3]; bit c[2]; h q[0]; c[0] = measure q[0]; c[1] = measure q[1];"
        "if (c[0]) { x q[1]; } else { reset q[2]; } if (c == 2) { z q[0]; } return samples(c);"
    )
    program = qc.parse(text)
    assert isinstance(program, Program)
    again = program_of(qc.emit(program, "openqasm3", optimize=0))
    assert (again.body, again.outputs) == (program.body, program.outputs)

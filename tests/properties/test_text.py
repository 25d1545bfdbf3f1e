"""Random programs: printing and reading back is the identity, for programs and derivatives at every stage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_programs import gaussian_programs, qubit_programs
from whole_programs import whole_programs

from qcompile.grammar import parse, to_text
from qcompile.ir import Program
from qcompile.ir.verify import verify
from qcompile.passes import Legalize, Optimize
from qcompile.passes.differentiate import differentiate


@given(st.one_of(qubit_programs(), gaussian_programs()))
def test_a_program_reads_back_as_itself(program: Program) -> None:
    verify(program)
    assert parse(to_text(program)) == program


@given(whole_programs())
def test_every_statement_reads_back_as_itself(program: Program) -> None:
    verify(program)
    assert parse(to_text(program)) == program


@given(st.one_of(qubit_programs(), gaussian_programs()), st.sampled_from(["shift", "adjoint"]), st.integers(0, 3))
def test_a_derivative_reads_back_as_itself(program: Program, method: str, level: int) -> None:
    module = Optimize(level)(differentiate(program, None, method))
    verify(module)
    assert parse(to_text(module)) == module


@given(qubit_programs(max_wires=2, max_ops=4))
def test_a_hessian_reads_back_as_itself(program: Program) -> None:
    module = differentiate(differentiate(program))
    verify(module)
    assert parse(to_text(module)) == module


@pytest.mark.parametrize("target", ["openqasm3", "quil"])
@given(program=qubit_programs())
def test_a_legalised_program_reads_back_as_itself(target: str, program: Program) -> None:
    module = Legalize(target)(program)
    verify(module)
    assert parse(to_text(module)) == module

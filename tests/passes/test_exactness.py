"""Passes keep the unitary, global phase and all, and what programs return; on random programs and on every gate."""

import numpy as np
import pytest
from dense import element_values, operator_matrix, unitary
from hypothesis import given
from hypothesis import strategies as st
from pass_programs import undone_programs
from random_programs import QUBIT_GATES, coefficient_sum, qubit_programs, values_for

from qcompile.angle import parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE, Gate, pauli_rotation
from qcompile.grammar import invert
from qcompile.ir import Adjoint, Expectation, Gradient, Op, Parameter, Program, Register
from qcompile.passes import (
    CancelInverses,
    DeadUncompute,
    FoldConstants,
    Inline,
    Legalize,
    LightCone,
    MergeRotations,
    Optimize,
    Pass,
    cost,
)
from qcompile.passes.legalize import LANGUAGES, is_sayable, spoken_kinds

REWRITES: list[Pass] = [
    Inline(), FoldConstants(), CancelInverses(), CancelInverses(reach=1), MergeRotations(), MergeRotations(reach=1000),
    Legalize("openqasm3"), *(Optimize(level) for level in range(4)),
]  # fmt: skip
LEVELS = range(4)


def named(step: Pass) -> str:
    return repr(step)


def without_outputs(program: Program) -> Program:
    return Program(program.registers, program.parameters, (), program.body)


def rewritten(step: Pass, program: Program) -> Program:
    result = step(program)
    assert isinstance(result, Program)
    return result


def same(program: Program, other: Program, up_to_phase: bool = False, seed: int = 1) -> bool:
    """Are the unitaries equal at random values of the parameters?"""
    values = element_values(program, values_for(program, seed, np.pi))
    wires = len(program.kinds)
    a, b = (unitary(p.body, wires, values) for p in (program, other))
    if up_to_phase:
        a = a * np.exp(1j * np.angle(np.vdot(a, b)))
    return bool(np.allclose(a, b, rtol=0, atol=1e-9))


def expectation(program: Program, seed: int) -> float:
    values = element_values(program, values_for(program, seed, np.pi))
    wires = len(program.kinds)
    state = unitary(program.body, wires, values)[:, 0]
    output = program.outputs[0]
    assert isinstance(output, Expectation)
    return float(np.vdot(state, operator_matrix(output.observable.operator, wires) @ state).real)


@pytest.mark.parametrize("step", REWRITES, ids=named)
@given(program=qubit_programs(max_wires=3, max_ops=8))
def test_the_unitary_is_kept(step: Pass, program: Program) -> None:
    """Would catch a wrong decomposition, a wrong sign, a lost global phase."""
    program = without_outputs(program)
    assert same(program, rewritten(step, program))


@pytest.mark.parametrize("step", REWRITES, ids=named)
@given(program=undone_programs())
def test_the_unitary_is_kept_where_much_cancels(step: Pass, program: Program) -> None:
    """Would catch a pair that is no pair, a merge on wires that may not swap, a walk through what does not commute."""
    assert same(program, rewritten(step, program))


@pytest.mark.parametrize("language", ["openqasm2", "quil"])
@given(program=qubit_programs(max_wires=3, max_ops=6))
def test_a_target_without_phase_keeps_the_rest(language: str, program: Program) -> None:
    """Would catch a phase dropped under a control."""
    program = without_outputs(program)
    assert same(program, rewritten(Legalize(language), program), up_to_phase=True)


@given(program=qubit_programs(max_wires=4, max_ops=8), level=st.sampled_from(LEVELS))
def test_the_value_is_kept(program: Program, level: int) -> None:
    """Would catch a light cone that leaves out what the observable sees."""
    scale = coefficient_sum(program)
    for step in (LightCone(), Optimize(level)):
        other = rewritten(step, program)
        assert abs(expectation(program, 3) - expectation(other, 3)) < 1e-9 * max(scale, 1)


@pytest.mark.parametrize("step", REWRITES, ids=named)
@given(program=undone_programs())
def test_a_second_time_changes_nothing(step: Pass, program: Program) -> None:
    """Would catch a pass that leaves work behind, or undoes its own."""
    once = step(program)
    assert step(once) == once


@given(program=st.one_of(undone_programs(), qubit_programs(max_wires=3)))
def test_no_level_costs_more_than_the_one_below(program: Program) -> None:
    """Would catch a rewrite that pays with two-qubit gates for fewer others."""
    costs = [cost(Optimize(level)(program)) for level in LEVELS]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] <= cost(program)


def lone(gate: Gate) -> Program:
    """The gate on wires of its own, at parameters of its own."""
    registers = [Register(f"w{k}", kind) for k, kind in enumerate(gate.wires)]
    parameters = tuple(Parameter(f"a{k}") for k in range(len(gate.parameters)))
    angles = tuple(parameter(p.name) for p in parameters)
    return Program(tuple(registers), parameters, (), (Op(gate, tuple(range(len(registers))), angles),))


@pytest.mark.parametrize("gate", [*TABLE.values(), pauli_rotation("IXYZ")], ids=lambda gate: gate.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_gate_becomes_sayable(gate: Gate, language: str) -> None:
    """Would catch a gate that a target gets as something it cannot spell, or as another gate."""
    program = lone(gate)
    silent = gate.channel and language not in ("qc", "blackbird")
    if silent or not set(gate.wires) <= spoken_kinds(language):
        with pytest.raises(CompileError) as fault:
            Legalize(language)(program)
        assert fault.value.diagnostics[0].code is Code.UNSAYABLE
        return
    legal = rewritten(Legalize(language), program)
    assert all(isinstance(op, Op) and is_sayable(op, language) for op in legal.body)
    if "qumode" not in gate.wires and gate.is_unitary:
        assert same(program, legal, up_to_phase=True)


@pytest.mark.parametrize("controls", [(True,), (False,), (True, True), (False, True), (True, True, True)], ids=str)
@pytest.mark.parametrize("gate", [g for g in QUBIT_GATES if len(g.wires) <= 2], ids=lambda gate: gate.name)
def test_every_gate_becomes_sayable_under_controls(gate: Gate, controls: tuple[bool, ...]) -> None:
    """Would catch a control lost on the way down, or a global phase that it makes visible."""
    free = lone(gate)
    (op,) = free.body
    assert isinstance(op, Op)
    wires = len(controls) + len(gate.wires)
    ruled = Op(gate, tuple(range(wires)), op.angles, controls)
    program = Program((Register("q", "qubit", wires),), free.parameters, (), (ruled,))
    for language in ("openqasm3", "quil"):
        legal = rewritten(Legalize(language), program)
        assert all(isinstance(op, Op) and is_sayable(op, language) for op in legal.body)
        assert same(program, legal, up_to_phase=language == "quil")


def adjoint_of(program: Program) -> Adjoint:
    """The reverse schedule of a program: its ops inverted, with a gradient before each rotation's."""
    reverse: list[Op | Gradient] = []
    slots = 0
    for op in reversed(program.body):
        assert isinstance(op, Op)
        if op.gate.generator is not None and op.gate.wires and not op.controls:
            reverse.append(Gradient(slots, op.gate.generator.on(op.wires)))
            slots += 1
        reverse.append(invert(op))
    return Adjoint(program, tuple(reverse), slots, ())


def readings(schedule: Adjoint, seed: int) -> list[float]:
    """2 Im⟨λ|G|ψ⟩ by slot."""
    program = schedule.forward
    values = element_values(program, values_for(program, seed, np.pi))
    wires = len(program.kinds)
    output = program.outputs[0]
    assert isinstance(output, Expectation)
    psi = unitary(program.body, wires, values)[:, 0]
    co_state = operator_matrix(output.observable.operator, wires) @ psi
    found = [0.0] * schedule.slots
    for step in schedule.reverse:
        if isinstance(step, Gradient):
            found[step.slot] = 2 * float(np.vdot(co_state, operator_matrix(step.generator, wires) @ psi).imag)
        else:
            assert isinstance(step, Op)
            own = unitary((step,), wires, values)
            psi, co_state = own @ psi, own @ co_state
    return found


@given(program=qubit_programs(max_wires=3, max_ops=6), seed=st.integers(0, 99))
def test_adjoint_schedules_read_the_same(program: Program, seed: int) -> None:
    """Would catch an uncompute op dropped that a gradient sees, or one moved across a gradient."""
    schedule = adjoint_of(program)
    before = readings(schedule, seed)
    for step in (DeadUncompute(), CancelInverses(), MergeRotations(), FoldConstants(), LightCone(), Optimize(3)):
        after = step(schedule)
        assert isinstance(after, Adjoint)
        assert np.allclose(before, readings(after, seed), rtol=0, atol=1e-9)

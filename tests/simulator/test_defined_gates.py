"""Gates that a program defines by a matrix or a generator, and opaque ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dense import Matrix, operator_matrix, unitary
from scipy.linalg import expm
from scipy.stats import unitary_group

from qcompile.angle import elements, number, parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import Gate, Kind
from qcompile.gates.algebra import quadrature_action
from qcompile.grammar import decompose, parse
from qcompile.ir import Definition, Expectation, Observable, Op, Parameter, Program, Register, State
from qcompile.operator import Operator, operator
from qcompile.passes import Optimize
from qcompile.targets.simulator import Options, run

QUBIT: tuple[Kind, ...] = ("qubit",)
MODE: tuple[Kind, ...] = ("qumode",)
WIDE = operator((0.3, "Z0 Z1 Z2 Z3 Z4 Z5"), (0.2, "X0 X1"), (-0.4, "X2 X3 Z4 Z5"), (0.1, ""))
MIXED = operator((0.5, "X0"), (0.3, "Z0 Y1"), (0.2, "Z4 X3"), (0.7, "X4 X0"))


def defined(gate: Gate, wires: int, *ops: Op, kind: Kind = "qubit") -> Program:
    names = {element.name for op in ops for angle in op.angles for element in elements(angle)}
    parameters = tuple(Parameter(name) for name in sorted(names))
    return Program((Register("q", kind, wires),), parameters, (Definition(gate),), ops, (State(),))


def records(matrix: Matrix) -> tuple[tuple[complex, ...], ...]:
    return tuple(tuple(map(complex, row)) for row in matrix)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("controls", [(), (False, True)], ids=str)
def test_a_matrix_is_what_the_gate_does(controls: tuple[bool, ...], inverse: bool) -> None:
    """Would catch a transposed matrix, an inverse that is no adjoint, wires in another order."""
    rng = np.random.default_rng(2)
    gate = Gate("mine", ("qubit", "qubit"), matrix=records(unitary_group.rvs(4, random_state=rng)))
    start = Gate("start", QUBIT * 4, matrix=records(unitary_group.rvs(16, random_state=rng)))
    op = Op(gate, (2, 0, 3, 1)[: 2 + len(controls)], (), controls, inverse)
    program = defined(gate, 4, Op(start, (0, 1, 2, 3)), op)
    program = replace(program, definitions=(Definition(start), Definition(gate)))
    expected = unitary(program.body, 4, {}) @ np.eye(16)[0]
    np.testing.assert_allclose(run(program, {})[0][0], expected, rtol=0, atol=1e-12)
    optimised = Optimize(3)(program)
    assert isinstance(optimised, Program)
    np.testing.assert_allclose(run(optimised, {})[0][0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("generator", [WIDE, MIXED], ids=["commuting", "not commuting"])
@pytest.mark.parametrize("controlled", [False, True])
def test_a_generator_is_what_the_gate_does(generator: Operator, controlled: bool) -> None:
    """Would catch words exponentiated one by one that do not commute, an identity lost, a control; against expm."""
    count = max(generator.support) + 1
    gate = Gate("turn", QUBIT * count, ("a",), generator)
    start = [Op(Gate("prep", ("qubit",), matrix=records(unitary_group.rvs(2, random_state=k))), (k,)) for k in range(7)]
    op = Op(gate, tuple(range(int(controlled), count + int(controlled))), (parameter("t") * number(2.0),))
    if controlled:
        op = replace(op, wires=(0, *op.wires), controls=(True,))
    program = defined(gate, 7, *start, op)
    for value in (0.7, -1.3):
        turn = expm(-2j * value * operator_matrix(generator, count))
        if controlled:
            turn = np.block([[np.eye(len(turn)), np.zeros_like(turn)], [np.zeros_like(turn), turn]])
        whole = np.kron(turn, np.eye(2 ** (7 - count - int(controlled))))
        expected = whole @ unitary(start, 7, {})[:, 0]
        np.testing.assert_allclose(run(program, {"t": value})[0][0], expected, rtol=0, atol=1e-11)


def test_a_wide_generator_is_told_before_memory_is_taken() -> None:
    """Would catch a matrix of 4096 × 4096, or a hang, or an AssertionError."""
    words = [(0.1, f"X{k} Z{k + 1}") for k in range(11)] + [(0.2, f"Z{k}") for k in range(12)]
    gate = Gate("wide", QUBIT * 12, ("a",), operator(*words))
    with pytest.raises(CompileError) as caught:
        run(defined(gate, 12, Op(gate, tuple(range(12)), (number(0.3),))), {})
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE


OSCILLATOR = operator((0.5, "x0 x0"), (0.2, "p0 p0"), (0.3, "x0"), (0.1, "n0"))


@pytest.mark.parametrize(
    "generator", [OSCILLATOR, operator((0.3, "x0 p1"), (-0.3, "p0 x1"), (0.2, "x0"), (0.4, "n1"))], ids=["one", "two"]
)
def test_a_gaussian_generator_of_any_form(generator: Operator) -> None:
    """Would catch a flow that holds for the table's forms alone: against Heisenberg's equation, step by step."""
    modes = len(generator.support)
    gate = Gate("flow", MODE * modes, ("a",), generator)
    program = defined(gate, modes, Op(gate, tuple(range(modes)), (parameter("t"),)), kind="qumode")
    outputs = tuple(Expectation(Observable(operator((1, f"{letter}{k}")))) for letter in "xp" for k in range(modes))
    program = replace(program, outputs=outputs)
    means = np.array([v[0] for v in run(program, {"t": 0.6})])
    matrix, push = quadrature_action(generator, modes)
    point, steps = np.zeros(2 * modes), 600
    for _ in range(steps):  # Runge-Kutta of fourth order
        h = 0.6 / steps
        k1 = matrix @ point + push
        k2 = matrix @ (point + h / 2 * k1) + push
        k3 = matrix @ (point + h / 2 * k2) + push
        k4 = matrix @ (point + h * k3) + push
        point = point + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    np.testing.assert_allclose(means, point, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("kinds", "generator"),
    [
        (("qumode",), OSCILLATOR),
        (("qumode",) * 5, operator((0.5, "x0 x0 p1"), (1.0, "p0 p4"))),
    ],
    ids=["Gaussian", "wide"],
)
def test_what_fock_space_cannot_say_is_told(kinds: tuple[Kind, ...], generator: Operator) -> None:
    """Would catch an AssertionError, or a wrong exponential of a cut generator."""
    gate = Gate("flow", kinds, ("a",), generator)
    registers = tuple(Register(f"w{k}", kind) for k, kind in enumerate(kinds))
    body = (Op(gate, tuple(range(len(kinds))), (number(0.3),)),)
    program = Program(registers, (), (Definition(gate),), body, (State(),))
    with pytest.raises(CompileError) as caught:
        run(program, {}, Options(engine="tensor", cutoff=3))
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.NOT_SIMULABLE
    assert fault.help


def test_an_opaque_gate_is_refused_by_name() -> None:
    """Would catch an opaque gate taken for the identity."""
    gate = Gate("magic", ("qubit",), ("a",), opaque=True)
    op = Op(gate, (0,), (number(0.3),))
    for asked in (lambda: run(defined(gate, 1, op), {}), lambda: decompose(op)):
        with pytest.raises(CompileError, match="magic") as caught:
            asked()
        assert caught.value.diagnostics[0].code is Code.UNKNOWN_EFFECT


def test_a_body_of_nothing_is_the_identity() -> None:
    """Would catch an empty body taken for a gate without a meaning."""
    program = parse("qubit q; gate idle a { } h q; idle q; return probs(q);")
    assert isinstance(program, Program)
    np.testing.assert_allclose(run(program, {})[0], [[0.5, 0.5]], rtol=0, atol=1e-12)

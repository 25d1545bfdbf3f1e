"""One level of a gate's word: angles, wires, controls and inverses all the way in."""

from itertools import product

import numpy as np
import pytest
from dense import unitary

from qcompile.angle import number, parameter, pi_times
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE, Gate, pauli_rotation
from qcompile.grammar import decompose, invert, parse
from qcompile.ir import Definition, Op, Program

WORDS = [gate for gate in TABLE.values() if gate.word and set(gate.wires) <= {"qubit"} and gate.is_unitary]
CONTROLS = [controls for count in (1, 2) for controls in product((True, False), repeat=count)]
GATE = Gate("twist", ("qubit", "qubit"), ("alpha", "beta"))
ALPHA, BETA = parameter("alpha"), parameter("beta")
TWIST = Definition(
    GATE,
    (
        Op(TABLE["rx"], (1,), (ALPHA + BETA,)),
        Op(TABLE["gphase"], (), (BETA,)),
        Op(TABLE["cx"], (1, 0)),
        Op(TABLE["t"], (0,)),
    ),
)


def angles_for(gate: Gate) -> tuple[float, ...]:
    return (0.37, -1.21, 2.05, 0.66)[: len(gate.parameters)]


def an_op(gate: Gate, controls: tuple[bool, ...] = (), inverse: bool = False) -> Op:
    """The gate on wires in descending order, so that a mix-up shows."""
    count = len(gate.wires) + len(controls)
    return Op(gate, tuple(reversed(range(count))), tuple(map(number, angles_for(gate))), controls, inverse)


@pytest.mark.parametrize("controls", CONTROLS, ids=str)
@pytest.mark.parametrize("gate", WORDS, ids=[gate.name for gate in WORDS])
def test_controls_go_in(gate: Gate, controls: tuple[bool, ...]) -> None:
    """Would catch a lost phase, a wrong polarity, or a control on the wrong wire."""
    op = an_op(gate, controls)
    count = len(op.wires)
    np.testing.assert_allclose(unitary(decompose(op), count, {}), unitary([op], count, {}), rtol=0, atol=1e-12)


@pytest.mark.parametrize("gate", WORDS, ids=[gate.name for gate in WORDS])
def test_an_inverse_goes_in(gate: Gate) -> None:
    """Would catch factors inverted but not reversed, or reversed but not inverted."""
    op = an_op(gate, (True,), inverse=True)
    count = len(op.wires)
    np.testing.assert_allclose(unitary(decompose(op), count, {}), unitary([op], count, {}), rtol=0, atol=1e-12)


@pytest.mark.parametrize("controls", CONTROLS, ids=str)
def test_a_controlled_phase_becomes_phases(controls: tuple[bool, ...]) -> None:
    """Would catch e^{iγ} put on the wrong value of a control, or left as a phase of nothing."""
    op = Op(TABLE["gphase"], tuple(range(len(controls))), (number(0.7),), controls)
    ops = decompose(op)
    np.testing.assert_allclose(unitary(ops, len(controls), {}), unitary([op], len(controls), {}), rtol=0, atol=1e-12)
    assert all(part.gate.name == "p" or not part.controls for part in ops)


def test_a_positive_control_takes_the_phase() -> None:
    """Would catch a decomposition in two gates where one does."""
    op = Op(TABLE["gphase"], (4, 2, 3), (ALPHA,), (False, True, False))
    assert decompose(op) == (Op(TABLE["p"], (4, 3, 2), (ALPHA,), (False, False)),)


def test_angles_and_wires_are_put_in() -> None:
    """Would catch angles substituted one after the other (`phi` for `lambda` for `phi`), or wires by name."""
    op = Op(TABLE["u"], (5,), (parameter("lambda"), parameter("phi"), pi_times(1, 2)))
    assert decompose(op) == (
        Op(TABLE["p"], (5,), (pi_times(1, 2),)),
        Op(TABLE["ry"], (5,), (parameter("lambda"),)),
        Op(TABLE["p"], (5,), (parameter("phi"),)),
    )


def test_a_definition_is_a_body() -> None:
    """Would catch a definition that is not found, or whose global phase is lost under a control."""
    op = Op(GATE, (3, 2, 0), (number(0.3), BETA), (True,), inverse=True)
    assert decompose(op, (TWIST,)) == (
        Op(TABLE["tdg"], (3, 2), (), (True,)),
        Op(TABLE["cx"], (3, 0, 2), (), (True,)),
        Op(TABLE["p"], (3,), (-BETA,)),
        Op(TABLE["rx"], (3, 0), (-BETA - number(0.3),), (True,)),
    )


def test_a_preparation_stays_one() -> None:
    """Would catch a preparation whose word loses its first step."""
    ops = decompose(Op(TABLE["coherent"], (2,), (ALPHA, BETA)))
    assert ops == (Op(TABLE["vacuum"], (2,)), Op(TABLE["displace"], (2,), (ALPHA, BETA)))


def test_a_gate_without_word_is_our_fault() -> None:
    """Would catch an op that vanishes because nothing says what it is made of."""
    with pytest.raises(AssertionError, match="rx has no word"):
        decompose(Op(TABLE["rx"], (0,), (ALPHA,)))


@pytest.mark.parametrize(
    ("op", "inverse"),
    [
        (Op(TABLE["rx"], (0,), (ALPHA,)), Op(TABLE["rx"], (0,), (-ALPHA,))),
        (Op(pauli_rotation("XZ"), (0, 1), (ALPHA,)), Op(pauli_rotation("XZ"), (0, 1), (-ALPHA,))),
        (Op(TABLE["s"], (0, 1), (), (False,)), Op(TABLE["sdg"], (0, 1), (), (False,))),
        (Op(TABLE["h"], (0,)), Op(TABLE["h"], (0,))),
        (Op(TABLE["cswap"], (0, 1, 2)), Op(TABLE["cswap"], (0, 1, 2))),
        (Op(TABLE["iswap"], (0, 1)), Op(TABLE["iswap"], (0, 1), inverse=True)),
        (Op(TABLE["u"], (0,), (ALPHA,) * 3), Op(TABLE["u"], (0,), (ALPHA,) * 3, inverse=True)),
        (Op(GATE, (0, 1), (ALPHA, BETA)), Op(GATE, (0, 1), (ALPHA, BETA), inverse=True)),
    ],
)
def test_invert_keeps_the_normal_form(op: Op, inverse: Op) -> None:
    """Would catch a flag where an angle or another gate says the inverse, and equal ops as unequal records."""
    assert invert(op) == inverse
    assert invert(inverse) == op


def test_a_preparation_has_no_inverse() -> None:
    """Would catch an irreversible op taken for a unitary one."""
    with pytest.raises(AssertionError, match="vacuum has no inverse"):
        invert(Op(TABLE["vacuum"], (0,)))


def test_a_body_without_a_value_at_these_angles_is_reported() -> None:
    """Catches a traceback for `1/a` in a gate's body that is applied at 0."""
    program = parse("gate g(a) b { rz(1/a) b; } qubit q; g(0) q;")
    assert isinstance(program, Program)
    (op,) = program.body
    assert isinstance(op, Op)
    with pytest.raises(CompileError) as caught:
        decompose(op, program.definitions)
    assert [fault.code for fault in caught.value.diagnostics] == [Code.BAD_NUMBER]

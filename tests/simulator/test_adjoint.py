"""Adjoint programs on the tensor engine: against finite differences, and schedules that were changed after the fact."""

import numpy as np
import pytest

from qcompile.angle import Element, number, parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE, pauli_rotation
from qcompile.grammar import parse
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Expectation,
    Gradient,
    Observable,
    Op,
    Parameter,
    Program,
    Register,
    Variance,
)
from qcompile.operator import operator
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, run

ROTATIONS = [
    gate for gate in TABLE.values() if gate.generator is not None and "qumode" not in gate.wires and gate.wires
]
ROTATIONS.append(pauli_rotation("XZYXZ"))
OBSERVABLE = Observable(operator((0.7, "X0 Y1 Z4"), (-0.4, "Z2"), (0.3, "Y3 X4")))


def every_rotation(rng: np.random.Generator) -> Program:
    ops: list[Op] = [Op(TABLE["h"], (wire,)) for wire in range(6)]
    for k, gate in enumerate(ROTATIONS):
        controls = (bool(rng.integers(2)),) if k % 3 == 0 and len(gate.wires) < 6 else ()
        wires = tuple(int(wire) for wire in rng.permutation(6)[: len(gate.wires) + len(controls)])
        ops.append(Op(gate, wires, (parameter("w", k).scaled(number(1.5).constant),), controls))
        ops.append(Op(TABLE["iswap"], (k % 5, k % 5 + 1), inverse=bool(k % 2)))
    size = len(ROTATIONS)
    return Program(
        (Register("q", "qubit", 6),),
        (Parameter("w", size),),
        (),
        tuple(ops),
        (Expectation(OBSERVABLE), Variance(OBSERVABLE)),
    )


@pytest.mark.parametrize("seed", range(3))
def test_every_rotation_of_the_table(seed: int) -> None:
    """Would catch a generator read on the wrong wires or under the wrong control, in any gate that has one."""
    rng = np.random.default_rng(seed)
    program = every_rotation(rng)
    size = len(ROTATIONS)
    at = rng.normal(size=size)
    steps = 1e-5 * np.vstack([np.eye(size), -np.eye(size)])
    values = np.array(run(program, {"w": at + steps}))
    numeric = (values[:, :size] - values[:, size:]) / 2e-5
    found = evaluate(differentiate(program, method="adjoint"), {"w": at}, Options())
    assert np.allclose(np.concatenate(found), numeric.ravel(), rtol=0, atol=1e-8)


def light(reverse: tuple[Op | Gradient, ...]) -> Adjoint:
    text = """qumode m[2]; param a; coherent(0.2, 0) m[1]; kerr(0.1) m[1]; shift_x(a) m[0];
    beamsplit_real(0.1) m[0], m[1]; beamsplit_real(0.2) m[0], m[1]; rotate(0.5) m[0]; return expect(x[0] x[0] x[0]);"""
    forward = parse(text)
    assert isinstance(forward, Program)
    return Adjoint(forward, reverse, 1, (AdjointComponent(0, Element("a"), ((number(1.0), 0),)),))


ROTATE_BACK = Op(TABLE["rotate"], (0,), (number(-0.5),))
SPLIT_BACK = Op(TABLE["beamsplit_real"], (0, 1), (number(-0.3),))
READ = Gradient(0, operator((0.5, "p0")))
SHIFT_BACK = Op(TABLE["shift_x"], (0,), (-parameter("a"),))
KERR_BACK = Op(TABLE["kerr"], (1,), (number(-0.1),))
OPTIMISED = (ROTATE_BACK, SPLIT_BACK, READ, SHIFT_BACK, KERR_BACK)


def test_an_optimised_schedule_of_light() -> None:
    """Would catch a schedule that must undo the program op by op: merged beam splitters lead to the same state."""
    options = Options(cutoff=12, engine="tensor")
    (slope,) = evaluate(light(OPTIMISED), {"a": 0.4}, options)
    (values,) = run(light(OPTIMISED).forward, {"a": [0.4 + 1e-5, 0.4 - 1e-5]}, options)
    assert np.allclose(slope, (values[0] - values[1]) / 2e-5, rtol=0, atol=1e-6)


def test_a_schedule_of_another_program_is_refused() -> None:
    """Would catch a derivative of something else, returned as that of the forward program."""
    with pytest.raises(CompileError) as caught:
        evaluate(light((READ, SHIFT_BACK, KERR_BACK)), {"a": 0.4}, Options(engine="tensor"))
    assert caught.value.diagnostics[0].code == Code.BAD_MODULE


def test_shots_are_refused() -> None:
    """Would catch an exact sweep passed off as an estimate."""
    with pytest.raises(CompileError) as caught:
        evaluate(light(OPTIMISED), {"a": 0.4}, Options(shots=10))
    assert caught.value.diagnostics[0].code == Code.METHOD

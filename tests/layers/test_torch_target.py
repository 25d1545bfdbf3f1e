"""Programs as operations of PyTorch, held against the engine: another way to tables, and derivatives by PyTorch."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_programs import QUBIT_GATES, qubit_programs, values_for

import qcompile as qc
from qcompile.angle import Angle, number, parameter
from qcompile.entries import in_one
from qcompile.gates import TABLE, Gate
from qcompile.ir import (
    Covariance,
    Expectation,
    Observable,
    Op,
    Output,
    Parameter,
    Probabilities,
    Program,
    Register,
    State,
    Variance,
)
from qcompile.operator import operator
from qcompile.targets.simulator import Options, run
from qcompile.targets.torch import lower


def parsed(text: str) -> Program:
    program = qc.parse(text)
    assert isinstance(program, Program)
    return program


def rows_of(program: Program, batch: int) -> torch.Tensor:
    if not program.parameters:
        return torch.zeros(batch, 0, dtype=torch.float64)
    values = values_for(program, 1)
    row = in_one(program.parameters, values, ())
    return torch.as_tensor(np.stack([row * (1 + 0.3 * k) for k in range(batch)]))


def by_name(program: Program, rows: torch.Tensor) -> dict[str, np.ndarray]:
    if not program.parameters:
        return {}
    edges = np.cumsum([p.size or 1 for p in program.parameters])[:-1]
    parts = zip(program.parameters, np.split(rows.numpy(), edges, axis=1), strict=True)
    return {p.name: part[:, 0] if p.size is None else part for p, part in parts}


def compared(program: Program, batch: int) -> None:
    """Every output at every row, and the derivatives of expectations by every entry."""
    lowered, rows = lower(program), rows_of(program, batch).requires_grad_()
    found = lowered(rows)
    values = by_name(program, rows.detach())
    expected = [np.broadcast_to(o.T, (*o.T.shape[:-1], batch)) for o in run(program, values, Options(engine="tensor"))]
    whole = np.concatenate([o.reshape(-1, batch) for o in expected]).T
    assert np.allclose(found.detach().numpy(), whole, rtol=0, atol=1e-12)
    single = lower(program)(rows.detach().float())
    assert single.dtype is torch.float32
    assert np.allclose(single.numpy(), whole, rtol=0, atol=1e-4)


def slopes_compared(program: Program, batch: int) -> None:
    rows = rows_of(program, batch).requires_grad_()
    (found,) = torch.autograd.grad(lower(program)(rows)[:, 0].sum(), rows)
    first = replace(program, outputs=program.outputs[:1])
    _, expected = qc.value_and_grad(first, engine="tensor")(**by_name(program, rows.detach()))
    assert np.allclose(found.numpy(), in_one(program.parameters, expected, (batch,)), rtol=0, atol=1e-11)


@given(qubit_programs(max_wires=5, max_ops=12), st.integers(1, 4))
def test_random_programs(program: Program, batch: int) -> None:
    """A wrong table, order of bits or sign would show in a value."""
    compared(program, batch)


@pytest.mark.parametrize("gate", QUBIT_GATES, ids=lambda gate: gate.name)
def test_every_gate(gate: Gate) -> None:
    """Values and slopes, with and without a control, on wires in any order."""
    rng = np.random.default_rng(len(gate.name))
    for controls in ((), (True,), (False,)):
        count = len(gate.wires) + len(controls)
        chosen = tuple(int(wire) for wire in rng.permutation(count + 1)[:count])
        around = [Op(TABLE["ry"], (wire,), (number(0.3 + 0.2 * wire),)) for wire in range(count + 1)]
        own = Op(gate, chosen, tuple(parameter("p", k) for k in range(len(gate.parameters))), controls)
        after = [Op(TABLE["rx"], op.wires, op.angles) for op in around]
        words = operator(*((1.0, f"Z{k}") for k in range(count + 1)), (0.5, "X0 Y1") if count else (0.5, "Y0"))
        parameters = (Parameter("p", len(gate.parameters)),) if gate.parameters else ()
        body = (*around, own, *after)
        register = Register("q", "qubit", count + 1)
        program = Program((register,), parameters, (), body, (Expectation(Observable(words)),))
        compared(program, 1)
        if gate.parameters:
            slopes_compared(program, 2)


def sample(*outputs: Output) -> Program:
    """Shared, scaled and computed angles, and a word on more qubits than a table holds."""
    a, b = parameter("p", 0), parameter("p", 1)
    word = Op(
        replace(TABLE["rzz"], name="turn", wires=("qubit",) * 6, generator=operator((0.5, "X0 Y1 Z2 Y3 X4 X5"))),
        (0, 2, 1, 5, 4, 3), (a,),
    )  # fmt: skip
    body = (
        *(Op(TABLE["ry"], (k,), (number(0.2 + 0.3 * k),)) for k in range(6)), word, Op(TABLE["rx"], (1,), (a * b,)),
        Op(TABLE["cx"], (1, 4)), Op(TABLE["rxx"], (4, 0), (a + b.scaled(number(2.0).constant),)),
    )  # fmt: skip
    return Program((Register("q", "qubit", 6),), (Parameter("p", 2),), (), body, outputs)


def observable(coefficient: Angle) -> Observable:
    whole = operator((1.0, "Z0 X2"), (0.5, "Y1 X5"), (0.25, "Z4"))
    return Observable(replace(whole, terms=((whole.terms[0][0], coefficient), *whole.terms[1:])))


def test_every_output() -> None:
    """A trained coefficient, variances and covariances, and probabilities whose wires are not in order."""
    plain, trained = observable(number(1.0)), observable(parameter("p", 1))
    outputs = (Expectation(trained), Variance(plain), Covariance(plain, trained), Probabilities((4, 0, 2)))
    compared(sample(*outputs), 3)
    slopes_compared(sample(*outputs), 3)


def test_state() -> None:
    """Amplitudes come in order, the first wire most significant."""
    program = sample(State())
    rows = rows_of(program, 2)
    (expected,) = run(program, by_name(program, rows), Options(engine="tensor"))
    assert np.allclose(lower(program).state(rows).numpy(), expected, rtol=0, atol=1e-13)


def test_slopes_of_slopes() -> None:
    """PyTorch's own checkers, of both orders."""
    program = sample(Expectation(observable(parameter("p", 0))), Variance(observable(number(1.0))))
    rows = rows_of(program, 2).requires_grad_()
    assert torch.autograd.gradcheck(lower(program), (rows,))
    assert torch.autograd.gradgradcheck(lower(program), (rows,))


def test_sixteen_qubits() -> None:
    """Axes are not one a qubit: PyTorch has 64 at most, and 25 on some devices."""
    text = "qubit q[16]; param a[16]; for k in 0:16 { ry(a[k]) q[k]; } for k in 0:15 { cx q[k], q[k + 1]; }"
    program = parsed(text + " return expect(Z[0] Z[15] + X[3] X[4] Y[9]);")
    slopes_compared(program, 1)


@pytest.mark.parametrize("text", [
    "qumode m; param a; displace(a, 0) m; return expect(x[0]);",
    "qubit q; bit b; param a; rx(a) q; b = measure q; return expect(Z[0]);",
    "qubit q; param a; rx(a) q; bit_flip(0.1) q; return expect(Z[0]);",
    "qubit q; param a; rx(a) q; return state();",
])  # fmt: skip
def test_what_it_refuses(text: str) -> None:
    """A code, and no wrong number."""
    with pytest.raises(qc.CompileError, match="QC0604"):
        lower(parsed(text))(torch.zeros(1, 1))


@pytest.mark.parametrize("rows", [torch.zeros(2), torch.zeros(1, 3), torch.zeros(1, 2, dtype=torch.int64)])
def test_what_is_no_row(rows: torch.Tensor) -> None:
    with pytest.raises(qc.CompileError, match="QC0603"):
        lower(sample(Expectation(observable(number(1.0)))))(rows)


def test_too_much_memory_is_refused() -> None:
    """Before any is taken."""
    program = parsed("qubit q[34]; param a; ry(a) q[0]; return expect(Z[0]);")
    with pytest.raises(qc.CompileError, match="GiB"):
        lower(program)(torch.zeros(1, 1))


def layer_of(text: str, method: str) -> qc.torch.Layer:
    layer = qc.torch.Layer(parsed(text), seed=2, method=method)
    layer.double()
    return layer


def test_a_layer_by_backprop() -> None:
    """Would catch columns in another order: inputs are declared before, between and after what is trained."""
    text = (
        "input a; param w[2]; input b[2]; qubit q[2]; ry(a + w[0]) q[0]; rx(b[1]*w[1]) q[1]; cx q[0], q[1];"
        " rz(b[0]) q[1]; ry(w[0]) q[1]; return expect(Z[0] Y[1]), probs(q[1]);"
    )
    engine, native = layer_of(text, "auto"), layer_of(text, "backprop")
    x = torch.linspace(-1, 1, 18, dtype=torch.float64).reshape(2, 3, 3).requires_grad_()
    found, expected = native(x), engine(x)
    assert torch.allclose(found, expected, rtol=0, atol=1e-12)
    weight = torch.linspace(0, 1, found.numel(), dtype=torch.float64).reshape(found.shape)
    slopes = [torch.autograd.grad((m(x) * weight).sum(), [x, *m.parameters()]) for m in (engine, native)]
    for one, other in zip(*slopes, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-11)
    assert native.float()(x).dtype is torch.float32
    assert torch.equal(copy.deepcopy(native)(x), native(x))


def test_backprop_runs_on_nothing_else() -> None:
    """Would catch shots that are left out without a word."""
    with pytest.raises(qc.CompileError, match="backprop"):
        qc.torch.Layer(sample(Expectation(observable(number(1.0)))), method="backprop", shots=100)

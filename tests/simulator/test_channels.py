"""Channels against their textbook Kraus operators, applied here to density matrices, and to each other's engines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from dense import Matrix, on_wires, operator_matrix, unitary
from numpy.typing import NDArray
from scipy.stats import unitary_group

from qcompile.angle import number, parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE, Gate, Kind
from qcompile.grammar import parse
from qcompile.ir import (
    Definition,
    Expectation,
    Measure,
    Observable,
    Op,
    Parameter,
    Probabilities,
    Program,
    Register,
    Samples,
    State,
    Variance,
)
from qcompile.operator import operator
from qcompile.targets.simulator import Options, leakage, run
from qcompile.targets.simulator.gaussian_forward import channel
from qcompile.targets.simulator.tensor_channels import kraus_maps

QUBIT: tuple[Kind, ...] = ("qubit",)
Letter = NDArray[np.float64] | NDArray[np.complex128]
ONE, X, Y, Z = np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1.0, -1.0])


def flip(letter: Letter) -> Callable[[float], Sequence[Letter]]:
    return lambda p: [math.sqrt(1 - p) * ONE, math.sqrt(p) * letter]


# Nielsen and Chuang, section 8.3: equations 8.99 to 8.101, 8.107, 8.127
KRAUS: dict[str, Callable[[float], Sequence[Letter]]] = {
    "bit_flip": flip(X),
    "phase_flip": flip(Z),
    "bit_phase_flip": flip(Y),
    "depolarizing": lambda p: [math.sqrt(1 - 3 * p / 4) * ONE, *(math.sqrt(p) / 2 * letter for letter in (X, Y, Z))],
    "amplitude_damping": lambda g: [np.diag([1, math.sqrt(1 - g)]), np.array([[0, math.sqrt(g)], [0, 0]])],
    "phase_damping": lambda g: [np.diag([1, math.sqrt(1 - g)]), np.diag([0, math.sqrt(g)])],
}
OBSERVABLE = Observable(operator((0.7, "X0 Y1"), (-0.4, "Z1"), (0.3, "Y0"), (0.2, "Z0 Z2")))


def given(matrix: Matrix) -> Gate:
    return Gate("given", QUBIT * (len(matrix).bit_length() - 1), matrix=tuple(tuple(map(complex, r)) for r in matrix))


def after(state: Matrix, kraus: Sequence[Letter], wires: tuple[int, ...], count: int) -> Matrix:
    full = [on_wires(np.asarray(k, dtype=complex), wires, count) for k in kraus]
    return sum((k @ state @ k.conj().T for k in full), np.zeros_like(state))


@pytest.mark.parametrize("strength", [0.0, 0.23, 1.0])
@pytest.mark.parametrize("name", KRAUS)
def test_qubit_channels_are_the_textbooks(name: str, strength: float) -> None:
    """Would catch a wrong dilation or convention, a channel on the wrong wire, coherence that survives or is lost."""
    rng = np.random.default_rng(3)
    start = unitary_group.rvs(8, random_state=rng)
    mixer = unitary_group.rvs(4, random_state=rng)
    gates = [given(start), replace(given(mixer), name="mixer")]
    body = (
        Op(gates[0], (0, 1, 2)), Op(TABLE[name], (1,), (parameter("p"),)), Op(gates[1], (1, 2)),
        Op(TABLE[name], (0,), (number(0.4),)),
    )  # fmt: skip
    outputs = (Expectation(OBSERVABLE), Variance(OBSERVABLE), Probabilities((2, 0)))
    program = Program((Register("q", "qubit", 3),), (Parameter("p"),), tuple(map(Definition, gates)), body, outputs)
    mean, variance, levels = run(program, {"p": [strength, strength]})
    rho = np.outer(start[:, 0], start[:, 0].conj())
    rho = after(rho, KRAUS[name](strength), (1,), 3)
    rho = after(rho, [mixer], (1, 2), 3)
    rho = after(rho, KRAUS[name](0.4), (0,), 3)
    matrix = operator_matrix(OBSERVABLE.operator, 3)
    first = np.trace(matrix @ rho).real
    np.testing.assert_allclose(mean, [first] * 2, rtol=0, atol=1e-12)
    np.testing.assert_allclose(variance, [np.trace(matrix @ matrix @ rho).real - first**2] * 2, rtol=0, atol=1e-12)
    expected = np.einsum("abcabc->ca", rho.reshape((2,) * 6)).real.ravel()
    np.testing.assert_allclose(levels[0], expected, rtol=0, atol=1e-12)


def test_a_channel_by_kraus_matrices() -> None:
    """Would catch matrices applied transposed, in the wrong order of wires, or not renormalised."""
    rng = np.random.default_rng(5)
    tall = np.linalg.qr(rng.normal(size=(12, 4)) + 1j * rng.normal(size=(12, 4)))[0]
    kraus = [tall[:4], tall[4:8], tall[8:]]
    start = unitary_group.rvs(8, random_state=rng)
    gate = Gate("noise", ("qubit", "qubit"), kraus=tuple(tuple(tuple(map(complex, r)) for r in k) for k in kraus))
    gates = [given(start), gate]
    program = Program(
        (Register("q", "qubit", 3),), (), tuple(map(Definition, gates)),
        (Op(gates[0], (0, 1, 2)), Op(gate, (2, 0))), (Expectation(OBSERVABLE),),
    )  # fmt: skip
    rho = after(np.outer(start[:, 0], start[:, 0].conj()), kraus, (2, 0), 3)
    expected = np.trace(operator_matrix(OBSERVABLE.operator, 3) @ rho).real
    np.testing.assert_allclose(run(program, {})[0], expected, rtol=0, atol=1e-12)


def test_noise_on_many_wires_stays_few_branches() -> None:
    """Would catch 4^24 histories, and memory without bound: 6 qubits under 4 rounds of noise."""
    text = "qubit q[4]; for r in 0:5 { for i in 0:4 { ry(0.3) q[i]; } for i in 0:3 { cx q[i], q[i + 1]; } }"
    program = parse(f"{text} return expect(Z[0]);")
    assert isinstance(program, Program)
    noisy: list[Op] = []
    for op in program.body:
        assert isinstance(op, Op)
        noisy += [op, *(Op(TABLE["depolarizing"], (wire,), (number(0.05),)) for wire in op.wires)]
    (value,) = run(replace(program, body=tuple(noisy)), {})
    rho = np.zeros((16, 16), dtype=complex)
    rho[0, 0] = 1
    for op in noisy:
        kraus = (
            KRAUS["depolarizing"](0.05)
            if op.gate.channel
            else [unitary([replace(op, wires=tuple(range(len(op.wires))))], len(op.wires), {})]
        )
        rho = after(rho, kraus, op.wires, 4)
    np.testing.assert_allclose(value, np.trace(operator_matrix(operator((1, "Z0")), 4) @ rho).real, rtol=0, atol=1e-11)


def test_measurements_after_noise_and_shots() -> None:
    """Would catch branches of noise that a measurement forgets, in exact values and in shots."""
    program = Program(
        (Register("q", "qubit", 1), Register("c", "bit", 1)), (), (),
        (
            Op(TABLE["bit_flip"], (0,), (number(0.3),)), Measure("z", 0, (0,)),
            Op(TABLE["bit_flip"], (0,), (number(0.2),)),
        ),
        (Samples((0,), (0,)),),
    )  # fmt: skip
    shots: NDArray[np.int64] = run(program, {}, Options(shots=40000, seed=4))[0][0]
    rates = [
        np.count_nonzero((shots[:, 0] == q) & (shots[:, 1] == c)) / len(shots)
        for q, c in ((0, 0), (1, 0), (0, 1), (1, 1))
    ]
    np.testing.assert_allclose(rates, [0.56, 0.14, 0.06, 0.24], rtol=0, atol=0.01)


def test_a_noisy_state_is_refused_only_when_mixed() -> None:
    """Would catch one branch of a mixture passed off as the state."""
    program = Program(
        (Register("q", "qubit", 1),), (), (),
        (Op(TABLE["h"], (0,)), Op(TABLE["phase_damping"], (0,), (number(0.0),))), (State(),),
    )  # fmt: skip
    np.testing.assert_allclose(run(program, {})[0], [[math.sqrt(0.5)] * 2], rtol=0, atol=1e-12)
    noisy = replace(program, body=(program.body[0], Op(TABLE["phase_damping"], (0,), (number(0.5),))))
    with pytest.raises(CompileError) as caught:
        run(noisy, {})
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE


@pytest.mark.parametrize(
    ("name", "values"),
    [("depolarizing", (1.2,)), ("bit_flip", (-0.1,)), ("loss", (1.01,)), ("thermal_loss", (0.5, -1.0))],
)
@pytest.mark.parametrize("engine", ["auto", "tensor"])
def test_strengths_out_of_bounds_are_refused(name: str, values: tuple[float, ...], engine: str) -> None:
    """Would catch a root of a negative number reported as such, or taken for a strength."""
    kind = TABLE[name].wires[0]
    names = [f"s{k}" for k in range(len(values))]
    letter = "Z0" if kind == "qubit" else "x0"
    program = Program(
        (Register("q", kind),), tuple(map(Parameter, names)), (),
        (Op(TABLE[name], (0,), tuple(map(parameter, names))),),
        (Expectation(Observable(operator((1, letter)))),),
    )  # fmt: skip
    with pytest.raises(CompileError) as caught:
        run(program, dict(zip(names, values, strict=True)), Options(engine="tensor" if engine == "tensor" else "auto"))
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.BAD_VALUE
    assert fault.help


def light(*channels: Op) -> Program:
    text = (
        "qumode m[2]; squeeze(0.25, 0.4) m[0]; displace(0.5, 0.3) m[0]; displace(0.2, 1) m[1]; beamsplit(0.7, 0.2) m;"
    )
    program = parse(
        text.replace("beamsplit(0.7, 0.2) m;", "beamsplit(0.7, 0.2) m[0], m[1];")
        + "return expect(x[0]), expect(p[0]), var(x[0]), expect(n[0]), expect(x[0] x[1]), var(p[0]), expect(n[1]);"
    )
    assert isinstance(program, Program)
    return replace(program, body=(*program.body, *channels))


def test_loss_has_the_binomial_kraus_operators() -> None:
    """Would catch the transmissivity of amplitudes for that of photons, or a dilation cut short."""
    transmissivity, cutoff = 0.63, 7
    maps = kraus_maps(Op(TABLE["loss"], (0,), (number(transmissivity),)), {}, cutoff)
    assert len(maps) == cutoff
    for lost, action in enumerate(maps):
        expected = np.zeros((cutoff, cutoff))
        for photons in range(lost, cutoff):
            weight = math.comb(photons, lost) * (1 - transmissivity) ** lost * transmissivity ** (photons - lost)
            expected[photons - lost, photons] = math.sqrt(weight)
        np.testing.assert_allclose(np.abs(action.matrix[0]), expected, rtol=0, atol=1e-12)
    total = sum(action.matrix[0].conj().T @ action.matrix[0] for action in maps)
    np.testing.assert_allclose(total, np.eye(cutoff), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "strengths"), [("loss", (0.4,)), ("thermal_loss", (0.4, 0.7)), ("loss", (1.0,))])
def test_gaussian_channels_in_closed_form(name: str, strengths: tuple[float, ...]) -> None:
    """Would catch noise of the wrong variance: X = √T, Y = (1 − T)(2n + 1)."""
    transmissivity, photons = strengths[0], strengths[1] if len(strengths) > 1 else 0.0
    scale, shift, noise = channel(Op(TABLE[name], (0,), tuple(map(number, strengths))), {})
    np.testing.assert_allclose(scale[0], math.sqrt(transmissivity) * np.eye(2), rtol=0, atol=1e-12)
    np.testing.assert_allclose(noise[0], (1 - transmissivity) * (2 * photons + 1) * np.eye(2), rtol=0, atol=1e-12)
    assert not shift.any()


@pytest.mark.parametrize(("name", "strengths"), [("loss", (0.55,)), ("thermal_loss", (0.8, 0.1))])
def test_both_engines_agree_on_lossy_light(name: str, strengths: tuple[float, ...]) -> None:
    """Would catch a channel that one engine applies to the wrong mode, or to the means alone."""
    program = light(Op(TABLE[name], (0,), tuple(map(number, strengths))))
    exact = run(program, {}, Options(engine="gaussian"))
    cut = run(program, {}, Options(engine="tensor", cutoff=14))
    np.testing.assert_allclose(cut, exact, rtol=0, atol=2e-5)
    assert leakage(program, {}, Options(engine="tensor", cutoff=14)) < 1e-5


def test_a_batch_of_strengths() -> None:
    """Would catch strengths of a batch that mix, in either engine."""
    program = replace(light(Op(TABLE["loss"], (1,), (parameter("t"),))), parameters=(Parameter("t"),))
    values = [0.2, 0.5, 0.9]
    for options in (Options(), Options(engine="tensor", cutoff=8)):
        together = run(program, {"t": values}, options)
        for row, value in enumerate(values):
            alone = run(program, {"t": value}, options)
            np.testing.assert_allclose([v[row] for v in together], [v[0] for v in alone], rtol=0, atol=1e-10)

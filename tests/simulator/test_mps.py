"""Matrix product states against state vectors, chains contracted elsewhere, and their own reports of what was cut."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from chains import brick, brick_value
from hypothesis import given
from random_programs import qubit_programs, values_for

import qcompile as qc
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Covariance, Exactness, Expectation, Probabilities, Program, Variance
from qcompile.targets.simulator import Options, execute, run

CHAIN, DENSE = Options(engine="mps"), Options(engine="tensor")


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


@given(qubit_programs(max_wires=5))
def test_chains_equal_state_vectors(source: Program) -> None:
    """Would catch wires out of order, a gate on distant wires turned round, an index of a bra taken for a ket's."""
    (output,) = source.outputs
    assert isinstance(output, Expectation)
    levels = Probabilities((len(source.kinds) - 1, 0)[: len(source.kinds)])
    own = output.observable
    whole = Program(
        source.registers, source.parameters, (), source.body, (output, Variance(own), Covariance(own, own), levels)
    )
    values = values_for(source, 5)
    result = execute(whole, values, CHAIN)
    assert result.truncation == 0
    for found, expected in zip(result.outputs, run(whole, values, DENSE), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_a_rotation_by_a_long_word() -> None:
    """Would catch a ladder that gathers the wrong parity, or a letter turned to Z the other way round."""
    wires = ", ".join(f"q[{k}]" for k in (6, 0, 3, 1, 7, 4, 2))
    text = f"""qubit q[8]; param t; ry(0.3) q; rx(0.4) q; pauli[XYZYYXZ](t) {wires};
        return expect(X[0] Z[1] + Y[2] Y[6] + Z[3] X[4] Y[7]), expect(Y[6] Y[0] Z[3] X[7]);"""
    for found, expected in zip(
        run(program(text), {"t": 0.7}, CHAIN), run(program(text), {"t": 0.7}, DENSE), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_sixty_four_qubits() -> None:
    """Would catch what only shows beyond a state vector's reach; another contraction, and its complex steps, tell."""
    source, angles = brick(64), np.random.default_rng(2).uniform(-1, 1, 4 * 64)
    value, gradient = qc.value_and_grad(source, engine="mps", wrt="w[70]")(w=angles)
    np.testing.assert_allclose(value, brick_value(angles), rtol=0, atol=1e-9)
    moved = angles.astype(complex)
    moved[70] += 1e-20j
    np.testing.assert_allclose(gradient["w"][70], np.imag(brick_value(moved)) / 1e-20, rtol=0, atol=1e-9)


DEEP = "qubit q[8]; " + "".join(
    "".join(f"ry({0.3 + 0.1 * (k + layer)}) q[{k}]; rz({0.2 * k + layer}) q[{k}];" for k in range(8))
    + "".join(f"cx q[{k}], q[{k + 1}];" for k in range(layer % 2, 7, 2))
    for layer in range(8)
)


def test_what_bonds_cut_off_is_told() -> None:
    """Would catch an approximation without a word: exact, told to be exact; cut, told what was cut."""
    source = program(DEEP + "return expect(X[3] Z[4] + Y[0]);")
    exact, accuracy = qc.simulate(source, engine="mps").assessed()
    assert accuracy.exactness is Exactness.EXACT
    assert abs(exact - qc.simulate(source)()) < 1e-9
    value, accuracy = qc.simulate(source, engine="mps", bond=3).assessed()
    assert accuracy.exactness is Exactness.APPROXIMATE
    assert 1e-3 < accuracy.truncation < 0.9
    assert 1e-6 < abs(value - exact) < 1


def test_nothing_is_cut_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch bonds cut silently where a state entangles more than they hold."""
    monkeypatch.setattr("qcompile.targets.simulator.mps.EXACT_BOND", 4)
    with pytest.raises(CompileError) as caught:
        run(program(DEEP + "return expect(Z[0]);"), {}, CHAIN)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code is Code.NOT_SIMULABLE
    assert "bond=" in diagnostic.help


def test_shots_are_those_of_the_state() -> None:
    """Would catch outcomes drawn without those before, a basis left unturned, or bits that miss their wire."""
    text = DEEP + "{} return expect(X[3] Z[4] + Y[5]), var(X[3] + Z[6]), probs(q[5], q[2]){};"
    source = program(
        text.format("bit c; c = measure q[7];", ", samples(q[1], c, q[4])").replace("qubit", "bit d; qubit")
    )
    found = run(source, {}, Options(engine="mps", shots=30_000, seed=3))
    for one, other in zip(found, run(program(text.format("", "")), {}, DENSE), strict=False):
        np.testing.assert_allclose(one, other, rtol=0, atol=0.04)
    (levels,) = run(program(DEEP + "return probs(q[1], q[4], q[7]);"), {}, DENSE)
    drawn = np.bincount(found[-1][0] @ [4, 2, 1], minlength=8) / 30_000
    np.testing.assert_allclose(drawn, levels[0], rtol=0, atol=0.02)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("qumode m; return expect(x[0]);", Code.NOT_SIMULABLE),
        ("qubit q; h q; return state();", Code.NOT_SIMULABLE),
        ("qubit q; bit c; h q; c = measure q; if (c) { x q; } return expect(Z[0]);", Code.NOT_SIMULABLE),
        ("qubit q; h q; bit_flip(0.1) q; return expect(Z[0]);", Code.NOT_SIMULABLE),
        ("qubit q[20]; h q[0]; return probs(q);", Code.NOT_SIMULABLE),
        ("qubit q[100000000]; h q[0]; return expect(Z[0]);", Code.TOO_LARGE),
    ],
)
def test_what_is_refused(text: str, code: Code) -> None:
    """Would catch noise and results that are passed over, and memory that is taken unasked."""
    with pytest.raises(CompileError) as caught:
        run(program(text), {}, CHAIN)
    assert caught.value.diagnostics[0].code is code


@pytest.mark.parametrize("settings", [{"bond": 0, "engine": "mps"}, {"bond": 4}])
def test_a_bond_that_makes_no_sense(settings: dict[str, int | str]) -> None:
    """Would catch a bond that another engine passes over."""
    with pytest.raises(CompileError) as caught:
        Options(**settings)  # type: ignore[arg-type]
    assert caught.value.diagnostics[0].code is Code.UNKNOWN_OPTION


def test_without_quimb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a traceback where one line says what to install."""
    monkeypatch.setitem(sys.modules, "quimb", None)
    with pytest.raises(CompileError) as caught:
        run(program("qubit q; h q; return expect(X[0]);"), {}, CHAIN)
    assert caught.value.diagnostics[0].code is Code.MISSING_CLIENT
    assert "qcompile[tensor-network]" in caught.value.diagnostics[0].help

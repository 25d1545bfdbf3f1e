"""Programs in Fock space: exact in the levels kept, with what the cut lost stated."""

import math

import numpy as np
import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Adjoint, Program
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, execute, leakage, run


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def tensor(cutoff: int) -> Options:
    return Options(cutoff=cutoff, engine="tensor")


def test_a_displacement_cut_is_the_infinite_one_cut() -> None:
    """Would catch exponentials of cut generators, and a result that is normalised again in silence."""
    source = program("qumode m; displace(1.2, 0) m; return state();")
    result = execute(source, {}, tensor(5))
    exact = [math.exp(-0.72) * 1.2**k / math.sqrt(math.factorial(k)) for k in range(5)]
    assert np.allclose(result.outputs[0], [exact], rtol=0, atol=1e-12)
    assert np.isclose(result.leakage, 1 - np.sum(np.square(exact)), rtol=0, atol=1e-12)
    assert np.isclose(result.edge, exact[4] ** 2, rtol=0, atol=1e-12)
    assert leakage(source, {}, tensor(40)) < 1e-12


def test_words_are_not_cut_before_they_are_multiplied() -> None:
    """Would catch x² of the highest level read from cut matrices: 2n + 1 = 19, not 9; likewise n² and variances."""
    product = "0.5*x[0] p[0] + 0.5*p[0] x[0]"
    text = f"qumode m; fock(9) m; return expect(x[0] x[0]), expect(n[0] n[0]), var(p[0]), expect({product});"
    outputs = run(program(text), {}, Options(cutoff=10))
    assert np.allclose([value[0] for value in outputs], [19, 81, 19, 0], rtol=0, atol=1e-12)


def test_a_mode_controlled_by_a_qubit() -> None:
    """Would catch controls that act on the wrong part: (|0⟩|0⟩ + |1⟩|α⟩)/√2 has ⟨X⟩ = exp(−α²/2)."""
    body = "qubit q; qumode m; param a; h q; ctrl @ displace(a, 0) q, m;"
    text = f"{body} return expect(X[0]), expect(Z[0] n[0]), expect(n[0]);"
    overlap, signed, photons = run(program(text), {"a": [0.3, 0.9]}, Options(cutoff=20))
    assert np.allclose(overlap, np.exp(-(np.array([0.3, 0.9]) ** 2) / 2), rtol=0, atol=1e-10)
    assert np.allclose(photons, np.array([0.09, 0.81]) / 2, rtol=0, atol=1e-10)
    assert np.allclose(signed, -photons, rtol=0, atol=1e-10)


THERMAL = "thermal(0.15) m[0]; squeeze(0.2, 0.2) m[0]; beamsplit(0.5, 0.1) m[0], m[1]; displace(0.2, 0) m[1];"
REPLACED = """squeezed(0.3, 0.4) m[0]; coherent(0.3, 1) m[1]; two_mode_squeeze(0.2, 0.3) m[0], m[1]; thermal(0.2) m[1];
mach_zehnder(0.3, 0.4) m[0], m[1];"""
RESET = "displace(0.4, 0) m[0]; reset m[0]; quadratic_phase(0.2) m[0]; controlled_x(0.2) m[0], m[1]; fourier m[1];"


@pytest.mark.parametrize("body", [THERMAL, REPLACED, RESET])
def test_both_engines_agree(body: str) -> None:
    """Would catch either engine's convention, the purification of a thermal state, and a preparation in mid-program."""
    text = f"qumode m[2]; {body} return expect(n[0]), expect(x[0] p[1]), var(x[1]), expect(p[1]);"
    fock, gaussian = run(program(text), {}, tensor(18)), run(program(text), {}, Options(engine="gaussian"))
    assert np.allclose(np.array(fock), np.array(gaussian), rtol=0, atol=1e-5)


NEURON = """
qubit q; qumode m[2]; param w[7]; ry(w[0]) q; y q; s q; displace(w[1], 0.3) m[0]; fock(1) m[1];
beamsplit(w[2], 0.4) m[0], m[1]; squeeze(w[3], 0) m[0]; kerr(w[4]) m[0]; ctrl @ shift_p(w[5]) q, m[1]; cubic(w[6]) m[0];
h q; ctrl @ rotate(0.3) q, m[1];
return expect(x[0] + 0.5*n[1] + X[0]), var(p[0]), var(0.5*x[0] p[0] + 0.5*p[0] x[0]);
"""


def test_adjoint_gradients_are_those_of_the_cut_program() -> None:
    """Would catch a sweep that takes cut gates for unitary: it equals finite differences, with much leakage too."""
    source, options = program(NEURON), tensor(4)
    module = differentiate(source, method="adjoint")
    assert isinstance(module, Adjoint)
    at = np.array([0.7, 0.6, 0.5, 0.3, 0.2, 0.4, 0.1])
    steps = 1e-5 * np.vstack([np.eye(7), -np.eye(7)])
    assert leakage(source, {"w": at}, options) > 0.01
    values = np.array(run(source, {"w": at + steps}, options))
    numeric = ((values[:, :7] - values[:, 7:]) / 2e-5).ravel()
    found = [float(component[0]) for component in evaluate(module, {"w": at}, options)]
    assert np.allclose(found, numeric, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("text", "code"), [
    ("qumode m; fock(10) m; return expect(n[0]);", Code.NOT_SIMULABLE),
    ("qumode m; fock(0.5) m; return expect(n[0]);", Code.BAD_VALUE),
    ("qumode m; kerr(1) m; thermal(-1) m; return expect(n[0]);", Code.BAD_VALUE),
    ("qumode m; kerr(1) m; thermal(1) m; return state();", Code.NOT_SIMULABLE),
    ("qumode m; real r; kerr(1) m; r = homodyne(0) m; rotate(1) m; return expect(n[0]);", Code.NOT_SIMULABLE),
    ("qumode m; real r; kerr(1) m; r = homodyne(0) m; return expect(x[0]);", Code.NOT_SIMULABLE),
    ("qumode m; real r; kerr(1) m; r = homodyne(0) m; return samples(r);", Code.NOT_SIMULABLE),
    ("qumode m; int k; shift_x(80) m; k = measure m; rotate(1) m; return expect(n[0]);", Code.NOT_SIMULABLE),
    ("qumode m; int k; shift_x(80) m; k = measure m; return samples(k);", Code.NOT_SIMULABLE),
])  # fmt: skip
def test_what_fock_space_cannot_do_is_refused(text: str, code: Code) -> None:
    """Would catch a wrong number where the engine has none to give."""
    with pytest.raises(CompileError) as caught:
        run(program(text), {}, Options(cutoff=10, shots=5 if "samples(k)" in text else None))
    assert caught.value.diagnostics[0].code == code
    assert caught.value.diagnostics[0].help

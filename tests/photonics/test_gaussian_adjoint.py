"""Adjoint programs on Gaussian states, held against finite differences and against the sweep in Fock space."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Adjoint, Program
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, Values, evaluate, run

RealArray = NDArray[np.float64]
GAUSSIAN = Options(engine="gaussian")
CIRCUIT = """
qumode m[2]; param t[5]; param s;
thermal(0.2) m[1]; displace(t[0], t[1]) m[0]; squeeze(0.5*t[2], s) m[1]; beamsplit(t[3], 0.4) m[0], m[1];
quadratic_phase(s**2) m[1]; controlled_x(t[4]) m[1], m[0]; two_mode_squeeze(0.2*t[1], 0.9) m[0], m[1];
rotate(3*s) m[0]; shift_p(t[0]) m[1]; controlled_z(t[2]) m[0], m[1]; shift_x(s) m[0];
"""
OUTPUTS = "expect(n[0] + 0.3*x[1]), var(x[0]), expect(x[0] x[1] x[1]), var(n[1])"


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def simulated(circuit: Program, values: Values, options: Options) -> list[RealArray]:
    return [np.asarray(output, dtype=float) for output in run(circuit, values, options)]


def adjoint(circuit: Program) -> Adjoint:
    module = differentiate(circuit, method="adjoint")
    assert isinstance(module, Adjoint)
    return module


def test_gradients_are_slopes_of_the_values() -> None:
    """Every output, every parameter, two rows. Catches a cotangent pulled back through the wrong map."""
    circuit = program(f"{CIRCUIT} return {OUTPUTS};")
    module = adjoint(circuit)
    point = {"t": np.random.default_rng(3).uniform(-0.4, 0.4, (2, 5)), "s": np.array([0.3, -0.2])}
    found = evaluate(module, point, GAUSSIAN)
    assert {c.output for c in module.components} == {0, 1, 2, 3}
    step = 1e-3
    for component, value in zip(module.components, found, strict=True):
        slope = np.zeros(2)
        for weight, shift in ((-1, 2), (8, 1), (-8, -1), (1, -2)):
            moved = {name: array.copy() for name, array in point.items()}
            index = () if component.wrt.index is None else component.wrt.index
            moved[component.wrt.name].T[index] += shift * step
            slope += weight * simulated(circuit, moved, GAUSSIAN)[component.output]
        assert value.shape == (2,)
        np.testing.assert_allclose(value, slope / (12 * step), rtol=0, atol=1e-8)


def test_gradients_are_those_of_fock_space() -> None:
    """The same schedule read as 2 Im⟨λ|G|ψ⟩ on cut states: catches a generator that means two things."""
    text = """qumode m[2]; param a; param b; param c;
    displace(a, 0.3) m[0]; beamsplit(b, 0.5) m[0], m[1]; squeeze(c, 0.2) m[1]; controlled_x(0.3*a) m[0], m[1];
    return expect(n[1]), var(x[0]);"""
    module = adjoint(program(text))
    point = {"a": 0.3, "b": 0.4, "c": 0.15}
    ours = evaluate(module, point, GAUSSIAN)
    theirs = evaluate(module, point, Options(engine="tensor", cutoff=30))
    np.testing.assert_allclose(np.ravel(ours), np.ravel(theirs), rtol=0, atol=1e-7)


def test_sixty_modes_have_their_closed_form() -> None:
    """⟨n⟩ summed after a passive mesh is Σα²: the mesh's own angles have no slope."""
    modes = 60
    text = f"""qumode m[{modes}]; param a; param w[{modes - 1}]; for i in 0:{modes} {{ displace(a, 0) m[i]; }}
    for i in 0:{modes - 1} {{ beamsplit(w[i], 0.3) m[i], m[i + 1]; }}
    return expect({" + ".join(f"n[{k}]" for k in range(modes))});"""
    module = adjoint(program(text))
    point: Values = {"a": 0.7, "w": np.linspace(0, 3, modes - 1)}
    for component, value in zip(module.components, evaluate(module, point, GAUSSIAN), strict=True):
        np.testing.assert_allclose(value, 2 * 0.7 * modes if component.wrt.name == "a" else 0.0, rtol=0, atol=1e-9)


def test_a_trained_preparation_is_refused() -> None:
    """Catches the silent zero that a schedule without a reading would give."""
    module = parse(
        "adjoint; forward { qumode m; param t; thermal(t) m; return expect(n[0]); } reverse { }"
        "component d[0] wrt t = 0;"
    )
    assert isinstance(module, Adjoint)
    with pytest.raises(CompileError) as caught:
        evaluate(module, {"t": 0.3}, GAUSSIAN)
    assert caught.value.diagnostics[0].code is Code.METHOD


def test_an_adjoint_takes_no_shots() -> None:
    module = adjoint(program("qumode m; param t; rotate(t) m; return expect(x[0]);"))
    with pytest.raises(CompileError) as caught:
        evaluate(module, {"t": 0.3}, Options(engine="gaussian", shots=10))
    assert caught.value.diagnostics[0].code is Code.METHOD

"""Measurement, reset and branching, exactly."""

import numpy as np
import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Program
from qcompile.targets.simulator import Options, bind, run
from qcompile.targets.simulator.tensor_program import plan
from qcompile.targets.simulator.tensor_run import run_plan


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def test_a_gate_that_waits_for_a_bit() -> None:
    """Would catch a branch taken with the wrong weight: d⟨Z1⟩/dx = −sin²(0.35) sin 0.7."""
    text = """qubit q[2]; bit m; param x;
    ry(0.7) q[0]; rx(0.3) q[1]; m = measure q[0]; if (m) { rx(x) q[1]; } return expect(Z[1]);"""
    (values,) = run(program(text), {"x": [0.4, 0.4 + 1e-6, 0.4 - 1e-6]})
    assert np.isclose((values[1] - values[2]) / 2e-6, -0.07574641, rtol=0, atol=1e-8)


def test_the_mean_that_a_kept_result_leaves() -> None:
    """Would catch a measurement that does not condition the other wire: d⟨Z0⟩/dx given that wire 1 gave 1."""
    text = "qubit q[2]; bit m; param x; h q[0]; cx q[0], q[1]; rx(x) q[1]; m = measure q[1]; return probs(q[0], q[1]);"
    (levels,) = run(program(text), {"x": [0.512 + 1e-6, 0.512 - 1e-6]})
    kept = (levels[:, 1] - levels[:, 3]) / (levels[:, 1] + levels[:, 3])
    assert np.isclose((kept[0] - kept[1]) / 2e-6, 0.48992175838, rtol=0, atol=1e-7)


def test_teleportation() -> None:
    """Would catch a condition read from the wrong cell, or a collapse that forgets the phase."""
    text = """qubit q[3]; bit a; bit b; param t; param f; ry(t) q[0]; rz(f) q[0];
    h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0]; a = measure q[0]; b = measure q[1];
    if (b) { x q[2]; } if (a) { z q[2]; } return expect(X[2]), expect(Y[2]), var(Z[2]);"""
    t, f = 0.8, 0.3
    x, y, variance = run(program(text), {"t": t, "f": f})
    assert np.allclose([x[0], y[0]], [np.sin(t) * np.cos(f), np.sin(t) * np.sin(f)], rtol=0, atol=1e-12)
    assert np.allclose(variance, 1 - np.cos(t) ** 2, rtol=0, atol=1e-12)


def test_else_and_negated_conditions() -> None:
    """Would catch branches that swap `then` and `else`, or a bit that a branch writes and a later one reads."""
    text = """qubit q[3]; bit c[2]; x q[0]; c = measure q[0:2];
    if (!c[0]) { x q[1]; } else { x q[2]; c[1] = measure q[2]; }
    if (c[0] && c[1]) { x q[2]; } return probs(q);"""
    assert np.allclose(run(program(text), {})[0], [np.eye(8)[0b100]], rtol=0, atol=1e-12)


def test_a_measurement_forgets_the_phase() -> None:
    """Would catch a final measurement that is skipped although an observable sees it."""
    assert np.allclose(
        run(program("qubit q; bit c; h q; c = measure q; return expect(X[0]);"), {})[0], 0, rtol=0, atol=1e-12
    )
    assert np.allclose(
        run(program("qubit q; bit c; h q; c = measure q; return var(X[0]);"), {})[0], 1, rtol=0, atol=1e-12
    )
    assert np.allclose(run(program("qubit q; h q; return expect(X[0]);"), {})[0], 1, rtol=0, atol=1e-12)


def test_histories_that_nothing_reads_are_merged() -> None:
    """Would catch 2⁴⁰ branches: forty weak measurements whose results are thrown away, each an overlap cos 0.05."""
    text = """qubit q[3]; bit c; ry(0.7) q[0]; ry(0.4) q[1];
    for i in 0:40 { crx(0.1) q[0], q[2]; c = measure q[2]; reset q[2]; }
    return expect(Z[0] Z[1]), expect(X[0]);"""
    assert len(run_plan(plan(program(text)), bind((), {}), 10)) <= 4
    parity, phase = run(program(text), {})
    assert np.allclose(parity, np.cos(0.7) * np.cos(0.4), rtol=0, atol=1e-12)
    assert np.allclose(phase, np.sin(0.7) * np.cos(0.05) ** 40, rtol=0, atol=1e-12)


def test_too_many_histories_are_refused() -> None:
    """Would catch a program that takes all memory instead: every result is still read at the end."""
    text = """qubit q; bit c[20]; for i in 0:20 { h q; c[i] = measure q; } if (c == 1) { x q; } return expect(Z[0]);"""
    with pytest.raises(CompileError) as caught:
        run(program(text), {})
    assert caught.value.diagnostics[0].code == Code.NOT_SIMULABLE
    assert caught.value.diagnostics[0].span is not None


def test_a_reset_leaves_the_rest_as_it_was() -> None:
    """Would catch a reset that projects instead of discarding."""
    text = "qubit q[2]; ry(0.9) q[0]; cx q[0], q[1]; reset q[0]; return expect(Z[0]), expect(Z[1]), probs(q);"
    first, second, levels = run(program(text), {})
    assert np.allclose([first[0], second[0]], [1, np.cos(0.9)], rtol=0, atol=1e-12)
    assert np.allclose(levels, [[np.cos(0.45) ** 2, np.sin(0.45) ** 2, 0, 0]], rtol=0, atol=1e-12)


def test_a_state_after_a_reset_is_refused_only_when_mixed() -> None:
    """Would catch one branch of a mixture passed off as the state."""
    assert np.allclose(
        run(program("qubit q[2]; x q[0]; reset q[0]; x q[1]; return state();"), {})[0],
        [[0, 1, 0, 0]],
        rtol=0,
        atol=1e-12,
    )
    with pytest.raises(CompileError) as caught:
        run(program("qubit q[2]; h q[0]; cx q[0], q[1]; reset q[0]; return state();"), {})
    assert caught.value.diagnostics[0].code == Code.NOT_SIMULABLE


def test_photons_counted_on_the_way() -> None:
    """Would catch a photon count taken for a bit: with one photon in, the other arm has what the first has not."""
    text = """qumode m[2]; int k; fock(1) m[0]; beamsplit(pi/3, 0) m[0], m[1]; k = measure m[0];
    rotate(0.1) m[0]; return probs(m[1]);"""
    (levels,) = run(program(text), {}, Options(cutoff=3))
    assert np.allclose(levels, [[0.25, 0.75, 0]], rtol=0, atol=1e-12)

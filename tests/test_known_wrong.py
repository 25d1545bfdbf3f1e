"""Derivatives that released tools get wrong: by every method that claims them, right to 1e-8 or refused with a code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from clients import run_script
from every_method import REFUSALS, is_exact, program_of

import qcompile as qc
from qcompile.diagnostics import CompileError
from qcompile.ir import Adjoint, Module, Shifted
from qcompile.passes.differentiate import METHODS, differentiate
from qcompile.passes.differentiate.hadamard.derivative import MODES
from qcompile.passes.differentiate.shift.rules import trigonometric
from qcompile.targets import bundle
from qcompile.targets.simulator import Options, evaluate


@dataclass(frozen=True, slots=True)
class Case:
    """A program of one output, and one derivative of it by the last parameter, of first or second order."""

    text: str
    at: Mapping[str, float]
    slope: float
    order: int = 1


CASES = {
    # silent finite differences of a measured program, under shots
    "feed-forward": Case(
        """qubit q[2]; bit m; param x; ry(0.7) q[0]; rx(0.3) q[1]; m = measure q[0]; if (m) { rx(x) q[1]; }
        return expect(Z[1]);""",
        {"x": 0.4}, -0.07574641,
    ),
    # the share of the runs that are kept is not differentiated
    "post-selection": Case(
        """qubit q[2]; bit m; param x; h q[0]; cx q[0], q[1]; rx(x) q[1]; m = measure q[1]; postselect m;
        return expect(Z[0]);""",
        {"x": 0.512}, 0.48992175838,
    ),
    # second derivatives that are 0 by default
    "second derivative": Case(
        "qubit q; param x; ry(1.2) q; rx(x) q; return expect(Y[0]);", {"x": 3.4}, -0.09259729990693708, 2
    ),
    # the chain rule of second order
    "second derivative of a square": Case(
        "qubit q; param x; rx(x**2) q; return expect(Z[0]);", {"x": 0.7}, -2.6706241792181538, 2
    ),
    # one parameter in two gates
    "shared parameter": Case("qubit q; param x; ry(x) q; ry(x) q; return expect(Z[0]);", {"x": 0.4}, -1.4347121817),
    # two terms for a gate of two frequencies
    "controlled rotation": Case(
        "qubit q[2]; param x; h q[0]; cry(x) q[0], q[1]; return expect(X[0]);", {"x": 0.4}, -0.0993346654
    ),
    # rzz(2γ) differentiated as rzz(γ): MaxCut on the ring of six
    "scaled parameter": Case(
        """qubit q[6]; param beta; param gamma; h q; for i in 0:6 { rzz(2*gamma) q[i], q[i - 5]; } rx(2*beta) q;
        return expect(sum(Z[i] Z[(i + 1) % 6] for i in 0:6));""",
        {"beta": 0.4, "gamma": 0.3}, 4.34643895,
    ),
    # wrong weights for frequencies with gaps: 0, 1, 5, 5 and 0, 1, 6, 6 are what generates the phases
    "frequencies 1, 4 and 5": Case(
        """gate g(x) a, b generator 2.75 - 0.25*Z[b] - 2.25*Z[a] - 0.25*Z[a] Z[b];
        qubit q[2]; param x; h q; g(x) q[0], q[1]; return expect(X[0] + X[1]);""",
        {"x": 0.3}, -(5 * math.sin(1.5) + 4 * math.sin(1.2) + math.sin(0.3)) / 2,
    ),
    "frequencies 1, 5 and 6": Case(
        """gate g(x) a, b generator 3.25 - 0.25*Z[b] - 2.75*Z[a] - 0.25*Z[a] Z[b];
        qubit q[2]; param x; h q; g(x) q[0], q[1]; return expect(X[0] + X[1]);""",
        {"x": 0.3}, -(6 * math.sin(1.8) + 5 * math.sin(1.5) + math.sin(0.3)) / 2,
    ),
    # the same from separate gates of one parameter
    "frequencies of a sum": Case(
        "qubit q[2]; param x; h q; rz(x) q[0]; rz(5*x) q[1]; return expect(X[0] X[1]);",
        {"x": 0.3}, -(6 * math.sin(1.8) + 4 * math.sin(1.2)) / 2,
    ),
}  # fmt: skip
MODES_TOO = [f"hadamard{{mode={mode}}}" for mode in MODES if mode != "auto"]


def derivative(case: Case, method: str) -> Shifted | Adjoint | None:
    """None where the method refuses, with a code that says so."""
    module: Module = program_of(case.text)
    *_, last = case.at
    try:
        for _ in range(case.order):
            module = differentiate(module, last, method)
    except CompileError as refusal:
        if any(diagnostic.code not in REFUSALS or not diagnostic.help for diagnostic in refusal.diagnostics):
            raise
        return None
    assert isinstance(module, Shifted | Adjoint)
    return module


@pytest.mark.parametrize("method", [*METHODS, *MODES_TOO])
@pytest.mark.parametrize("name", CASES)
def test_is_right_or_refused(name: str, method: str) -> None:
    """Would catch each of these tools' mistakes, in any method there is; shifts refuse none of them."""
    case = CASES[name]
    module = derivative(case, method)
    if module is None:
        assert method not in ("auto", "shift")
        return
    if not is_exact(module) and method != "finite-differences":
        return  # drawn at random, as its class says
    tolerance = 1e-8 if is_exact(module) else 1e-4
    assert float(evaluate(module, case.at, Options())[-1][0]) == pytest.approx(case.slope, abs=tolerance)


@pytest.mark.parametrize("name", ["feed-forward", "post-selection", "shared parameter", "controlled rotation"])
def test_is_right_with_shots(name: str) -> None:
    """Would catch differences of single shots: here the mean of 40 runs is within five of its standard errors."""
    case = CASES[name]
    module = derivative(case, "shift")
    assert isinstance(module, Shifted)
    drawn = [float(evaluate(module, case.at, Options(shots=1000, seed=seed))[-1][0]) for seed in range(40)]
    error = float(np.std(drawn)) / math.sqrt(len(drawn))
    assert error < 0.02
    assert float(np.mean(drawn)) == pytest.approx(case.slope, abs=5 * error)


@pytest.mark.parametrize("rates", [(1.0, 4.0, 5.0), (1.0, 5.0, 6.0)])
def test_weights_for_frequencies_with_gaps(rates: tuple[float, ...]) -> None:
    """Would catch weights that are wrong for one of the frequencies."""
    found = trigonometric(rates)
    assert found is not None
    for rate in rates:
        for phase in (0.0, 0.4, 1.9):
            slope = sum(float(weight) * math.sin(rate * float(shift) + phase) for weight, shift in found.terms)
            assert slope == pytest.approx(rate * math.cos(phase), abs=1e-10)


@pytest.mark.parametrize("gates", ["", "loss(1) m;", "rotate(0.3) m;"])
def test_a_gaussian_program_called_three_times(gates: str) -> None:
    """Would catch a state that goes on from the last call: 0.25, then 1.0, then 2.25."""
    program = program_of(f"qumode m; param a; displace(a, 0) m; {gates} return expect(n[0]);")
    value, both = qc.simulate(program), qc.value_and_grad(program)
    assert [value(a=0.5) for _ in range(3)] == pytest.approx([0.25] * 3, abs=1e-12)
    slopes = [both(a=0.5) for _ in range(3)]
    assert [(v, g["a"]) for v, g in slopes] == [pytest.approx((0.25, 1.0), abs=1e-10)] * 3


def test_a_scaled_cost_layer_on_another_graph() -> None:
    """Would catch a chain rule that holds for rings alone: gates of one angle, each with its own scale."""
    weights = {edge: 0.3 + 0.2 * k for k, edge in enumerate(combinations(range(4), 2))}
    cost = " ".join(f"rzz({weight}*g) q[{a}], q[{b}];" for (a, b), weight in weights.items())
    program = program_of(f"qubit q[4]; param g; h q; {cost} return expect(X[0]);")
    turning = [weight for (a, b), weight in weights.items() if 0 in (a, b)]

    def mean(g: float) -> float:
        return math.prod(math.cos(weight * g) for weight in turning)

    slope = -sum(w * math.tan(w * 0.9) for w in turning) * mean(0.9)
    value, found = qc.value_and_grad(program, "shift")(g=0.9)
    assert value == pytest.approx(mean(0.9), abs=1e-12)
    assert found["g"] == pytest.approx(slope, abs=1e-10)


CLIENTS = {"openqasm3": "run_bundle_qiskit.py", "quil": "run_bundle_pyquil.py"}
SIGNED = "qubit q[2]; param x; param y; ry(-x) q[0]; crx(y) q[0], q[1]; rz(-2*x) q[1]; return expect(Y[1] + X[0]);"


def negative(module: Shifted) -> bool:
    return any(float(value) < 0 for row in module.rows for _, value in row.settings)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates
@pytest.mark.parametrize("method", ["shift", "hadamard{mode=standard}"])
@pytest.mark.parametrize("language", CLIENTS)
def test_signs_survive_lowering(language: str, method: str, tmp_path: Path) -> None:
    """Would catch a negative angle, shift or ancilla's sign lost on the way to a backend: gradients near 0."""
    program = program_of(SIGNED)
    module = differentiate(program, None, method)
    assert isinstance(module, Shifted)
    assert is_exact(module)
    assert method != "shift" or negative(module)
    at = {"x": 0.7, "y": -1.1}
    _, wanted = qc.value_and_grad(program, "adjoint")(**at)
    folder = bundle(module, language).save(tmp_path / "signed")
    printed = run_script(CLIENTS[language], folder, *(f"{name}={value}" for name, value in at.items()))
    for name in at:
        assert abs(wanted[name]) > 0.1
        assert printed["gradient"][name] == pytest.approx([wanted[name]], abs=1e-8)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates
@pytest.mark.parametrize("language", CLIENTS)
def test_rows_set_the_slots_of_coefficients(language: str, tmp_path: Path) -> None:
    """Would catch a reader that takes a coefficient without its row: then d(x cos x)/dx lacks the cosine."""
    module = differentiate(
        program_of("qubit q[1]; param x; rx(x) q; return expect(x*Z[0]);"), None, "finite-differences"
    )
    printed = run_script(CLIENTS[language], bundle(module, language).save(tmp_path / "sloped"), "x=0.3")
    assert printed["gradient"]["x"] == pytest.approx([math.cos(0.3) - 0.3 * math.sin(0.3)], abs=1e-6)

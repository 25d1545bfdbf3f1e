"""The examples: each says what it is, and does what it says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import qcompile as qc
from qcompile.ir import Expectation

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.qc"))
HAMILTONIANS = Path(__file__).parent / "data" / "hamiltonians.json"
H2_EXACT = -1.1372701747
H2_HARTREE_FOCK = -1.1166843871


def example(name: str) -> qc.Program:
    module = qc.load(EXAMPLES / name)
    if not isinstance(module, qc.Program):
        raise AssertionError(f"{name} is not a program")
    return module


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_begins_with_what_it_is(name: str) -> None:
    """Would catch an example without a word about itself."""
    assert (EXAMPLES / name).read_text(encoding="utf-8").startswith("// ")


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_prints_and_reads_back(name: str) -> None:
    """Would catch an example, or its derivative, that the printer and the reader disagree about."""
    program = example(name)
    derivative = qc.differentiate(program, method="adjoint")
    assert qc.parse(qc.to_text(program)) == program
    assert qc.parse(qc.to_text(derivative)) == derivative


def test_h2_has_every_digit() -> None:
    """Would catch a coefficient that was rounded, or a letter on another qubit: character k acts on qubit k."""
    stated = json.loads(HAMILTONIANS.read_text(encoding="utf-8"))["h2_0.7414"]["terms"]
    [output] = example("h2.qc").outputs
    if not isinstance(output, Expectation):
        raise AssertionError("h2.qc returns an expectation")
    found: dict[str, float] = {}
    for word, coefficient in output.observable.operator.terms:
        letters = {wire: letter for letter, wire in word}
        found["".join(letters.get(wire, "I") for wire in range(4))] = float(coefficient)
    assert found == stated


def test_h2_starts_at_hartree_fock_and_trains_to_the_exact_energy() -> None:
    """Would catch a wrong Hamiltonian, ansatz or optimizer."""
    h2 = example("h2.qc")
    assert qc.simulate(h2)(theta=0.0) == pytest.approx(H2_HARTREE_FOCK, abs=1e-9)
    result = qc.train(h2)
    assert result.converged
    assert result.value == pytest.approx(H2_EXACT, abs=1e-8)


def test_h2_costs_two_evaluations() -> None:
    """Would catch a double excitation shifted as if both its frequencies were seen, or gate by gate."""
    derivative = qc.differentiate(example("h2.qc"))
    assert isinstance(derivative, qc.Shifted)
    assert (derivative.evaluations, derivative.exactness.value) == (2, "exact")


@pytest.mark.parametrize(("name", "cut"), [("maxcut_p1.qc", 6 * 3 / 4), ("maxcut.qc", 6 * 5 / 6)])
def test_maxcut_reaches_the_best_of_its_depth(name: str, cut: float) -> None:
    """Would catch a wrong edge, layer or angle convention: the best cuts of an even ring are known."""
    result = qc.train(example(name), optimizer="lbfgs")
    assert -result.value == pytest.approx(cut, abs=1e-6)


def test_maxcut_has_the_usual_angles() -> None:
    """Would catch another convention than exp(-i gamma C), exp(-i beta X), C being the sum of ZZ here."""
    energy = 6 + 2 * qc.simulate(example("maxcut_p1.qc"))(gamma=0.3, beta=0.4)
    assert energy == pytest.approx(2.794925002007311, abs=1e-12)


def test_the_classifier_learns_two_points() -> None:
    """Would catch features that do not reach the output, or layers that do not train."""
    classifier = example("classifier.qc")
    x = np.array([[0.1, 0.2, 0.3, 0.4], [2.8, 2.9, 3.0, 3.1]])
    score, start = qc.simulate(classifier), np.random.default_rng(0).uniform(-0.1, 0.1, 16)

    def loss(w: NDArray[np.float64]) -> float:
        return float(np.square(score(x=x, w=w) - np.array([1.0, -1.0])).mean())

    both = qc.value_and_grad(classifier)
    w = start
    for _ in range(40):
        value, gradient = both(x=x, w=w)
        w = w - 0.2 * np.mean(2 * (value - np.array([1.0, -1.0]))[:, None] * gradient["w"], axis=0)
    assert loss(w) < 0.2 * loss(start)


@pytest.mark.parametrize("name", ["photonic_neuron.qc", "photonic_neuron_kerr.qc"])
@pytest.mark.parametrize("data", [0.0, 0.3])
def test_the_photonic_neurons_adjoint(name: str, data: float) -> None:
    """Would catch an adjoint sweep that is not the derivative of what the simulator computes."""
    neuron = example(name)
    size = neuron.parameter("w").size or 0
    w = np.array([0.2, 0.1, 0.3, 0.05, 0.1, 0.1][:size])
    value, gradient = qc.value_and_grad(neuron, "adjoint", cutoff=25)(data=data, w=w)
    step = 1e-5
    shifted = np.concatenate([[w], w + step * np.eye(size), w - step * np.eye(size)])
    energies = qc.simulate(neuron, cutoff=25)(data=data, w=shifted)
    assert value == pytest.approx(energies[0], abs=1e-12)
    assert gradient["w"] == pytest.approx((energies[1 : size + 1] - energies[size + 1 :]) / (2 * step), abs=1e-7)


def test_the_photonic_neurons_shift_rules() -> None:
    """Would catch a wrong photonic rule: what is left at this cutoff is what the cut loses of the shifted states."""
    neuron = example("photonic_neuron.qc")
    w = [0.2, 0.1, 0.3, 0.05, 0.1]
    adjoint = qc.gradient(neuron, "adjoint", cutoff=40)(data=0.3, w=w)["w"]
    _, shift, leakage = qc.value_and_grad(neuron, "shift", cutoff=40).measured(data=0.3, w=w)
    assert leakage < 1e-9
    assert shift["w"] == pytest.approx(adjoint, abs=1e-8)


def test_a_cut_that_loses_light_is_said() -> None:
    neuron = example("photonic_neuron.qc")
    with pytest.warns(qc.LeakageWarning):
        qc.gradient(neuron, "shift", cutoff=12)(data=0.3, w=[0.2, 0.1, 0.3, 0.05, 0.1])


def test_kerr_refuses_the_shift_rule_and_trains_by_adjoint() -> None:
    """Would catch a rule that does not hold being used, or a way out that is none."""
    neuron = example("photonic_neuron_kerr.qc")
    with pytest.raises(qc.CompileError) as refusal:
        qc.differentiate(neuron)
    assert refusal.value.diagnostics[0].code is qc.Code.NO_RULE
    assert "adjoint" in refusal.value.diagnostics[0].help
    result = qc.train(neuron, steps=8, rate=0.02, inputs={"data": 0.3}, cutoff=12)
    assert result.value < result.history[0] - 0.1
    assert result.leakage < 1e-5


def test_the_demo_runs() -> None:
    """Would catch `make demo` broken, or its figures."""
    done = subprocess.run([sys.executable, str(EXAMPLES / "demo.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for part in ("-1.13727017", "adjoint", "parameter shift", "DECLARE par_theta", "OPENQASM 3.0;", "manifest.json"):
        assert part in done.stdout

"""Every optimizer finds minima that are known otherwise."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trained_programs import FED, H2_EXACT, SIMPLE, h2, program_of

import qcompile as qc
from qcompile.learn import OPTIMIZERS, Optimizer
from qcompile.learn.loss import Loss
from qcompile.learn.minimizers import MINIMIZERS
from qcompile.learn.start import start_values
from qcompile.targets.clients import Client, pyquil, qiskit

SECOND_ORDER: tuple[Optimizer, ...] = ("newton-cg", "trust-ncg")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_reaches_the_exact_energy(optimizer: Optimizer) -> None:
    """Would catch a step uphill, a gradient of another sign or scale, and a best value not met at its parameters."""
    result = qc.train(h2(), 300, optimizer)
    assert result.value == pytest.approx(H2_EXACT, abs=1e-8)
    assert qc.simulate(h2())(**result.parameters) == pytest.approx(result.value, abs=1e-12)
    assert result.value == min(result.history)
    assert result.steps == len(result.history) <= 300
    assert result.evaluations >= result.steps
    assert result.converged == (optimizer != "spsa")  # which never knows


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_reaches_the_minimum_over_several_parameters(optimizer: Optimizer) -> None:
    """Would catch entries of scalars and arrays in another order: the lowest value is -2, at angles of pi."""
    program = program_of(SIMPLE)
    result = qc.train(program, 250, optimizer, 0.2, initial={"t": 0.5, "w": [0.3, 0.4]})
    assert result.value == pytest.approx(-2.0, abs=1e-4)
    assert np.cos(result.parameters["t"]) * np.cos(result.parameters["w"][0]) == pytest.approx(-1, abs=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_minimises_the_mean_over_inputs(optimizer: Optimizer) -> None:
    """Would catch a row that is left out, in values or in gradients: all of them together have their minimum at pi."""
    x = np.array([-0.5, 0.2, 0.3])
    result = qc.train(program_of(FED), 250, optimizer, 0.2, initial={"t": 2.0}, inputs={"x": x})
    phase = np.angle(np.exp(1j * x).mean())
    assert result.value == pytest.approx(-abs(np.exp(1j * x).mean()), abs=1e-6)
    assert np.cos(result.parameters["t"] + phase) == pytest.approx(-1, abs=1e-5)


def test_products_with_the_hessian_are_those_of_shifted_circuits() -> None:
    """Would catch a Hessian by the wrong entries, or its sum over the inputs where the mean is wanted."""
    text = """qubit q[2]; param a; input x; param w[3]; ry(x) q[0]; rx(a + w[0]) q[0]; cx q[0], q[1];
        rzz(2*w[1]) q[0], q[1]; ry(w[2]*a) q[1]; return expect(Z[0] X[1] + 0.3*Z[1]);"""
    program, x = program_of(text), np.array([0.1, 0.7])
    values: dict[str, Any] = {"a": 0.3, "w": [0.2, -0.4, 0.9]}
    loss = Loss(program, {"x": x}, "auto", None, {})
    at = start_values(loss.trained, 0, values)
    whole = qc.hessian(program)(x=x, a=np.full(2, 0.3), w=np.tile(values["w"], (2, 1))).mean(axis=0)
    found = np.stack([loss.product(at, direction) for direction in np.eye(4)])
    np.testing.assert_allclose(found, whole, atol=1e-10)


@pytest.mark.parametrize("optimizer", SECOND_ORDER)
def test_second_order_takes_no_differences(optimizer: Optimizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch SciPy's differences of gradients in the place of exact products."""
    asked: list[int] = []
    product = Loss.product

    def counted(self: Loss, *arguments: np.ndarray) -> np.ndarray:
        asked.append(1)
        return product(self, *arguments)

    monkeypatch.setattr(Loss, "product", counted)
    result = qc.train(program_of(SIMPLE), 100, optimizer, initial={"t": 0.5, "w": [0.3, 0.4]})
    assert result.converged
    assert len(asked) >= result.steps - 1 > 0


@pytest.mark.parametrize("optimizer", SECOND_ORDER)
@pytest.mark.parametrize("text", ["qumode m; param r; displace(r, 0) m; return expect(n[0]);", SIMPLE])
def test_second_order_says_where_it_does_not_apply(optimizer: Optimizer, text: str) -> None:
    """Would catch a traceback, or noise taken for curvature."""
    shots = 10 if text == SIMPLE else None
    with pytest.raises(qc.CompileError) as fault:
        qc.train(program_of(text), 5, optimizer, shots=shots)
    assert fault.value.diagnostics[0].code is qc.Code.METHOD


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name not in SECOND_ORDER])
def test_light_is_trained(optimizer: Optimizer) -> None:
    """Would catch gradients of light by the wrong entries: the mean photon number is least where w undoes the input."""
    light = program_of("qumode m; input a; param w; displace(a, 0) m; displace(w, 0) m; return expect(n[0]);")
    result = qc.train(light, 250, optimizer, inputs={"a": 0.4})
    assert result.parameters["w"] == pytest.approx(-0.4, abs=1e-3)
    assert result.value == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("optimizer", ["adam", "rotosolve", "cobyla"])
def test_shots_are_drawn_anew_and_by_the_seed(optimizer: Optimizer) -> None:
    """Would catch the same shots at each evaluation, of which noise would be learned, and shots that no seed fixes."""
    program = program_of("qubit q; param t; ry(t) q; return expect(X[0]);")
    runs = [qc.train(program, 6, optimizer, seed=seed, shots=200).history for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    still = qc.train(program, 6, "sgd", 1e-12, initial={"t": 0.0}, shots=200)
    assert len(set(still.history)) > 1


def test_training_by_shots_comes_near_the_minimum() -> None:
    """Would catch a gradient of shots that is none: the standard error is 0.03."""
    result = qc.train(h2(), 60, "adam", shots=2000, initial={"theta": 1.0})
    exact = qc.simulate(h2())(**result.parameters)
    assert exact == pytest.approx(H2_EXACT, abs=0.02)


def test_a_client_trains() -> None:
    """Would catch a training that asks the simulator: one client's values, the same minimum."""
    program = program_of("qubit q; param t; ry(t) q; return expect(X[0]);")
    result = qc.train(program, 15, "lbfgs", on="qiskit")
    assert result.value == pytest.approx(-1.0, abs=1e-8)


def clients() -> dict[str, Client]:
    """As objects: a backend with noise; primitives and a computer with seeds of their own."""
    from pyquil import get_qc
    from qiskit.primitives import StatevectorEstimator, StatevectorSampler
    from qiskit.providers.fake_provider import GenericBackendV2

    return {
        "backend": qiskit.Backend(GenericBackendV2(3, seed=1)),
        "primitives": qiskit.Primitives(StatevectorEstimator(), StatevectorSampler(seed=np.random.default_rng(1))),
        "computer": pyquil.Computer(get_qc("1q-pyqvm")),
    }


@pytest.mark.parametrize("client", clients())
def test_a_client_that_is_handed_over_trains(client: str, tmp_path: Path) -> None:
    """Would catch an object taken for a name, a seed given to who refuses one, and a checkpoint that cannot name it."""
    program = program_of("qubit q; param t; ry(t) q; return expect(X[0]);")
    options: dict[str, Any] = {"on": clients()[client], "shots": 200, "checkpoint": tmp_path / "run.json"}
    qc.train(program, 4, "spsa", 0.3, **options)
    result = qc.train(program, 8, "spsa", 0.3, resume=True, **options)
    assert result.steps == 8
    assert qc.simulate(program)(**result.parameters) < -0.4


def test_shots_of_a_client_are_drawn_anew_and_by_the_seed() -> None:
    """Would catch a seed that does not reach a client which takes one, and the same shots at each evaluation."""
    program = program_of("qubit q; param t; ry(t) q; return expect(X[0]);")
    runs = [qc.train(program, 3, seed=seed, on=clients()["backend"], shots=100).history for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    still = qc.train(program, 6, "sgd", 1e-12, initial={"t": 0.0}, on=clients()["backend"], shots=100)
    assert len(set(still.history)) > 1


@pytest.mark.parametrize("checkpoint", [None, "run.json"])
def test_an_object_that_is_no_client_is_said(checkpoint: str | None, tmp_path: Path) -> None:
    """Would catch a traceback."""
    nothing: Any = object()
    with pytest.raises(qc.CompileError, match="object is no client"):
        qc.train(h2(), on=nothing, checkpoint=None if checkpoint is None else tmp_path / checkpoint)


def test_methods_are_heeded() -> None:
    """Would catch a method that is dropped: the whole path of an approximate one is a little off."""
    exact = qc.train(h2(), 5, "sgd").history
    shifted = qc.train(h2(), 5, "sgd", method="shift").history
    coarse = qc.train(h2(), 5, "sgd", method="finite-differences{step=0.5}").history
    assert exact == pytest.approx(shifted, abs=1e-12)
    assert exact != pytest.approx(coarse, abs=1e-4)


def test_an_optimizer_that_gives_up_is_not_called_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch success that SciPy does not claim."""
    from scipy import optimize

    minimize: Any = optimize.minimize

    def failing(*arguments: Any, **options: Any) -> Any:
        result: Any = minimize(*arguments, **options)
        result.success = False
        return result

    monkeypatch.setattr(optimize, "minimize", failing)
    result = qc.train(program_of(SIMPLE), 300, "nelder-mead")
    assert (result.stopped, result.converged) == ("stuck", False)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_interruption_ends_with_the_best_so_far(optimizer: Optimizer) -> None:
    """Would catch Ctrl-C that loses everything, or is swallowed in compiled code of SciPy's."""

    def interrupt(step: int, _: float) -> None:
        if step == 2:
            raise KeyboardInterrupt

    result = qc.train(program_of(SIMPLE), 50, optimizer, progress=interrupt)
    assert (result.stopped, result.steps, result.converged) == ("interrupted", 2, False)
    assert result.value == min(result.history)


def test_an_interruption_before_the_first_value_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a result without a value."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Loss, "value_and_gradient", interrupt)
    with pytest.raises(KeyboardInterrupt):
        qc.train(program_of(SIMPLE), 50)


def test_every_optimizer_is_ours_or_scipys() -> None:
    """Would catch a name without an optimizer."""
    assert set(OPTIMIZERS) - set(MINIMIZERS) == {"adam", "sgd", "natural", "rotosolve", "spsa"}
    assert "scipy.optimize" in sys.modules

"""Programs as Python functions: shapes, batches, methods, and the reference values."""

import warnings
from typing import Any

import numpy as np
import pytest

import qcompile as qc
from qcompile.accuracy import exactness
from qcompile.ir import Exactness

SMALL = """
qubit q[2]; param a; param b; param c;
rx(a) q[0]; ry(b) q[1]; cx q[0], q[1]; rx(c) q[1];
"""
POINT = {"a": 0.1, "b": 0.2, "c": 0.3}
RING = """
qubit q[6]; param gamma; param beta;
h q;
for i in 0:5 { rzz(2*gamma) q[i], q[i+1]; }
rzz(2*gamma) q[5], q[0];
rx(2*beta) q;
return expect(Z[0] Z[1] + Z[1] Z[2] + Z[2] Z[3] + Z[3] Z[4] + Z[4] Z[5] + Z[5] Z[0]);
"""
LAYERS = """
qubit q[2]; param t; param w[3]; input x;
ry(x) q[0]; rx(w[0]) q[0]; ry(w[1]*t) q[1]; cz q[0], q[1]; rx(w[2]) q[1];
"""


def program(text: str) -> qc.Program:
    module = qc.parse(text)
    if not isinstance(module, qc.Program):
        raise AssertionError("a program was expected")
    return module


def gradient_vector(gradient: dict[str, Any], *names: str) -> list[float]:
    return [float(gradient[name]) for name in names]


@pytest.mark.parametrize("method", ["auto", "adjoint", "shift"])
def test_the_small_circuit(method: str) -> None:
    """Would catch a wrong value or gradient: the reference is by finite differences and closed forms."""
    value, gradient = qc.value_and_grad(program(SMALL + "return expect(Z[1]);"), method)(**POINT)
    assert value == pytest.approx(0.9316157966884512, abs=1e-13)
    assert gradient_vector(gradient, "a", "b", "c") == pytest.approx(
        [-0.09347337, -0.18884787, -0.28818254], abs=1e-8
    )  # fmt: skip


def test_the_small_circuits_hessian() -> None:
    """Would catch a mixed derivative in the wrong place."""
    hessian = qc.hessian(program(SMALL + "return expect(Z[1]);"))(**POINT)
    rows = [
        [-0.9316158, 0.01894799, 0.0289147],
        [0.01894799, -0.9316158, 0.05841749],
        [0.0289147, 0.05841749, -0.9316158],
    ]
    assert np.allclose(hessian, rows, rtol=0, atol=1e-7)


@pytest.mark.parametrize("method", ["adjoint", "shift"])
def test_a_variance(method: str) -> None:
    """Would catch a variance differentiated as if it were linear in the state."""
    value, gradient = qc.value_and_grad(program(SMALL + "return var(Z[1]);"), method)(**POINT)
    assert value == pytest.approx(0.13209200736, abs=1e-10)
    assert gradient_vector(gradient, "a", "b", "c") == pytest.approx([0.17416253, 0.35186732, 0.53695081], abs=1e-8)


def test_probabilities_have_their_axis_last() -> None:
    """Would catch the axes of batch, parameter and outcome in another order."""
    probs = program(SMALL + "return probs(q[1]);")
    value, gradient = qc.value_and_grad(probs)(**POINT)
    assert value.shape == (2,)
    assert [gradient[name][1] for name in "abc"] == pytest.approx([0.04673668, 0.09442394, 0.14409127], abs=1e-8)
    batched = qc.gradient(program("qubit q; param w[3]; rx(w[0] + w[1]) q; ry(w[2]) q; return probs(q);"))
    assert batched(w=np.zeros((5, 3)))["w"].shape == (5, 3, 2)


def test_qaoa_on_a_ring() -> None:
    """Would catch a shared parameter differentiated once: every edge's occurrence counts."""
    value, gradient = qc.value_and_grad(program(RING))(gamma=0.3, beta=0.4)
    assert value == pytest.approx(2.794925002007311, abs=1e-12)
    assert gradient_vector(gradient, "gamma", "beta") == pytest.approx([4.34643895, -0.32658115], abs=1e-8)


def test_light_through_a_beam_splitter() -> None:
    """Would catch another convention of displacement or beam splitter, on the Gaussian engine and on the cut one."""
    text = (
        "qumode m[2]; param r; param theta; displace(r, 0) m[0]; beamsplit(theta, 0) m[0], m[1]; return expect(n[0]);"
    )
    for engine in ("gaussian", "tensor"):
        value, gradient = qc.value_and_grad(program(text), engine=engine, cutoff=20)(r=0.5, theta=0.3)
        assert value == pytest.approx(0.22816695186, abs=1e-10)
        assert gradient_vector(gradient, "r", "theta") == pytest.approx([0.9126678075, -0.1411606183], abs=1e-9)


def test_a_batch_equals_one_at_a_time() -> None:
    """Would catch values broadcast along the wrong axis."""
    layers = program(LAYERS + "return expect(Z[0] + 0.5*Z[1]);")
    function = qc.value_and_grad(layers)
    w = np.random.default_rng(1).normal(size=(4, 3))
    x = np.linspace(0.0, 1.0, 4)
    values, gradients = function(t=0.7, w=w, x=x)
    assert values.shape == (4,)
    assert (gradients["t"].shape, gradients["w"].shape) == ((4,), (4, 3))
    for k in range(4):
        value, gradient = function(t=0.7, w=w[k], x=x[k])
        assert isinstance(value, float)
        assert (values[k], gradients["t"][k]) == pytest.approx((value, gradient["t"]))
        assert gradients["w"][k] == pytest.approx(gradient["w"])


def test_a_batch_of_one_keeps_its_axis() -> None:
    """Would catch a result whose shape depends on the batch's size."""
    layers = program(LAYERS + "return expect(Z[0]);")
    assert qc.simulate(layers)(t=0.7, w=np.zeros((1, 3)), x=0.1).shape == (1,)


def test_what_is_fed_is_not_differentiated_unless_named() -> None:
    """Would catch inputs among the trained parameters, or names that are not heeded."""
    layers = program(LAYERS + "return expect(Z[0]);")
    values = {"t": 0.7, "w": [0.1, 0.2, 0.3], "x": 0.4}
    assert set(qc.gradient(layers)(**values)) == {"t", "w"}
    by_input = qc.gradient(layers, wrt="x")(**values)
    assert set(by_input) == {"x"}
    assert by_input["x"] == pytest.approx(-np.sin(0.4) * np.cos(0.1))


@pytest.mark.parametrize("method", ["adjoint", "shift"])
def test_by_one_entry_the_others_stay_zero(method: str) -> None:
    """Would catch an entry's derivative in another entry's place."""
    layers = program(LAYERS + "return expect(Z[0] + Z[1]);")
    values = {"t": 0.7, "w": [0.1, 0.2, 0.3], "x": 0.4}
    whole = qc.gradient(layers, method)(**values)["w"]
    entry = qc.gradient(layers, method, wrt="w[1]")(**values)["w"]
    assert abs(whole[1]) > 0.01
    assert entry == pytest.approx([0.0, whole[1], 0.0])


@pytest.mark.parametrize("method", ["adjoint", "shift"])
def test_several_outputs_are_tuples(method: str) -> None:
    """Would catch one output's gradient given for another's."""
    both = program("qubit q[2]; param t; rx(t) q[0]; ry(2*t) q[1]; return expect(Z[0]), expect(Z[1]);")
    values, gradients = qc.value_and_grad(both, method)(t=0.3)
    assert values == pytest.approx((np.cos(0.3), np.cos(0.6)))
    assert [g["t"] for g in gradients] == pytest.approx([-np.sin(0.3), -2 * np.sin(0.6)])


def test_a_parameter_that_nothing_sees_has_zero_gradient() -> None:
    """Would catch a parameter that is lost when the light cone drops its gates."""
    blind = program("qubit q[2]; param t; param w[2]; rx(t) q[0]; rx(w[0]) q[1]; return expect(Z[0]);")
    for method in ("adjoint", "shift"):
        gradient = qc.gradient(blind, method)(t=0.3, w=[0.1, 0.2])
        assert gradient["t"] == pytest.approx(-np.sin(0.3))
        assert list(gradient["w"]) == [0.0, 0.0]


def test_auto_falls_back_to_shift() -> None:
    """Would catch a program that the adjoint method cannot take being refused."""
    function = qc.value_and_grad(program("qubit q[9]; param t; rx(t) q[0]; return probs(q);"))
    assert isinstance(function.derivative, qc.Shifted)
    value, gradient = function(t=0.3)
    assert (value[0], gradient["t"][0]) == pytest.approx((np.cos(0.15) ** 2, -np.sin(0.3) / 2))


def test_shots_are_seeded() -> None:
    """Would catch random numbers that do not come from the seed, or shots that are not taken."""
    simple = program("qubit q; param t; rx(t) q; return expect(Z[0]);")
    once, again, other = (qc.simulate(simple, shots=200, seed=seed)(t=1.0) for seed in (1, 1, 2))
    assert once == again != other
    assert once == pytest.approx(np.cos(1.0), abs=0.3)
    assert once != pytest.approx(np.cos(1.0), abs=1e-6)


def test_a_derivative_runs_too() -> None:
    """Would catch a module that only programs' functions can take."""
    derivative = qc.differentiate(program("qubit q; param t; rx(t) q; return expect(Z[0]);"))
    assert qc.simulate(derivative)(t=0.4) == pytest.approx((np.cos(0.4), -np.sin(0.4)))


def test_a_cut_that_loses_too_much_is_said() -> None:
    """Would catch an approximate Fock result without a word, and a warning about an exact one."""
    light = program("qumode m; param r; displace(r, 0) m; cubic(0.01) m; return expect(n[0]);")
    with pytest.warns(qc.LeakageWarning, match="cutoff"):
        qc.simulate(light, cutoff=5)(r=1.5)
    with pytest.warns(qc.LeakageWarning):
        qc.value_and_grad(light, cutoff=5)(r=1.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        qc.simulate(light, cutoff=30)(r=0.2)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"t": 0.1, "x": 0.1}, qc.Code.UNBOUND),
        ({"t": 0.1, "x": 0.1, "w": [1.0, 2.0]}, qc.Code.BAD_VALUE),
        ({"t": np.zeros(2), "x": np.zeros(3), "w": np.zeros(3)}, qc.Code.BAD_VALUE),
        ({"t": float("inf"), "x": 0.1, "w": np.zeros(3)}, qc.Code.BAD_VALUE),
        ({"t": "one", "x": 0.1, "w": np.zeros(3)}, qc.Code.BAD_VALUE),
        ({"t": 0.1, "x": 0.1, "w": np.zeros(3), "y": 1.0}, qc.Code.BAD_VALUE),
    ],
)
def test_bad_values_are_diagnostics(values: dict[str, Any], code: qc.Code) -> None:
    """Would catch a value of the wrong shape broadcast in silence."""
    with pytest.raises(qc.CompileError) as fault:
        qc.simulate(program(LAYERS + "return expect(Z[0]);"))(**values)
    assert code in [diagnostic.code for diagnostic in fault.value.diagnostics]


def test_compiling_is_not_done_per_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a call that optimises or differentiates again."""
    import qcompile.run

    function = qc.value_and_grad(program(RING))

    def refuse(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(qcompile.run, "compiled", refuse)
    monkeypatch.setattr(qcompile.run, "differentiate", refuse)
    assert function(gamma=0.3, beta=0.4)[0] == pytest.approx(2.794925002007311)


# ---- training


def test_training_is_reproducible() -> None:
    """Would catch start values that do not come from the seed."""
    ring = program(RING)
    once, again, other = (qc.train(ring, steps=3, seed=seed).history for seed in (1, 1, 2))
    assert once == again != other


@pytest.mark.parametrize(
    ("optimizer", "steps"), [("adam", 150), ("sgd", 150), ("natural", 60), ("lbfgs", 40), ("cobyla", 200)]
)
def test_every_optimizer_finds_the_minimum(optimizer: Any, steps: int) -> None:
    """Would catch a step uphill, and a best value that is not at the parameters given with it."""
    simple = program(
        "qubit q[2]; param t; param w[2]; rx(t) q[0]; ry(w[0]) q[0]; rx(w[1]) q[1]; return expect(Z[0] + Z[1]);"
    )
    result = qc.train(simple, steps=steps, optimizer=optimizer, rate=0.2, initial={"t": 0.5, "w": [0.3, 0.4]})
    assert result.value == pytest.approx(-2.0, abs=1e-4)
    assert result.value == min(result.history)
    assert qc.simulate(simple)(**result.parameters) == pytest.approx(result.value)
    assert len(result.history) <= steps


def test_training_stops_where_the_gradient_vanishes() -> None:
    """Would catch steps that go on at the minimum."""
    simple = program("qubit q; param t; rx(t) q; return expect(Z[0]);")
    result = qc.train(simple, steps=50, initial={"t": np.pi})
    assert result.converged
    assert result.steps == 1


def test_training_over_a_batch_of_inputs() -> None:
    """Would catch a loss that is not the mean over the batch, or a gradient that is its sum."""
    fed = program("qubit q; param t; input x; rx(t + x) q; return expect(Z[0]);")
    x = np.array([-0.2, 0.3])
    result = qc.train(fed, steps=1, initial={"t": 0.4}, inputs={"x": x}, optimizer="sgd")
    assert result.value == pytest.approx(np.mean(np.cos(0.4 + x)))
    two = qc.train(fed, steps=2, initial={"t": 0.4}, inputs={"x": x}, optimizer="sgd", rate=0.5)
    expected = 0.4 + 0.5 * np.mean(np.sin(0.4 + x))
    assert two.history[1] == pytest.approx(np.mean(np.cos(expected + x)))


def test_progress_is_told() -> None:
    """Would catch a progress bar that stands still."""
    told: list[tuple[int, float]] = []
    result = qc.train(program(RING), steps=3, progress=lambda step, value: told.append((step, value)))
    assert told == list(enumerate(result.history, 1))


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("qubit q; param t; rx(t) q; return probs(q);", {}, qc.Code.NOT_DIFFERENTIABLE),
        ("qubit q; param t; rx(t) q;", {}, qc.Code.NOT_DIFFERENTIABLE),
        ("qubit q; x q; return expect(Z[0]);", {}, qc.Code.NOT_DIFFERENTIABLE),
        ("qubit q; param t; input x; rx(t + x) q; return expect(Z[0]);", {}, qc.Code.UNBOUND),
        ("qubit q; param t; rx(t) q; return expect(Z[0]);", {"optimizer": "adan"}, qc.Code.UNKNOWN_OPTION),
        ("qubit q; param t; rx(t) q; return expect(Z[0]);", {"initial": {"s": 1.0}}, qc.Code.UNKNOWN_NAME),
        ("qubit q; param t; rx(t) q; return expect(Z[0]);", {"initial": {"t": [1.0, 2.0]}}, qc.Code.BAD_VALUE),
    ],
)
def test_what_cannot_be_trained(text: str, options: dict[str, Any], code: qc.Code) -> None:
    """Would catch a training run that does nothing, or a traceback."""
    with pytest.raises(qc.CompileError) as fault:
        qc.train(program(text), steps=2, **options)
    assert fault.value.diagnostics[0].code is code


def test_what_the_cut_lost_is_not_called_exact() -> None:
    """Would catch a class that speaks of the rule alone: at a cutoff of 3 this value is 0.74 instead of 1."""
    light = program("qumode m; param r; displace(r, 0) m; return expect(n[0]);")
    function = qc.value_and_grad(light, engine="tensor", cutoff=3)
    leakage = function.measured(r=1.0)[2]
    assert exactness(leakage, function.derivative) is Exactness.APPROXIMATE
    assert exactness(0.0, function.derivative) is Exactness.EXACT


def test_an_observable_is_given_to_a_program_that_names_none() -> None:
    """Catches an imported program that Python cannot measure, or an observable read in other names."""
    circuit = program("qubit q[2]; param theta; ry(theta) q[1]; cx q[1], q[0];")
    value, gradient = qc.value_and_grad(qc.observe(circuit, "Z[q[0]] + 2*Z[0] Z[1]"))(theta=0.3)
    assert value == pytest.approx(np.cos(0.3) + 2, abs=1e-12)
    assert gradient["theta"] == pytest.approx(-np.sin(0.3), abs=1e-12)

"""The metric: closed forms, what its circuits cost, what it refuses, and natural gradients."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray

import qcompile as qc
from qcompile.ir import Exactness, Op, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.operator import operator
from qcompile.passes import pipeline
from qcompile.passes.differentiate import wanted_elements
from qcompile.passes.differentiate.geometry.carrying import carried
from qcompile.passes.differentiate.geometry.metric import metric_module
from qcompile.targets.simulator import Options, evaluate

SMALL = "qubit q[2]; param a; param b; param c; rx(a) q[0]; ry(b) q[1]; cx q[0], q[1]; rx(c) q[1]; return expect(Z[1]);"
POINT = {"a": 0.1, "b": 0.2, "c": 0.3}


def program(text: str) -> Program:
    made = qc.parse(text)
    assert isinstance(made, Program)
    return made


def circuits(circuit: Program, blocks: str = "full") -> Shifted:
    module = metric_module(circuit, wanted_elements(circuit, None), blocks)
    verify(module)
    assert qc.parse(qc.to_text(module)) == module
    return module


def entries(module: Shifted, **values: Any) -> dict[str, float]:
    found = evaluate(module, values, Options())
    pairs = ("".join(map(str, component.wrt)) for component in module.components)
    return {pair: float(result[0]) for pair, result in zip(pairs, found, strict=True)}


def ansatz(layers: int) -> Program:
    """RY on three qubits, then a ladder of CX, so many times."""
    turns = "".join(f"for i in 0:3 {{ ry(w[3*{k} + i]) q[i]; }} cx q[0], q[1]; cx q[1], q[2]; " for k in range(layers))
    return program(f"qubit q[3]; param w[{3 * layers}]; {turns} return expect(Z[0]);")


def test_the_small_circuit() -> None:
    """Would catch g taken for the Fisher information, or a covariance without its means."""
    known = np.diag([0.25, 0.25, 0.24013262])
    np.testing.assert_allclose(qc.metric(program(SMALL))(**POINT), known, atol=1e-8)
    np.testing.assert_allclose(qc.quantum_fisher_information(program(SMALL))(**POINT), 4 * known, atol=4e-8)
    found = entries(circuits(program(SMALL)), **POINT)
    assert (found["aa"], found["bb"], found["cc"]) == pytest.approx((0.25, 0.25, 0.24013262), abs=1e-8)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("coherent(t, 0.3) m;", 1.0),  # the generator has the variance of a quadrature
        ("coherent(0.7, 0) m; rotate(t) m;", 0.49),  # the variance of a Poisson distribution
        ("squeezed(t, 0.4) m;", 0.5),
        ("squeezed(0.3, 0) m; rotate(t) m;", np.sinh(0.6) ** 2 / 2),
        ("displace(0.5, t) m;", 0.25),
        ("coherent(0.6, 0) m; kerr(t) m;", 0.36 + 6 * 0.36**2 + 4 * 0.36**3),  # ⟨n⁴⟩ − ⟨n²⟩² of Poisson
    ],
)
def test_states_of_light(body: str, expected: float) -> None:
    """Would catch ħ = 1 in one place and ħ = 2 in another, and a sign of a cut gate's derivative."""
    circuit = program(f"qumode m; param t; {body} return expect(n[0]);")
    assert qc.metric(circuit, cutoff=30)(t=0.2)[0, 0] == pytest.approx(expected, abs=1e-9)
    assert qc.metric(circuit, cutoff=30, engine="tensor")(t=0.2)[0, 0] == pytest.approx(expected, abs=1e-9)


def test_light_and_qubits_together() -> None:
    """Would catch tangents that forget the other kind's axes. The two factors do not know of each other."""
    text = "qumode m; qubit q; param t; param u; coherent(t, 0) m; ry(t*u) q; return expect(Z[0]);"
    expected = [[1 + 0.3**2 / 4, 0.2 * 0.3 / 4], [0.2 * 0.3 / 4, 0.2**2 / 4]]
    np.testing.assert_allclose(qc.metric(program(text), cutoff=20)(t=0.2, u=0.3), expected, atol=1e-9)


def test_a_global_phase_is_no_distance() -> None:
    """Would catch ⟨∂ψ|ψ⟩ that is left out: `p` and `rz` differ by a phase that depends on the angle."""
    metrics = [
        qc.metric(program(f"qubit q; param t; h q; gphase(t**2); {gate}(t) q; return expect(Z[0]);"))(t=0.4)
        for gate in ("p", "rz")
    ]
    assert metrics[0] == pytest.approx(metrics[1])
    assert metrics[0] == pytest.approx(np.array([[0.25]]))


def test_rows_of_values_give_rows_of_matrices() -> None:
    both = qc.metric(program(SMALL))
    rows = both(a=[0.1, 0.9], b=0.2, c=[0.3, -0.4])
    assert rows.shape == (2, 3, 3)
    np.testing.assert_allclose(rows[1], both(a=0.9, b=0.2, c=-0.4))
    np.testing.assert_allclose(qc.metric(program(SMALL), ["c", "a"])(**POINT), both(**POINT)[np.ix_([2, 0], [2, 0])])


def test_circuits_by_layers() -> None:
    """One for each layer while generators stay short when they are carried on; then tests, each of one word.

    Would catch a circuit made twice, an ancilla that is not needed, or an entry whose class forgets it.
    """
    two, four = ansatz(2), ansatz(4)
    blocks, full, deep = circuits(two, "diagonal"), circuits(two), circuits(four)
    assert (blocks.evaluations, full.evaluations) == (2, 2)
    assert len(blocks.components) == 6 + 6
    assert len(full.components) == 21
    assert blocks.exactness is full.exactness is Exactness.EXACT
    tests = [len(template.program.kinds) == 4 for template in deep.templates]
    assert deep.evaluations == len(tests) == 4 + sum(tests)
    assert 0 < sum(tests) <= 9 * 3
    for component in deep.components:
        tested = any(tests[evaluation.row] for reading in component.readings for evaluation in reading.evaluations)
        assert component.exactness is (Exactness.ANCILLA if tested else Exactness.EXACT)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_blocks_are_those_of_the_full_metric(layers: int) -> None:
    circuit = ansatz(layers)
    values = {"w": np.random.default_rng(layers).uniform(-1, 1, 3 * layers)}
    whole, blocks = qc.metric(circuit)(**values), qc.metric(circuit, blocks="diagonal")(**values)
    mask = np.kron(np.eye(layers), np.ones((3, 3)))
    np.testing.assert_allclose(blocks, whole * mask, atol=1e-14)
    assert layers == 1 or np.abs(whole - blocks).max() > 0.01


def test_shots_measure_the_circuits() -> None:
    """Would catch a metric that is computed although shots were asked for, and shots that miss it."""
    circuit = ansatz(2)
    values = {"w": np.linspace(-0.8, 0.7, 6)}
    exact = qc.metric(circuit)(**values)
    drawn = qc.metric(circuit, shots=4000, seed=2)(**values)
    assert 1e-4 < np.abs(drawn - exact).max() < 0.05


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("qubit q; bit c; param t; rx(t) q; c = measure q; return expect(Z[0]);", "QC0502"),
        ("qubit q; param t; rx(t) q; barrier q; reset q; return expect(Z[0]);", "QC0502"),
        ("qubit q; param t; rx(t) q; bit_flip(0.1) q; return expect(Z[0]);", "QC0502"),
        ("qumode m; param t; thermal(0.3) m; rotate(t) m; return expect(n[0]);", "QC0502"),
        ("qumode m; param t; rotate(t) m; fock(1) m; return expect(n[0]);", "QC0502"),
        ("qumode m; param t; fock(t) m; return expect(n[0]);", "QC0501"),
        ("opaque f a; qubit q; param t; rx(t) q; f q; return expect(Z[0]);", "QC0318"),
    ],
)
def test_what_has_no_metric_is_refused(text: str, code: str) -> None:
    """Would catch a number for a state that is not pure, or not known."""
    with pytest.raises(qc.CompileError, match=code):
        circuits(program(text))
    with pytest.raises(qc.CompileError, match=code):
        qc.metric(program(text))(t=0.3)


def test_a_photonic_generator_with_another_after_it_has_no_test() -> None:
    """Would catch a circuit that measures something else; the simulator needs none."""
    circuit = program("qumode m; param t; param u; squeeze_x(t) m; rotate(0.3) m; shift_x(u) m; return expect(n[0]);")
    with pytest.raises(qc.CompileError, match="QC0503"):
        circuits(circuit)
    assert abs(qc.metric(circuit)(t=0.3, u=0.2)[0, 1]) < 0.2
    assert len(circuits(circuit, "diagonal").components) == 2


def test_only_programs_and_known_blocks() -> None:
    with pytest.raises(qc.CompileError, match="QC0503"):
        pipeline("differentiate,metric")(program(SMALL))
    with pytest.raises(qc.CompileError, match="QC0701"):
        pipeline("metric{blocks=round}")(program(SMALL))


def test_natural_gradients_solve_with_the_metric() -> None:
    """Would catch a regularisation that is added to the gradient, and entries out of order."""
    text = "qubit q[2]; param a; param w[2]; rx(a) q[0]; ry(w[0]) q[1]; cx q[0], q[1]; rx(a*w[1]) q[1];"
    circuit = program(text + "return expect(Z[1]), cov(X[0], Z[1]), probs(q[0]);")
    values: dict[str, Any] = {"a": 0.4, "w": [0.2, 0.9]}
    shifted = qc.metric(circuit)(**values) + 0.01 * np.eye(3)
    for natural, slope in zip(
        qc.natural_gradient(circuit, 0.01)(**values), qc.gradient(circuit)(**values), strict=True
    ):
        back: NDArray[np.float64] = shifted @ np.array([natural["a"], *natural["w"]])
        np.testing.assert_allclose(back, np.array([slope["a"], *slope["w"]]), atol=1e-12)


def test_redundant_parameters_share_the_step() -> None:
    """Of RX(a) RX(b) only a + b matters: the metric is singular, and the step of one parameter is halved."""
    circuit = program("qubit q; param a; param b; rx(a) q; rx(b) q; return expect(Z[0]);")
    step = qc.natural_gradient(circuit, 1e-9)(a=[0.3, 0.1], b=0.2)
    alone = -np.sin([0.5, 0.3]) / 0.25
    np.testing.assert_allclose(step["a"], alone / 2, rtol=1e-6)
    np.testing.assert_allclose(step["b"], step["a"])


def test_natural_steps_cross_a_plateau() -> None:
    """Would catch steps by the plain gradient, which is flat here: 40 of them hardly leave the start."""
    circuit = program("qubit q; param t; ry(0.05*t) q; return expect(Z[0]);")
    natural, plain = (qc.train(circuit, 40, optimizer, 0.2, initial={"t": 2.0}) for optimizer in ("natural", "sgd"))
    assert plain.value > 0.99
    assert natural.value < -0.9


def test_training_by_inputs_takes_their_mean_metric() -> None:
    """Would catch a metric of the first row alone: it vanishes there."""
    circuit = program("qubit q; param t; input x; ry(x*t) q; return expect(Z[0]);")
    result = qc.train(circuit, 30, "natural", 0.2, initial={"t": 1.0}, inputs={"x": [0.0, 1.0]})
    assert result.value == pytest.approx(0.0, abs=1e-5)


ROTATIONS = ("rx({}) q[{}]", "ry({}) q[{}]", "rz({}) q[{}]", "p({}) q[{}]", "rzz({}) q[{}], q[{}]",
             "rxx({}) q[{}], q[{}]", "crx({}) q[{}], q[{}]", "ctrl @ p({}) q[{}], q[{}]",
             "xx_plus_yy({}, 0.3) q[{}], q[{}]", "tilted({}) q[{}]", "u(0.4, {}, 0.2) q[{}]")  # fmt: skip
CONSTANTS = ("h q[{}]", "s q[{}]", "sdg q[{}]", "cx q[{}], q[{}]", "inv @ iswap q[{}], q[{}]", "ry(0.3) q[{}]",
             "swap q[{}], q[{}]", "t q[{}]", "own q[{}]")  # fmt: skip
DEFINED = "gate tilted(t) a generator X[a] + Z[a]; gate own a = [[0.6, 0.8*im], [0.8*im, 0.6]];"


@pytest.mark.parametrize("seed", range(12))
def test_crowded_circuits(seed: int) -> None:
    """Each gate with an angle of its own, constant gates between: circuits, tangents and finite differences agree.

    Would catch a generator carried the wrong way through a gate, with a wrong sign, factor or order of a product, and
    a controlled word in the wrong place.
    """
    random = np.random.default_rng(seed)
    lines: list[str] = []
    for k in range(9):
        for gate, angle in ((random.choice(ROTATIONS), f"w[{k}]"), (random.choice(CONSTANTS), "")):
            wires = random.permutation(3).tolist()
            lines.append(gate.format(*([angle] if angle else []), *wires) + ";")
    circuit = program(f"{DEFINED} qubit q[3]; param w[9]; {' '.join(lines)} return state();")
    values = random.uniform(-2, 2, 9)
    exact = qc.metric(circuit)(w=values)
    found = entries(circuits(circuit), w=values)
    np.testing.assert_allclose(list(found.values()), exact[np.triu_indices(9)], rtol=0, atol=1e-10)
    np.testing.assert_allclose(exact, by_differences(circuit, values), rtol=0, atol=1e-8)


def test_many_turns_of_one_qubit() -> None:
    """Would catch coefficients that double with each turn until there is no room for them."""
    turns = "".join(f"r{'xyz'[k % 3]}(w[{k}]) q; " for k in range(26))
    circuit = program(f"qubit q; param w[26]; {turns} return expect(Z[0]);")
    values = np.linspace(-1, 1.3, 26)
    found = entries(circuits(circuit), w=values)
    np.testing.assert_allclose(list(found.values()), qc.metric(circuit)(w=values)[np.triu_indices(26)], atol=1e-10)


def test_an_angle_that_is_a_long_expression() -> None:
    """Would catch a coefficient that has no room for one function more, where a test of its own serves."""
    deep = "sin(" * 78 + "b" + ")" * 78
    circuit = program(f"qubit q; param a; param b; rx(a) q; ry(b + {deep}) q; rz(a) q; return expect(Z[0]);")
    found = metric_module(circuit, wanted_elements(circuit, "a"))
    assert found.exactness is Exactness.ANCILLA
    assert entries(found, a=0.3, b=0.2)["aa"] == pytest.approx(qc.metric(circuit, "a")(a=0.3, b=0.2)[0, 0])


@pytest.mark.parametrize(
    "gates", ["rx(0.3) q; rx(0.4) q; rx(-0.7) q;", "fixed q; rx(0.9) q; rx(-0.9) q; inv @ fixed q;"]
)
def test_what_rounding_leaves_is_not_carried_on(gates: str) -> None:
    """Would catch words that are none, which count among the most that are carried."""
    circuit = program(f"gate fixed a = [[0.6, 0.8im], [0.8im, 0.6]]; qubit q; {gates} return state();")
    ops = [statement for statement in circuit.body if isinstance(statement, Op)]
    found = carried(operator((0.7, "Z0")), ops)
    assert found is not None
    assert {word: float(c) for word, c in found.terms} == pytest.approx({(("Z", 0),): 0.7})


def test_an_inverse_that_is_kept_as_such_turns_back() -> None:
    """Would catch the sign of an angle under `inverse`, which the language itself never leaves there."""
    circuit = program("qubit q; param a; param b; rx(a) q; ry(0.4) q; rx(b) q; return state();")
    first, middle, last = circuit.body
    assert isinstance(last, Op)
    turned = replace(circuit, body=(first, middle, replace(last, inverse=True)))
    exact = qc.metric(turned)(a=0.3, b=0.2)
    assert exact[0, 1] == pytest.approx(-qc.metric(circuit)(a=0.3, b=-0.2)[0, 1])
    module = metric_module(turned, wanted_elements(turned, None))
    assert entries(module, a=0.3, b=0.2)["ab"] == pytest.approx(exact[0, 1])
    assert abs(exact[0, 1]) > 0.1


def by_differences(circuit: Program, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From sixth-order differences of the state."""
    state, step = qc.simulate(circuit), 5e-3
    tangents: NDArray[np.complex128] = np.zeros((len(values), 8), dtype=complex)
    for k, row in enumerate(np.eye(len(values))):
        for reach, weight in ((1, 45), (2, -9), (3, 1)):
            moved = state(w=[values + reach * step * row, values - reach * step * row])
            tangents[k] += weight * (moved[0] - moved[1]) / (60 * step)
    along: NDArray[np.complex128] = tangents @ np.asarray(state(w=values)).conj()
    found: NDArray[np.complex128] = tangents.conj() @ tangents.T - np.outer(along.conj(), along)
    return found.real


def test_the_circuits_make_a_bundle() -> None:
    """Would catch an entry of the metric that the manifest has no place for."""
    bundle = qc.bundle(circuits(program(SMALL)), "openqasm3")
    manifest = json.loads(bundle.files["manifest.json"])
    schema = Path(__file__).parents[2] / "targets" / "manifest.schema.json"
    jsonschema.validate(manifest, json.loads(schema.read_text(encoding="utf-8")))
    assert [component["output"] for component in manifest["components"]] == [None] * 6
    assert manifest["components"][1]["wrt"] == ["a", "b"]

"""Gates exp(-iH) whose H holds parameters: their matrices, and their derivatives by every method."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from dense import Matrix, operator_matrix, unitary
from every_method import differences, program_of, slopes_of
from scipy.linalg import expm

from qcompile.angle import Element, evaluate, number
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import Gate
from qcompile.grammar import parse, parse_operator, to_text
from qcompile.ir import Adjoint, Exactness, Gradient, Op, Parameter, Program, Register, Shifted, State
from qcompile.ir.verify import verify
from qcompile.operator import Operator
from qcompile.passes import Legalize, Optimize
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, run
from qcompile.targets.simulator.adjoint_tangent import hessian_vector_products
from qcompile.targets.simulator.tangents import fubini_study
from qcompile.targets.simulator.values import bind

GATES = """
gate cross(s, t, u) a, b generator s*Z[a] X[b] + t*X[b] + u*Z[a] + 0.3*Y[a];
gate tilted(s, t) a generator s*Z[a] + 0.5*t*X[a];
gate bent(s, t) a, b, c, d generator sin(s)*Z[a] X[b] + s*t*Y[c] Y[d] + X[a] Z[c] + (1 - t)*Y[d];
"""
PROGRAMS = {
    "plain": "qubit q[2]; param a; param b; h q[0]; cross(a, b, 0.7) q[0], q[1]; return expect(Z[0] Y[1] + X[0]);",
    "shared": "qubit q[2]; param a; param b; ry(a) q; cross(2*a, a*b, -a) q[1], q[0]; tilted(b, a) q[1]; "
    "return expect(Z[0]), var(X[1]), probs(q);",
    "controlled": "qubit q[3]; param a; param b; h q; negctrl @ cross(a, b, 0.2) q[2], q[0], q[1]; "
    "ctrl(2) @ tilted(b, a) q[1], q[2], q[0]; rx(0.3) q; return expect(Y[0] Z[2] + X[1]);",
    "inverse": "qubit q[2]; param a; param b; h q[0]; inv @ cross(a, 0.4, b) q[0], q[1]; inv @ tilted(a, b) q[1]; "
    "pow(-0.5) @ tilted(b, 1) q[0]; pow(2) @ cross(b, a, 0.1) q[1], q[0]; return expect(Z[0] Z[1] + Y[0]);",
    "four wires": "qubit q[4]; param a; param b; ry(0.4) q; bent(a, b) q[2], q[0], q[3], q[1]; rx(b) q; "
    "return expect(Z[0] + X[1] Y[2] + Z[3]);",
    "on the way": "qubit q[2]; bit c; param a; param b; cross(a, b, 0.5) q[0], q[1]; c = measure q[1]; "
    "if (c) { tilted(a, 0.9) q[0]; } depolarizing(0.1) q[0]; reset q[1]; cross(b, a, a) q[1], q[0]; "
    "return expect(Z[0] + X[1]);",
    "an observable too": "qubit q[2]; param a; param b; cross(a, b, 0.5) q[0], q[1]; "
    "return expect(a*Z[0] + b**2*X[1]);",
    "beside light": "qubit q[1]; qumode m; param a; param b; tilted(a, b) q[0]; displace(0.3*a, 0) m; "
    "conditional_rotate(0.4) q[0], m; tilted(0.5, a) q[0]; return expect(Y[0] x[0] + Z[0]);",
}
DECLARED = (Register("w", "qubit", 2),), (Parameter("s"), Parameter("t"))
AT = {"a": 0.43, "b": -0.81}
CASES = pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS.keys())


def hamiltonian_ops(program: Program) -> list[Op]:
    return [s for s in program.statements() if isinstance(s, Op) and s.gate.hamiltonian is not None]


@CASES
def test_it_reads_back(text: str) -> None:
    """Would catch coefficients, an inverse or the gate of a gradient that print as something else."""
    program = program_of(GATES + text)
    modules = [program, *(differentiate(program, "a", m) for m in ("adjoint", "stochastic") if "qumode" not in text)]
    for module in modules:
        verify(module)
        assert parse(to_text(module)) == module


@pytest.mark.parametrize("name", ["plain", "shared", "controlled", "inverse", "four wires"])
def test_it_is_the_exponential(name: str) -> None:
    """Would catch a sign, an order of wires, angles substituted in another order: against expm of a dense matrix."""
    program = replace(program_of(GATES + PROGRAMS[name]), outputs=(State(),))
    values = {"a": np.array([0.43, -1.7]), "b": np.array([-0.81, 0.2])}
    found = run(program, values)[0]
    for k in range(2):
        elements = {Element(n): float(v[k]) for n, v in values.items()}
        expected = unitary((s for s in program.body if isinstance(s, Op)), len(program.kinds), elements)[:, 0]
        np.testing.assert_allclose(found[k], expected, rtol=0, atol=1e-12)


@CASES
def test_the_adjoint_method_is_exact(text: str) -> None:
    """Would catch a slope taken outside the gate instead of within it: against differences of eighth order."""
    program = program_of(GATES + text)
    options = Options(cutoff=12)
    found = slopes_of(differentiate(program, None, "adjoint"), AT, options)[0]
    expected = differences(program, AT, options)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-8)


def test_equal_eigenvalues_and_a_zero_hamiltonian() -> None:
    """Would catch a divided difference that divides by zero."""
    text = "qubit q[2]; param a; param b; h q[0]; bare(a, b) q[0], q[1]; return expect(Y[0] + Z[1]);"
    program = program_of("gate bare(s, t) a, b generator s*Z[a] X[b] + t*X[a];" + text)
    for at in ({"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 0.7}, {"a": 1e-9, "b": 1e-9}):
        found = slopes_of(differentiate(program, None, "adjoint"), at)[0]
        for key, value in differences(program, at, Options()).items():
            np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-9)


def test_an_optimised_way_back_still_reads_within() -> None:
    """Would catch a definition dropped that a gradient needs, or a gate moved across a gradient within it."""
    program = program_of(GATES + PROGRAMS["inverse"])
    derivative = differentiate(program, None, "adjoint")
    optimised = Optimize(3)(derivative)
    verify(optimised)
    assert isinstance(optimised, Adjoint)
    assert any(isinstance(step, Gradient) and step.within is not None for step in optimised.steps())
    assert parse(to_text(optimised)) == optimised
    exact, found = slopes_of(derivative, AT)[0], slopes_of(optimised, AT)[0]
    for key, value in exact.items():
        np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-12)


def by_quadrature(module: Shifted, element: str, nodes: int) -> float:
    """The mean over all places of what a sample estimates: each template's words, Gauss–Legendre in its share."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    shares = (places + 1) / 2
    total = 0.0
    component = next(c for c in module.components if list(map(str, c.wrt)) == [element])
    read: dict[int, float] = {}  # by template, the weight of all its draws together
    for reading in component.readings:
        row = module.rows[reading.evaluations[0].row]
        if dict(row.settings)[row.settings[1][0]].constant.pi > 0:
            weight = evaluate(reading.weight, {Element(n): v for n, v in AT.items()})
            read[row.template] = read.get(row.template, 0.0) + float(weight)
    for template, weight in read.items():
        program = module.templates[template].program
        slot = next(p.name for p in program.parameters if p.role == "slot")
        open_ = tuple(Parameter(p.name, p.size) if p.role == "slot" else p for p in program.parameters)
        values = {name: np.full(nodes, value) for name, value in AT.items()}
        sides = [
            run(replace(program, parameters=open_), {**values, slot: np.stack([shares, np.full(nodes, turn)], axis=1)})[
                0
            ]
            for turn in (np.pi / 2, -np.pi / 2)
        ]
        total += weight * float(weights / 2 @ (sides[0] - sides[1]))
    return total


@pytest.mark.parametrize("name", ["plain", "controlled", "inverse", "four wires"])
@pytest.mark.parametrize("element", ["a", "b"])
def test_the_rule_is_the_derivative_over_all_places(name: str, element: str) -> None:
    """Would catch a test on the wrong side of the gate, a share of the wrong part, a weight, a sign of an inverse."""
    text = PROGRAMS[name].replace("rx(b) q", "rx(0.2) q")  # all words within gates
    program = program_of(GATES + text)
    module = differentiate(program, element, "stochastic{samples=100,seed=3}")  # each word at least once
    assert isinstance(module, Shifted)
    exact = slopes_of(differentiate(program, element, "adjoint"), AT)[0][0, element]
    assert abs(by_quadrature(module, element, 24) - float(exact)) < 1e-10


@pytest.mark.parametrize("samples", [1, 7])
@pytest.mark.parametrize("name", ["shared", "on the way", "an observable too"])
def test_a_sample_is_unbiased(name: str, samples: int) -> None:
    """Would catch draws whose weights do not average to 1, fewer than the words and more, beside plain gates."""
    program = program_of(GATES + PROGRAMS[name])
    seeds = range(200)
    exact = slopes_of(differentiate(program, None, "adjoint"), AT)[0]
    found = [slopes_of(differentiate(program, None, f"stochastic{{samples={samples},seed={k}}}"), AT)[0] for k in seeds]
    for key, value in exact.items():
        each = np.stack([slopes[key] for slopes in found])
        error = each.std(axis=0) / np.sqrt(len(each))
        assert np.all(np.abs(each.mean(axis=0) - value) < 4.5 * error + 1e-12)


def test_its_class_its_cost_and_its_seed() -> None:
    """Would catch an estimate that claims to be exact, more than two evaluations a sample, draws that differ."""
    program = program_of(GATES + PROGRAMS["plain"])
    for samples in (1, 2, 5):
        module = differentiate(program, "a", f"stochastic{{samples={samples},seed=4}}")
        assert isinstance(module, Shifted)
        assert (module.exactness, module.seed, module.evaluations) == (Exactness.UNBIASED, 4, 2 * samples)
        assert differentiate(program, "a", f"stochastic{{samples={samples},seed=4}}") == module
        assert differentiate(program, "a", f"stochastic{{samples={samples},seed=5}}") != module


HEISENBERG = (
    "gate chain(j, b) u, v generator j*(X[u] X[v] + Y[u] Y[v] + Z[u] Z[v]) + b*(Z[u] + Z[v]) + 0.2*(X[u] + X[v]);"
    "qubit q[3]; param a; param b; h q[0]; ry(0.3) q[2]; inv @ chain(a, 0.4) q[0], q[1]; "
    "ctrl @ chain(0.3, 0.2) q[1], q[0], q[2]; ctrl @ chain(2*a, 0.2) q[2], q[1], q[0]; "
)


@pytest.mark.parametrize("method", ["shift", "auto"])
def test_words_that_commute_with_the_rest_have_a_rule(method: str) -> None:
    """Would catch a coupling that commutes with the field refused, or shifted by another spectrum than its own."""
    program = program_of(HEISENBERG + "return expect(Z[0] + X[1] Y[2]), probs(q[0]);")
    module = differentiate(program, "a", method)
    assert module.exactness is Exactness.EXACT if isinstance(module, Shifted) else False
    exact, found = (slopes_of(each, AT)[0] for each in (differentiate(program, "a", "adjoint"), module))
    for key, value in exact.items():
        np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("method", "code", "way"),
    [("shift", Code.NO_RULE, "stochastic"), ("auto", Code.NO_RULE, "adjoint"), ("hadamard", Code.METHOD, "stochastic")],
)
def test_what_has_no_finite_rule_is_refused(method: str, code: Code, way: str) -> None:
    """Would catch a rule by the spectrum of the words alone, which is wrong, or a refusal without a way out."""
    with pytest.raises(CompileError) as caught:
        differentiate(program_of(GATES + PROGRAMS["plain"]), "a", method)
    (fault,) = caught.value.diagnostics
    assert (fault.code, way in fault.help, fault.span is None) == (code, True, False)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("gate g(t) a generator t/2*X[a] + t*Z[a];", "generator"),
        ("gate g(s, t) a, b generator s*X[a] + t*X[b] + s*t*X[a] X[b] + t;", "body"),
        ("gate g(t) a generator (t + 1)*X[a];", "body"),
        ("gate g(t) a generator t*X[a] + Z[a];", "hamiltonian"),
        ("gate g(s, t) a generator s*X[a] + t*Z[a];", "hamiltonian"),
    ],
)
def test_it_is_told_in_the_simplest_way(written: str, form: str) -> None:
    """Would catch a gate with a finite rule that is sampled; and a body of rotations that is another unitary."""
    names = "s, t" if "(s, t)" in written else "t"
    wires = "q[1], q[0]" if "b generator" in written else "q[0]"
    program = program_of(f"{written} qubit q[2]; param s; param t; h q; g({names}) {wires}; return state();")
    (definition,) = program.definitions
    gate: Gate = definition.gate
    assert form == ("generator" if gate.generator else "hamiltonian" if gate.hamiltonian else "body")
    scaled = {"s": 0.3, "t": -0.7}
    named = {Element(name): value for name, value in scaled.items()}
    whole = parse_operator(written.split("generator ")[1].replace("[a]", "[0]").replace("[b]", "[1]")[:-1], *DECLARED)
    words = tuple((word, number(float(evaluate(c, named)))) for word, c in whole.terms)
    moved = expm(-1j * operator_matrix(Operator(words).on({0: 1, 1: 0} if "b gen" in written else {0: 0}), 2))
    np.testing.assert_allclose(run(program, scaled)[0][0], moved @ np.full(4, 0.5), rtol=0, atol=1e-12)


def test_the_metric_is_that_of_the_states() -> None:
    """Would catch a tangent outside the gate: against the overlaps of neighbouring states."""
    program = replace(program_of(GATES + PROGRAMS["inverse"]), outputs=(State(),))
    wrt = [Element("a"), Element("b")]
    found, _ = fubini_study(program, wrt, bind(program.parameters, AT), Options())
    step = 1e-5

    def state(a: float, b: float) -> Matrix:
        return np.asarray(run(program, {"a": AT["a"] + a, "b": AT["b"] + b})[0][0], dtype=complex)

    here = state(0, 0)
    slopes = [(state(*(step * side)) - state(*(-step * side))) / (2 * step) for side in np.eye(2)]
    for i in range(2):
        for j in range(2):
            covariance = slopes[i].conj() @ slopes[j] - (slopes[i].conj() @ here) * (here.conj() @ slopes[j])
            assert abs(found[0, i, j] - covariance.real) < 1e-7


@pytest.mark.parametrize("target", ["openqasm3", "openqasm2", "quil"])
def test_numbers_are_synthesised(target: str) -> None:
    """Would catch a matrix of the formal angles, of the inverse, or without its controls."""
    text = GATES + PROGRAMS["controlled"]
    bound = program_of(text.replace("param a; param b;", "const real a = 0.43; const real b = -0.81;"))
    legal = Legalize(target)(bound)
    assert isinstance(legal, Program)
    assert not hamiltonian_ops(legal)
    assert not legal.definitions
    for value, expected in zip(run(legal, {}), run(bound, {}), strict=True):
        np.testing.assert_allclose(value, expected, rtol=0, atol=1e-9)


def test_free_parameters_cannot_be_said() -> None:
    """Would catch an AssertionError, or a circuit at some other values."""
    with pytest.raises(CompileError) as caught:
        Legalize("openqasm3")(program_of(GATES + PROGRAMS["plain"]))
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.UNSAYABLE
    assert "--set" in fault.help


def test_a_wide_one_is_told_before_memory_is_taken() -> None:
    """Would catch a matrix of 4096 × 4096 for each row."""
    wires = "abcdefghijkl"
    words = " + ".join(f"t*X[{v}] Z[{w}] + 0.1*Z[{v}]" for v, w in pairwise(wires))
    text = f"gate wide(t) {', '.join(wires)} generator {words}; qubit q[12]; param a; "
    program = program_of(f"{text} wide(a) {', '.join(f'q[{k}]' for k in range(12))}; return expect(Z[0]);")
    with pytest.raises(CompileError) as caught:
        run(program, {"a": 0.1})
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE


def test_a_tangent_is_refused() -> None:
    """Would catch a Hessian-vector product that leaves these gates out."""
    module = differentiate(program_of(GATES + PROGRAMS["plain"]), None, "adjoint")
    assert isinstance(module, Adjoint)
    with pytest.raises(CompileError) as caught:
        hessian_vector_products(module, AT, {"a": 1.0})
    assert caught.value.diagnostics[0].code is Code.METHOD

"""Derivatives by the strengths of channels and of thermal states, against density matrices and closed forms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from dense import element_values
from density import KRAUS, mean_of_runs_kept
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pass_programs import dynamic_programs
from random_programs import pauli_sums, values_for

from qcompile.angle import Angle, Element, elements, number, parameter
from qcompile.angle import evaluate as value_at
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE, Gate, Kind
from qcompile.grammar import parse, to_text
from qcompile.ir import Expectation, If, Observable, Op, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.operator import Operator
from qcompile.passes.differentiate import differentiate
from qcompile.passes.differentiate.sight.words import Word
from qcompile.passes.differentiate.strengths.rule import near_words, strength_rule
from qcompile.passes.differentiate.strengths.superoperators import moves
from qcompile.targets.simulator import Options, evaluate, run

STEP = 1e-3
STENCIL = ((-3, -1 / 60), (-2, 3 / 20), (-1, -3 / 4), (1, 3 / 4), (2, -3 / 20), (3, 1 / 60))  # of sixth order
P = parameter("p")


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def derivative_of(source: Program, order: int = 1) -> Shifted:
    module: Program | Shifted = source
    for _ in range(order):
        found = differentiate(module, None, "shift")
        assert isinstance(found, Shifted)
        module = found
    assert isinstance(module, Shifted)
    verify(module)
    assert parse(to_text(module)) == module
    return module


def derivatives(text: str, order: int = 1, cutoff: int = 10, **values: float) -> list[NDArray[np.float64]]:
    """The components of exactly this order, at these values."""
    module = derivative_of(program(text), order)
    found = evaluate(module, values, Options(cutoff=cutoff))
    return [value[0] for c, value in zip(module.components, found, strict=True) if len(c.wrt) == order]


def slope(source: Program, operator: Operator, p: float) -> float:
    """By finite differences over density matrices of the textbook's Kraus operators."""
    at = {k: element_values(source, {"p": np.array(p + k * STEP)}) for k, _ in STENCIL}
    return sum(weight * mean_of_runs_kept(source, operator, at[k]) / STEP for k, weight in STENCIL)


MEAN = "return expect(0.3 + 0.7*X[0] Y[1] - 0.4*Z[1] + 0.3*Y[0] + 0.5*X[1] + 0.2*Z[0]);"
START = "qubit q[2]; bit c; param p; ry(1.1) q[0]; rx(0.4) q[1]; rzz(0.7) q[0], q[1]; h q[0];"


@pytest.mark.parametrize("name", KRAUS)
@pytest.mark.parametrize(
    "body",
    [
        "{name}(p) q[0]; rx(0.5) q[0]; cx q[0], q[1];",
        "{name}(p*p) q[1]; ry(p) q[1]; cx q[1], q[0]; {name}(0.5*p) q[0];",
        "c = measure q[0]; if (c) {{ {name}(1 - p) q[1]; {name}(sin(p)) q[0]; }} cx q[0], q[1];",
        "{name}(p) q[1]; cx q[1], q[0]; ry(0.3) q[0]; c = measure q[0]; postselect c; reset q[0]; {name}(p) q[1];",
    ],
)
def test_strengths_of_qubit_channels(name: str, body: str) -> None:
    """Would catch a wrong variable, degree or weight, a slope forgotten, or a strength shifted like an angle."""
    source = program(f"{START} {body.format(name=name)} {MEAN}")
    (output,) = source.outputs
    assert isinstance(output, Expectation)
    for p in (0.13, 0.62):
        found = evaluate(derivative_of(source), {"p": p}, Options())[1][0]
        assert float(found) == pytest.approx(slope(source, output.observable.operator, p), abs=1e-8)


@st.composite
def noisy_programs(draw: st.DrawFn) -> Program:
    """Programs that measure, reset and branch, with channels anywhere whose strengths share the gates' parameters."""
    plain = draw(dynamic_programs())
    body = list(plain.body)
    for _ in range(draw(st.integers(1, 3))):
        shares = [number(draw(st.sampled_from([-0.2, 0.1, 0.2]))) for _ in range(2)]
        strength = number(0.5) + shares[0] * parameter("w", draw(st.integers(0, 2))) + shares[1] * parameter("theta")
        noise = Op(TABLE[draw(st.sampled_from(sorted(KRAUS)))], (draw(st.integers(0, 2)),), (strength,))
        place = draw(st.integers(0, len(body)))
        region = body[place] if place < len(body) else None
        if isinstance(region, If):
            body[place] = replace(region, then=(*region.then, noise))
        else:
            body.insert(place, noise)
    turned = [Op(TABLE["ry"], (wire,), (number(0.6 + 0.3 * wire),)) for wire in range(3)]
    mean = Expectation(Observable(draw(pauli_sums(3))))
    return replace(plain, body=(*turned, *body), outputs=(mean,))


@given(noisy_programs())
def test_random_noise(source: Program) -> None:
    """Would catch a strength that no output is said to see, or that is seen as other words than it is."""
    (output,), values = source.outputs, values_for(source, 3)
    assert isinstance(output, Expectation)
    module = differentiate(source, ["theta", "w"], "shift")
    assert isinstance(module, Shifted)
    for component, result in zip(module.components, evaluate(module, values, Options()), strict=True):
        if component.wrt:
            (element,) = component.wrt
            expected = 0.0
            for steps, weight in STENCIL:
                moved = {name: np.array(value) for name, value in values.items()}
                moved[element.name][... if element.index is None else element.index] += steps * STEP
                at = element_values(source, moved)
                expected += weight * mean_of_runs_kept(source, output.observable.operator, at) / STEP
            assert float(result[0]) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", KRAUS)
def test_second_derivatives_by_strengths(name: str) -> None:
    """Would catch a weight, or an absolute setting, that is taken for a constant the second time."""
    text = f"{START} {name}(p) q[0]; cx q[0], q[1]; rz(p) q[1]; {name}(p) q[1]; {MEAN}"
    (found,) = derivatives(text, 2, p=0.37)
    first = derivative_of(program(text))
    ends = [evaluate(first, {"p": 0.37 + k * STEP}, Options())[1][0] for k, _ in STENCIL]
    expected = sum(w * float(end) / STEP for (_, w), end in zip(STENCIL, ends, strict=True))
    assert float(found) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("bit_flip", 2), ("phase_flip", 2), ("bit_phase_flip", 2), ("depolarizing", 2), ("phase_damping", 2),
        ("amplitude_damping", 3),
    ],
)  # fmt: skip
def test_settings_are_few_and_in_bounds(name: str, count: int) -> None:
    """Would catch strengths that are no channel, a degree too many, or a slot inside a weight."""
    rule = strength_rule(TABLE[name], 0, P, None)
    assert rule is not None
    assert rule.absolute
    assert len(rule.terms) == count
    assert all(0 <= float(setting) <= 1 for _, setting in rule.terms)
    assert {e for weight, _ in rule.terms for e in elements(weight)} <= {Element("p")}


SHEAR = Gate(
    "shear", ("qumode",), ("p",), word="quadratic_phase(p) a; beamsplit(0.5, 0) a, b;", hidden=("qumode",),
    bounds=((0.0, 1.0),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("gate", "index", "counts"),
    [
        (TABLE["loss"], 0, [0, 2, 3, 4, 5]), (TABLE["thermal_loss"], 0, [0, 2, 3, 4, 5]),
        (TABLE["thermal_loss"], 1, [0, 0, 2, 2, 3]), (TABLE["thermal"], 0, [0, 0, 2, 2, 3]),
        (SHEAR, 0, [0, 2, 3, 4, 5]),  # its means move with the strength, its noise does not
    ],
)  # fmt: skip
def test_settings_of_light_follow_the_degree(gate: Gate, index: int, counts: list[int]) -> None:
    """Would catch a degree from the noise alone, or from the means alone, and one that is not the least."""
    for degree, count in enumerate(counts):
        rule = strength_rule(gate, index, P, degree)
        assert rule is not None
        assert len(rule.terms) == count


X_WORD, Z_WORD, NOTHING = (0b10, 0b00), (0b00, 0b10), (0b01, 0b01)  # on wire 1, the last on wire 0 alone


@pytest.mark.parametrize(
    ("name", "seen", "settings"),
    [
        ("amplitude_damping", {Z_WORD}, [0, 1]), ("amplitude_damping", {X_WORD}, [1, 0]),
        ("amplitude_damping", {X_WORD, Z_WORD}, [1, 0.75, 0]), ("phase_damping", {Z_WORD, NOTHING}, []),
        ("phase_flip", {Z_WORD}, []), ("phase_flip", {X_WORD}, [0, 1]), ("bit_flip", {X_WORD}, []),
        ("depolarizing", {NOTHING}, []), ("depolarizing", {Z_WORD}, [0, 1]),
    ],
)  # fmt: skip
def test_settings_follow_the_words_that_are_seen(name: str, seen: set[Word], settings: list[float]) -> None:
    """Would catch a population's rule with a coherence's singular end, letters of other wires, Y taken for X or Z."""
    rule = strength_rule(TABLE[name], 0, P, None, None, near_words([seen], (1,)))
    assert rule is not None
    assert [float(setting) for _, setting in rule.terms] == settings


@pytest.mark.parametrize("name", KRAUS)
@pytest.mark.parametrize("letter", ["X", "Y", "Z"])
def test_rules_of_single_words(name: str, letter: str) -> None:
    """Would catch a row of the transfer matrix that is of another word: the derivative at every letter on its own."""
    source = program(f"{START} {name}(p) q[0]; return expect({letter}[0] Y[1]), expect({letter}[0]);")
    rule = strength_rule(TABLE[name], 0, P, None, None, frozenset({(int(letter in "XY"), int(letter in "YZ"))}))
    assert rule is not None
    for k, output in enumerate(source.outputs):
        assert isinstance(output, Expectation)
        found = sum(_at(weight, 0.3) * float(run(source, {"p": float(at)})[k][0]) for weight, at in rule.terms)
        assert found == pytest.approx(slope(source, output.observable.operator, 0.3), abs=1e-8)


OF_LIGHT: list[tuple[str, Callable[[float], list[float]]]] = [
    # ⟨x⟩ = 2α√T, ⟨n⟩ = Tα², ⟨n²⟩ = T²α⁴ + Tα²
    ("coherent(0.8, 0) m; loss(p) m; return expect(x[0]), expect(n[0]), expect(n[0] n[0]);",
     lambda p: [0.8 / math.sqrt(p), 0.64, 2 * p * 0.64**2 + 0.64]),
    # ⟨n⟩ = Tα² + (1 − T)ν
    ("coherent(0.8, 0) m; thermal_loss(p, 0.3) m; return expect(n[0]);", lambda _: [0.64 - 0.3]),
    ("coherent(0.8, 0) m; thermal_loss(0.4, p) m; return expect(n[0]), expect(x[0]);", lambda _: [0.6, 0]),
    # ⟨n⟩ = ν, ⟨n²⟩ = 2ν² + ν, var(n) = ν² + ν
    ("thermal(p) m; return expect(n[0]), expect(n[0] n[0]), var(n[0]);", lambda p: [1, 4 * p + 1, 2 * p + 1]),
    ("thermal(p*p) m; return expect(n[0]);", lambda p: [2 * p]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OF_LIGHT)
def test_strengths_of_light(text: str, expected: Callable[[float], list[float]]) -> None:
    """Would catch a polynomial of too low a degree, in T where it is in √T, or a mean that is not that of the word."""
    for p in (0.2, 0.9):
        found = derivatives("qumode m; param p; " + text, p=p)
        np.testing.assert_allclose(np.array(found, dtype=float), expected(p), rtol=0, atol=1e-9)


@pytest.mark.parametrize("channel", ["loss(p) m[0]", "thermal_loss(p, 0.4) m[0]", "thermal_loss(0.3, p) m[0]"])
def test_light_of_higher_degree(channel: str) -> None:
    """Would catch a cubic or quartic observable, made by gates after the channel, differentiated as a square."""
    text = f"""qumode m[2]; param p; displace(0.3, 0.2) m[0]; squeeze(0.3, 0.1) m[0]; beamsplit(0.5, 0.3) m[0], m[1];
    {channel}; beamsplit(0.4, 0.1) m[0], m[1]; rotate(0.3) m[0];
    return expect(x[0] x[0] x[0]), expect(n[0] x[1]), var(n[0]), expect(n[0] n[1]);"""
    found, source = derivatives(text, p=0.45), program(text)
    ends = [np.array(run(source, {"p": 0.45 + k * STEP}))[:, 0] for k, _ in STENCIL]
    expected = sum(weight * end / STEP for (_, weight), end in zip(STENCIL, ends, strict=True))
    np.testing.assert_allclose(np.array(found, dtype=float), expected, rtol=0, atol=1e-8)


def test_a_rule_of_light_is_measured_in_its_degree() -> None:
    """Would catch a setting too few for the degree, against (√T)ᵏ itself, or one for an observable of degree 0."""
    for degree in range(9):
        rule = strength_rule(TABLE["loss"], 0, P, degree)
        assert rule is not None
        for power in range(degree + 1):
            value = sum(_at(weight, 0.3) * float(setting) ** (power / 2) for weight, setting in rule.terms)
            assert value == pytest.approx(power / 2 * 0.3 ** (power / 2 - 1), abs=1e-7 if degree > 6 else 1e-9)


MOVED = {
    "a mode and one that is left alone": (1, 1, "rotate(0.4) a; squeeze(0.3, 0.7) a; displace(0.5, 0.2) a;"),
    "a mode and one unseen": (1, 1, "shift_x(0.3) b; two_mode_squeeze(0.4, 0.3) a, b; quadratic_phase(p) a;"),
    "two modes and one unseen": (
        2, 1, "beamsplit(0.4, 0.3) a, c; squeeze(0.2, 0.1) c; controlled_x(p) c, b; displace(p, 1) b; shift_p(p) c;"),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVED)
def test_what_gaussian_channels_do(name: str) -> None:
    """Would catch noise of the wrong wires, or a shift that is lost: means and covariance as the simulator has them."""
    own, hidden, word = MOVED[name]
    mode: tuple[Kind, ...] = ("qumode",)
    gate = Gate("given", mode * own, ("p",), word=word, hidden=mode * hidden, bounds=((0.0, 1.0),))
    found = moves(gate, (0.37,))
    assert found is not None
    start = " ".join(f"shift_x(w[{k}]) m[{k}]; shift_p(w[{own + k}]) m[{k}];" for k in range(own))
    for k in range(own + hidden):
        word = re.sub(rf"\b{'abc'[k]}\b", f"m[{k}]", word)
    letters = [f"{letter}[{k}]" for letter in "xp" for k in range(own)]
    apart = [(j, k) for j in range(2 * own) for k in range(j) if j - k != own]
    outputs = [f"expect({a})" for a in letters] + [f"var({a})" for a in letters]
    outputs += [f"cov({letters[j]}, {letters[k]})" for j, k in apart]
    text = f"qumode m[{own + hidden}]; param p; param w[{2 * own}]; {start} {word} return {', '.join(outputs)};"
    rows = np.vstack([np.zeros(2 * own), np.eye(2 * own)])
    results = run(program(text), {"p": np.full(len(rows), 0.37), "w": rows}, Options(engine="gaussian"))
    means = np.array(results[: 2 * own], dtype=float)
    covariance = found.linear @ found.linear.T + found.noise
    np.testing.assert_allclose(found.shift, means[:, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.linear, means[:, 1:] - means[:, :1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(covariance.diagonal(), [float(v[0]) for v in results[2 * own : 4 * own]], atol=1e-12)
    np.testing.assert_allclose([covariance[at] for at in apart], [float(v[0]) for v in results[4 * own :]], atol=1e-12)


def _at(weight: Angle, p: float) -> float:
    return float(np.asarray(value_at(weight, {Element("p"): p})))


def test_few_photons_are_enough_for_any_output() -> None:
    """Would catch a bound in photons taken for one in quadratures: three of them, two modes, their probabilities."""
    text = """qumode m[2]; param p; fock(2) m[0]; fock(1) m[1]; beamsplit(0.7, 0.2) m[0], m[1]; loss(p) m[0];
    beamsplit(0.4, 0.2) m[0], m[1]; return probs(m);"""
    rule = strength_rule(TABLE["loss"], 0, P, None, 3)
    assert rule is not None
    assert strength_rule(TABLE["thermal_loss"], 0, P, None, 3) is None  # its ancilla adds photons
    source, options = program(text), Options(cutoff=5)
    found = sum(_at(weight, 0.45) * run(source, {"p": float(at)}, options)[0][0] for weight, at in rule.terms)
    expected = sum(weight * run(source, {"p": 0.45 + k * STEP}, options)[0][0] / STEP for k, weight in STENCIL)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("p", [1.0, 1 - 1e-17])
def test_the_singular_end_is_a_fault(p: float) -> None:
    """Would catch inf or nan: the coherence √(1 − p) has no slope at 1."""
    text = "qubit q; param p; h q; phase_damping(p) q; return expect(X[0]);"
    with pytest.raises(CompileError) as caught:
        derivatives(text, p=p)
    assert caught.value.diagnostics[0].code is Code.BAD_NUMBER
    assert float(derivatives(text, p=0.0)[0]) == pytest.approx(-0.5)


def test_rounding_does_not_leave_the_bounds() -> None:
    """Would catch a row refused, or a root of a negative number: a strength and its setting need not add up to it."""
    text = "qubit q; param p; param z; ry(0.4) q; {}(0.1 + 0.3*p + 0.3*z) q; return expect(X[0]), expect(Z[0]);"
    p, z = np.random.default_rng(1).uniform(0, 1, (2, 400))
    sums = np.concatenate([0.1 + 0.3 * p + (end - 0.1 - 0.3 * p - 0.3 * z) + 0.3 * z for end in (0, 1)])
    assert np.any(sums > 1)
    assert np.any(sums < 0)
    for name in KRAUS:
        found = evaluate(derivative_of(program(text.format(name))), {"p": p, "z": z}, Options())
        assert all(np.isfinite(part).all() for part in found)


def test_a_strength_that_is_no_polynomial_has_no_rule() -> None:
    """Would catch a fit through just as many points as it takes: sin²(p) is none of the polynomials."""
    word = "ry(2*p) b; cx b, a;"
    odd = Gate("odd", ("qubit",), ("p",), word=word, hidden=("qubit",), bounds=((0.0, 1.0),))
    assert strength_rule(odd, 0, P, None) is None


@pytest.mark.parametrize(
    "text",
    [
        "squeeze(0.3, 0) m; loss(p) m; return probs(m);",
        "displace(0.3, 0) m; loss(p) m; kerr(0.1) m; return expect(x[0]);",
        "thermal(p) m; return probs(m);",
        "fock(p) m; return expect(n[0]);",
    ],
)
def test_no_finite_rule_is_refused(text: str) -> None:
    """Would catch a wrong number for what is no polynomial."""
    with pytest.raises(CompileError) as caught:
        derivatives("qumode m; param p; " + text, p=0.3)
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.NO_RULE
    assert fault.span is not None
    assert "input" in fault.help

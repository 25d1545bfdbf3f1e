"""Shift rules of gates on light, against i⟨[G, B]⟩ by plain matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.angle import number
from qcompile.gates import LEVELLED, TABLE, Gate
from qcompile.grammar import parse
from qcompile.ir import Program
from qcompile.operator import Operator, operator
from qcompile.passes.differentiate.light.flows import gaussian_flow
from qcompile.passes.differentiate.light.rule import KICK, light_rule
from qcompile.passes.differentiate.shift.rules import Rule

Complex = NDArray[np.complex128]
ONE_MODE = ("rotate", "shift_x", "shift_p", "squeeze_x", "quadratic_phase", "cubic")
TWO_MODES = ("beamsplit_real", "two_mode_squeeze_real", "controlled_x", "controlled_z")
HYBRID = ("conditional_rotate", "conditional_shift_x", "conditional_shift_p")


@lru_cache(maxsize=64)
def letter(name: str, size: int) -> Complex:
    lower = np.diag(np.sqrt(np.arange(1.0, size)), 1).astype(np.complex128)
    known: dict[str, Complex] = {"x": lower + lower.T, "n": np.diag(np.arange(size)).astype(np.complex128)}
    known["p"] = np.asarray(-1j * (lower - lower.T), dtype=np.complex128)
    paulis = {"X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": [[1, 0], [0, -1]]}
    if name in paulis:
        return np.array(paulis[name], dtype=np.complex128)
    return known[name] if name in known else np.diag((np.arange(size) == int(name[1:])) + 0j)


def matrix(total: Operator, sizes: tuple[int, ...]) -> Complex:
    result = np.zeros((int(np.prod(sizes)),) * 2, dtype=np.complex128)
    for word, coefficient in total.terms:
        factors = [np.eye(size, dtype=np.complex128) for size in sizes]
        for name, wire in word:
            factors[wire] = factors[wire] @ letter(name, sizes[wire])
        term: Complex = np.ones((1, 1), dtype=np.complex128)
        for factor in factors:
            term = np.asarray(np.kron(term, factor), dtype=np.complex128)
        result += float(coefficient) * term
    return result


def polynomial(rng: np.random.Generator, modes: tuple[int, ...], sizes: tuple[int, ...], degree: int) -> Complex:
    """A Hermitian polynomial of at most this degree, every monomial in it."""
    result = np.zeros((int(np.prod(sizes)),) * 2, dtype=np.complex128)
    letters = [("x", wire) for wire in modes] + [("p", wire) for wire in modes]
    for length in range(degree + 1):
        for word in product(letters, repeat=length):
            result += rng.normal() * matrix(Operator(((word, number(1.0)),)), sizes)
    return result + result.conj().T


def dim_light(rng: np.random.Generator, sizes: tuple[int, ...], most: int) -> Complex:
    """A random state of at most so many photons a mode, the qubits entangled with them."""
    shape = tuple(size if size == 2 else most + 1 for size in sizes)
    state = np.zeros(sizes, dtype=np.complex128)
    state[tuple(map(slice, shape))] = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return state.reshape(-1) / np.linalg.norm(state)


def wave(generator: Complex, observable: Complex, state: Complex) -> Callable[[float], float]:
    values, vectors = np.linalg.eigh(generator)
    start = vectors.conj().T @ state

    def at(angle: float) -> float:
        moved = vectors @ (np.exp(-1j * angle * values) * start)
        return float(np.vdot(moved, observable @ moved).real)

    return at


def slope(generator: Complex, observable: Complex, state: Complex) -> float:
    """d⟨B⟩/dθ at 0 = i⟨[G, B]⟩."""
    return float(-2 * np.vdot(generator @ state, observable @ state).imag)


def applied(rule: Rule | None, function: Callable[[float], float]) -> float:
    assert rule is not None
    return sum(float(weight) * function(float(shift)) for weight, shift in rule.terms)


def sizes_of(gate: Gate, cutoff: int) -> tuple[int, ...]:
    return tuple(2 if kind == "qubit" else cutoff for kind in gate.wires)


def generator_of(gate: Gate) -> Operator:
    assert gate.generator is not None
    return gate.generator


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("name", [*ONE_MODE, *TWO_MODES, *HYBRID])
def test_rules_by_degree(name: str, degree: int) -> None:
    """On states that are not Gaussian. Catches a frequency, a power or a sign that a rule lacks."""
    gate, rng = TABLE[name], np.random.default_rng(degree)
    sizes = sizes_of(gate, 160 if name in ONE_MODE else 90 if name in HYBRID else 26)
    modes = tuple(wire for wire, kind in enumerate(gate.wires) if kind == "qumode")
    generator, state = matrix(generator_of(gate), sizes), dim_light(rng, sizes, 2)
    observable = polynomial(rng, modes, sizes, degree)
    expected = slope(generator, observable, state)
    rule = light_rule(generator_of(gate), 1.0, degree, controlled=False)
    assert applied(rule, wave(generator, observable, state)) == pytest.approx(expected, abs=1e-9 * (1 + abs(expected)))


@pytest.mark.parametrize(
    ("name", "degree", "terms"),
    [
        ("rotate", 3, 6), ("beamsplit_real", 2, 4), ("squeeze_x", 1, 2), ("squeeze_x", 3, 6), ("shift_x", 2, 2),
        ("shift_x", 3, 4), ("quadratic_phase", 2, 2), ("cubic", 2, 2), ("cubic", 4, 4), ("controlled_x", 3, 4),
        ("two_mode_squeeze_real", 2, 4), ("conditional_rotate", 2, 4), ("conditional_shift_x", 1, 2), ("rotate", 0, 0),
    ],
)  # fmt: skip
def test_costs(name: str, degree: int, terms: int) -> None:
    """Twice the frequencies 1 … k of a turn or a stretch, k + 1 rounded down to even of a polynomial."""
    rule = light_rule(generator_of(TABLE[name]), 1.0, degree, controlled=False)
    assert rule is not None
    assert len(rule.terms) == terms


@pytest.mark.parametrize(
    ("terms", "sizes"),
    [
        (((1.0, "p0 p0"), (0.7, "x0")), (150,)),  # a drift of degree 2 in the angle: blocks of size 3
        (((1.0, "n0"), (0.5, "x0")), (150,)),  # a turn about a displaced point
        (((0.5, "n0"), (0.2, "x1 p1"), (0.2, "p1 x1")), (8, 80)),  # turning and stretching
        (((0.5, "n0"), (0.25, "x1 x1")), (8, 80)),  # turning and shearing
        (((0.4, "x0 p1"), (-0.4, "p0 x1"), (0.1, "x0 p0"), (0.1, "p0 x0"), (0.1, "x1 p1"), (0.1, "p1 x1")), (30, 30)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("degree", [1, 2])
def test_flows_of_every_kind(terms: tuple[tuple[float, str], ...], sizes: tuple[int, ...], degree: int) -> None:
    """The last spirals: its eigenvalues have both parts. Catches a Jordan block that is overlooked."""
    generator, rng, modes = operator(*terms), np.random.default_rng(7), tuple(range(len(sizes)))
    whole, state = matrix(generator, sizes), dim_light(rng, sizes, 2)
    observable = polynomial(rng, modes, sizes, degree)
    expected = slope(whole, observable, state)
    found = applied(light_rule(generator, 1.0, degree, controlled=False), wave(whole, observable, state))
    assert found == pytest.approx(expected, abs=1e-9 * (1 + abs(expected)))


@pytest.mark.parametrize("photons", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ["rotate", "kerr", "beamsplit_real", "cross_kerr", "conditional_rotate"])
def test_few_photons_give_finite_rules_for_anything_measured(name: str, photons: int) -> None:
    """Any observable on the modes and qubits. Catches a block of photons left out, or a cut that changes one."""
    gate, rng = TABLE[name], np.random.default_rng(photons)
    sizes = sizes_of(gate, 2 * photons + 3)
    state = dim_light(rng, sizes, photons).reshape(sizes)
    if gate.wires.count("qumode") == 2:
        state = state * (np.add.outer(*map(np.arange, sizes)) <= photons)
    state = state.reshape(-1) / np.linalg.norm(state)
    generator = matrix(generator_of(gate), sizes)
    observable = rng.normal(size=generator.shape) + 1j * rng.normal(size=generator.shape)
    observable = observable + observable.conj().T
    if gate.wires.count("qumode") == 2:  # the cut must not reach the blocks that hold light
        inside = np.add.outer(*map(np.arange, sizes)).reshape(-1) < sizes[0]
        observable = observable * np.outer(inside, inside)
    rule = light_rule(generator_of(gate), 0.7, None, controlled=False, photons=photons)
    function = wave(generator, observable, state)
    expected = 0.7 * slope(generator, observable, state)
    assert applied(rule, lambda angle: function(0.7 * angle)) == pytest.approx(expected, abs=1e-9)
    assert light_rule(generator_of(gate), 0.7, None, controlled=False) is None


@pytest.mark.parametrize(("name", "terms"), [("rotate", 6), ("beamsplit_real", 12), ("conditional_rotate", 12)])
def test_costs_of_three_photons(name: str, terms: int) -> None:
    """2N for a phase; eigenvalues −N … N of a beam splitter, and ±N/2 of a rotation by a qubit, differ by up to 2N."""
    rule = light_rule(generator_of(TABLE[name]), 1.0, None, controlled=False, photons=3)
    assert rule is not None
    assert len(rule.terms) == terms


def test_few_photons_and_a_low_degree_take_the_lesser_of_both() -> None:
    """Kerr: levels that differ by one photon, up to three of them, have the frequencies 1, 3, 5."""
    rule = light_rule(generator_of(TABLE["kerr"]), 1.0, 1, controlled=False, photons=3)
    assert rule is not None
    assert len(rule.terms) == 6
    rng, sizes = np.random.default_rng(3), (9,)
    generator, state = matrix(generator_of(TABLE["kerr"]), sizes), dim_light(rng, sizes, 3)
    observable = letter("x", 9) + 0.3 * letter("p", 9)
    expected = slope(generator, observable, state)
    assert applied(rule, wave(generator, observable, state)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("size", [0.7, 0.01])
@pytest.mark.parametrize("powers", [(3,), (4,), (2, 1), (1, 3), (2, 2), (1, 1, 1)], ids=str)
def test_the_longest_shift_of_a_phase_kicks_as_far_as_it_may(powers: tuple[int, ...], size: float) -> None:
    """p moves by 2s ∂G/∂x, and the vacuum's x is normal: by quadrature. Catches a moment or a power that is another."""
    word = " ".join(f"x{k}" for k, power in enumerate(powers) for _ in range(power))
    rule = light_rule(operator((size, word)), -1.3, 2, controlled=False)
    assert rule is not None
    points, weights = np.polynomial.hermite_e.hermegauss(8)

    def moment(power: int) -> float:
        return float(weights @ points ** (2 * power) / weights.sum())

    gradient = sum(
        power**2 * math.prod(moment(other - (j == k)) for j, other in enumerate(powers))
        for k, power in enumerate(powers)
    )
    longest = max(abs(float(shift)) for _, shift in rule.terms)
    assert (size * 1.3 * longest) ** 2 * gradient == pytest.approx(KICK, rel=0.1)


@pytest.mark.parametrize("scale", [1.0, -30.0, 0.02])
@pytest.mark.parametrize(
    ("terms", "longest"),
    [
        (((1.0, "n0"),), 4 * math.pi), (((0.25, "n0"), (0.5, "n1")), 8 * math.pi),
        (((0.5, "p0"),), 1.0), (((0.5, "x0"), (0.5, "p1")), math.sqrt(0.5)), (((0.25, "x0 x0"),), 1.0),
        (((0.25, "x0 p0"), (0.25, "p0 x0")), math.asinh(0.5)), (((0.5, "x0 p1"),), math.sqrt(0.5)),
    ],
)  # fmt: skip
def test_the_longest_shift_of_a_gaussian_gate_adds_as_little_light_as_it_may(
    terms: tuple[tuple[float, str], ...], longest: float, scale: float
) -> None:
    """By closed forms: two turns of what adds none, |d|²/4 of a displacement, sinh² of a stretch, θ²/4 of a shear."""
    flow = gaussian_flow(operator(*terms), scale)
    assert flow is not None
    assert flow.reach * abs(scale) == pytest.approx(longest, rel=0.05)


SPIRAL = ((0.4, "x0 p1"), (-0.4, "p0 x1"), (0.1, "x0 p0"), (0.1, "p0 x0"), (0.1, "x1 p1"), (0.1, "p1 x1"))


@pytest.mark.parametrize(
    ("terms", "modes"),
    [
        (((1 / 3, "n0"),), {0: 0, 1j / 3: 0, -1j / 3: 0}),
        (((0.75, "n0"), (0.75, "n1")), {0: 0, 0.75j: 0, -0.75j: 0}),
        (((1.0, "n0"), (1.04, "n1")), {0: 0, 1j: 0, -1j: 0, 1.04j: 0, -1.04j: 0}),  # near, but no Jordan block
        (((1.0, "p0 p0"), (0.7, "x0")), {0: 2}), (((0.5, "x0"),), {0: 1}), (((0.5, "x0 p1"),), {0: 1}),
        (((0.25, "x0 p0"), (0.25, "p0 x0")), {0: 0, 1: 0, -1: 0}),
        (((0.5, "n0"), (0.25, "x1 x1")), {0: 1, 0.5j: 0, -0.5j: 0}),
        (SPIRAL, {0: 0, 0.4 + 0.8j: 0, 0.4 - 0.8j: 0, -0.4 + 0.8j: 0, -0.4 - 0.8j: 0}),
    ],
)  # fmt: skip
def test_modes_of_flows(terms: tuple[tuple[float, str], ...], modes: dict[complex, int]) -> None:
    """Would catch a block that is none, rounding left in an eigenvalue, and modes that the numbers of wires change."""
    for first in (0, 3):
        flow = gaussian_flow(operator(*terms).on({0: first, 1: first + 2}), 1.0)
        assert flow is not None
        assert flow.modes == modes


def test_turns_that_are_nearly_alike_have_no_rule() -> None:
    """Would catch eigenvalues that are taken for one, though they differ by more than rounding."""
    assert gaussian_flow(operator((1.0, "n0"), (1.00001, "n1")), 1.0) is None


@pytest.mark.parametrize(
    ("name", "degree", "terms"),
    [("rotate", 64, 128), ("squeeze_x", 32, 64), ("shift_x", 64, 64), ("quadratic_phase", 64, 64), ("cubic", 64, 64)],
)
def test_degrees_as_far_as_there_are_rules(name: str, degree: int, terms: int) -> None:
    """Would catch a limit on frequencies, functions or degrees that is met one too early or too late."""
    last, beyond = (light_rule(generator_of(TABLE[name]), 1.0, k, controlled=False) for k in (degree, degree + 1))
    assert last is not None
    assert len(last.terms) == terms
    assert beyond is None


def test_photons_as_far_as_there_are_rules() -> None:
    """Would catch a limit on frequencies, or on states, that is met one too early or too late."""
    last, beyond = (light_rule(generator_of(TABLE["rotate"]), 1.0, None, controlled=False, photons=k) for k in (64, 65))
    assert last is not None
    assert len(last.terms) == 128
    assert beyond is None
    for qubits, known in ((9, True), (10, False)):
        word = " ".join(f"Z{k}" for k in range(qubits))
        rule = light_rule(operator((1.0, f"{word} n{qubits}")), 1.0, None, controlled=False, photons=0)
        assert (rule is not None) == known


def test_controls_that_are_measured_add_a_level() -> None:
    """n + 1/4 is nowhere 0, as it is where the control is off. Catches the eigenvalue that is forgotten there."""
    generator, rng, sizes = operator((1.0, "n0"), (0.25, "")), np.random.default_rng(4), (2, 5)
    whole: Complex = np.kron(np.diag([0, 1]), matrix(generator, (5,))).astype(np.complex128)
    observable = rng.normal(size=whole.shape) + 1j * rng.normal(size=whole.shape)
    observable, state = observable + observable.conj().T, dim_light(rng, sizes, 1)
    rule = light_rule(generator, 1.0, None, controlled=True, photons=1)
    assert rule is not None
    assert len(rule.terms) == 6  # by 1/4, 1 and 5/4
    expected = slope(whole, observable, state)
    assert applied(rule, wave(whole, observable, state)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("controlled", [False, True])
@pytest.mark.parametrize(("family", "terms"), [("snap", 2), ("sqr_x", 4)])
def test_gates_on_one_level(family: str, terms: int, controlled: bool) -> None:
    """Frequencies {1} and {1/2, 1}, whatever is measured. Catches a lost eigenvalue 0 of the other levels."""
    gate, rng = LEVELLED[family](2), np.random.default_rng(5)
    sizes = (*((2,) if controlled else ()), *sizes_of(gate, 7))
    inner = matrix(generator_of(gate), sizes_of(gate, 7))
    generator: Complex = np.kron(np.diag([0, 1]), inner).astype(np.complex128) if controlled else inner
    state = dim_light(rng, sizes, 6)
    observable = rng.normal(size=generator.shape) + 1j * rng.normal(size=generator.shape)
    observable = observable + observable.conj().T
    rule = light_rule(generator_of(gate), 1.0, None, controlled)
    assert rule is not None
    assert len(rule.terms) == terms
    expected = slope(generator, observable, state)
    assert applied(rule, wave(generator, observable, state)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    "generator",
    [
        operator((1.0, "n0 n0")), operator((1.0, "n0 n1")), operator((1.0, "X0 x1"), (1.0, "Y0 p1")),
        operator((1.0, "x0 x0 x0"), (1.0, "p0")), operator((1.0, "Z0 n1 n1")),
    ],
)  # fmt: skip
def test_generators_that_have_no_finite_rule(generator: Operator) -> None:
    """Catches generosity: Kerr phases, exchange of photons with a qubit, phases in quadratures that do not commute."""
    assert light_rule(generator, 1.0, 2, controlled=False) is None


@pytest.mark.parametrize("name", HYBRID)
def test_what_acts_on_the_qubit_has_no_finite_rule(name: str) -> None:
    assert light_rule(generator_of(TABLE[name]), 1.0, None, controlled=False) is None


def test_controls_that_are_not_measured_change_nothing() -> None:
    plain, ruled = (light_rule(generator_of(TABLE["rotate"]), 1.0, 2, controlled) for controlled in (False, True))
    assert plain == ruled


def test_degrees_out_of_reach_are_refused_in_time() -> None:
    """A degree may double at every cubic phase. Catches a system of equations of that size."""
    for name in (*ONE_MODE, *TWO_MODES):
        assert light_rule(generator_of(TABLE[name]), 1.0, 2**20, controlled=False) is None


def test_declared_generators_have_the_rules_of_their_own() -> None:
    """Two rates, 1 and √2, and no step that both are multiples of."""
    module = parse("gate g(t) a, b generator n[a] + sqrt(2)*n[b]; qumode m[2]; return expect(x[0]);")
    assert isinstance(module, Program)
    generator, sizes = generator_of(module.definitions[0].gate), (8, 8)
    rng = np.random.default_rng(2)
    whole, state, observable = matrix(generator, sizes), dim_light(rng, sizes, 3), polynomial(rng, (0, 1), sizes, 2)
    expected = slope(whole, observable, state)
    found = applied(light_rule(generator, 1.0, 2, controlled=False), wave(whole, observable, state))
    assert found == pytest.approx(expected, abs=1e-8)

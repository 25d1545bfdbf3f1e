"""Shift rules against published coefficients and against the functions they must differentiate exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.gates import TABLE, pauli_rotation
from qcompile.operator import Operator, operator
from qcompile.passes.differentiate.shift import rules
from qcompile.passes.differentiate.shift.rules import Rule
from qcompile.passes.differentiate.shift.selection import shift_rule

# Wierichs et al. 2022 (arXiv:2107.12390): the positive shifts and their coefficients
PUBLISHED = [
    ((1.0,), {math.pi / 2: 0.5}),
    ((1.0, 2.0), {math.pi / 4: 0.8535533906, 3 * math.pi / 4: -0.1464466094}),
    ((0.5, 1.0), {math.pi / 2: 0.4267766953, 3 * math.pi / 2: -0.0732233047}),
    ((1.0, 2.0, 3.0), {math.pi / 6: 1.2440169359, math.pi / 2: -0.1666666667, 5 * math.pi / 6: 0.0893163975}),
]
EVALUATIONS = {
    "rx": 2, "p": 2, "cp": 2, "rxx": 2, "crx": 4, "cry": 4, "crz": 4, "single_excitation": 4,
    "double_excitation": 4, "orbital_rotation": 8, "gphase": 0,
}  # fmt: skip


def trigonometric(rates: tuple[float, ...]) -> Rule:
    found = rules.trigonometric(rates)
    assert found is not None
    return found


@pytest.mark.parametrize(("rates", "expected"), PUBLISHED)
def test_equidistant_rules_are_the_published_ones(rates: tuple[float, ...], expected: dict[float, float]) -> None:
    terms = {float(shift): float(weight) for weight, shift in trigonometric(rates).terms}
    assert len(terms) == 2 * len(rates)
    for shift, weight in expected.items():
        found = min(terms, key=lambda s: abs(s - shift))
        assert found == pytest.approx(shift, abs=1e-12)
        assert terms[found] == pytest.approx(weight, abs=1e-10)
        assert terms[-found] == -terms[found]


@pytest.mark.parametrize("rates", [(1.0, 4.0, 5.0), (1.0, 5.0, 6.0), (0.7, 1.9), (math.sqrt(2),), (1.0, 2.0, 3.0, 4.0)])
def test_every_frequency_is_differentiated_exactly(rates: tuple[float, ...]) -> None:
    """Gapped spectra too: a released library returns wrong weights for (1, 4, 5) and (1, 5, 6)."""
    for rate in rates:
        weights, shifts = _arrays(trigonometric(rates))
        assert weights @ np.sin(rate * shifts + 0.3) == pytest.approx(rate * math.cos(0.3), abs=1e-11)


@pytest.mark.parametrize(("name", "count"), EVALUATIONS.items())
def test_evaluations_per_parameter(name: str, count: int) -> None:
    """The rule's size follows from the spectrum: a wrong generator or a lost degeneracy changes it."""
    assert len(_rule(TABLE[name].generator, 0).terms) == count


def test_wide_pauli_words_need_no_matrix() -> None:
    assert len(_rule(pauli_rotation("XYZ" * 20).generator, 0).terms) == 2


@pytest.mark.parametrize("name", ["kerr", "cross_kerr"])
def test_kerr_gates_have_no_finite_rule(name: str) -> None:
    generator = TABLE[name].generator
    assert generator is not None
    assert shift_rule(generator, 1.0, 1) is None


def test_a_scale_rescales_frequencies() -> None:
    rule = shift_rule(operator((0.5, "X0")), 2.0, 0)
    assert rule is not None
    weights, shifts = _arrays(rule)
    assert weights @ np.sin(2 * shifts) == pytest.approx(2.0)


def test_no_degree_means_no_photonic_rule_but_qubits_do_not_care() -> None:
    rotate, rx = TABLE["rotate"].generator, TABLE["rx"].generator
    assert rotate is not None
    assert rx is not None
    assert shift_rule(rotate, 1.0, None) is None
    assert shift_rule(rx, 1.0, None) == trigonometric((1.0,))


def _rule(generator: Operator | None, degree: int) -> Rule:
    assert generator is not None
    rule = shift_rule(generator, 1.0, degree)
    assert rule is not None
    return rule


def _arrays(rule: Rule) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([float(weight) for weight, _ in rule.terms]), np.array([float(shift) for _, shift in rule.terms])


def test_shifts_of_rational_frequencies_are_exact_multiples_of_pi() -> None:
    """So that rows of different orders come out equal and merge."""
    assert all(not shift.constant.plain for _, shift in trigonometric((0.5, 1.0)).terms)


def test_spectra_that_no_rule_covers() -> None:
    """Would catch an AssertionError, a minute of eigenvalues, or weights that blow noise up a million times."""
    wide = operator(*((1.0 + 0.1 * k, f"X{k} Z{k + 1}") for k in range(12)))
    many = operator(*((0.1 * math.sqrt(2 * k + 3), f"Z{k}") for k in range(8)))
    for generator in (wide, many):
        assert shift_rule(generator, 1.0, 0) is None


def test_a_generators_own_frequencies_are_kept_to_the_digit() -> None:
    """Would catch frequencies rounded for comparison and then used."""
    generator = operator((math.sqrt(2) / 3, "X0"), (math.pi / 7, "Z1"))
    found = shift_rule(generator, 1.0, 0)
    assert found is not None
    weights, shifts = _arrays(found)
    for rate in (2 * math.sqrt(2) / 3, 2 * math.pi / 7, 2 * math.sqrt(2) / 3 + 2 * math.pi / 7):
        assert weights @ np.sin(rate * shifts + 0.3) == pytest.approx(rate * math.cos(0.3), abs=1e-12)


def test_light_that_drifts_beside_turning_is_no_sum_of_waves() -> None:
    """Would catch a trigonometric rule for a quadrature that grows with the angle itself: x of the second mode here."""
    drifting, turning = operator((1.0, "n0"), (0.3, "p1")), operator((1.0, "n0"), (0.3, "p0"))
    for generator in (drifting, turning):  # the second is a rotation about a displaced centre
        weights, shifts = _arrays(_rule(generator, 1))
        assert weights @ np.sin(shifts + 0.3) == pytest.approx(math.cos(0.3), abs=1e-11)
        assert weights.sum() == pytest.approx(0, abs=1e-11)
    weights, shifts = _arrays(_rule(drifting, 1))
    assert weights @ shifts == pytest.approx(1, abs=1e-11)

"""Rotosolve goes to the lowest point along a coordinate, which a fine grid finds too."""

from collections.abc import Iterator, Mapping
from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from random_programs import gaussian_programs, qubit_programs, values_for
from trained_programs import program_of

import qcompile as qc
from qcompile.angle import Element
from qcompile.learn.waves import Waves, basis
from qcompile.passes.differentiate import wanted_elements
from qcompile.passes.differentiate.spectrum import Spectra, Spectrum

Vector = NDArray[np.float64]


def along(program: qc.Program, at: Mapping[str, ArrayLike], element: Element, steps: Vector) -> Vector:
    """The value at these steps along the element."""
    values = {name: np.repeat(np.asarray(value, dtype=float)[np.newaxis], len(steps), 0) for name, value in at.items()}
    if element.index is None:
        values[element.name] += steps
    else:
        values[element.name][:, element.index] += steps
    return np.asarray(qc.simulate(program)(**values))


GRID = np.linspace(0, 4 * pi, 2881)[:-1]
TEXTS = {
    "one frequency": "qubit q; param a; rx(a) q; return expect(0.6*Z[0] + 0.8*Y[0]);",
    "scaled": "qubit q; param a; rx(-2*a + 0.3) q; return expect(0.6*Z[0] + 0.8*Y[0]);",
    "uneven": "qubit q; param a; rx(2*a) q; ry(3*a) q; return expect(Z[0] + 0.1*X[0]);",  # of which 1 is a difference
    "shared": """qubit q[3]; param a; ry(a) q[0]; cx q[0], q[1]; rx(a) q[1]; rzz(0.4) q[1], q[2]; ry(2*a) q[2];
        cx q[2], q[0]; rx(a + 0.2) q[0]; return expect(Z[0] X[1] + 0.7*Y[2] - 0.4*Z[0]);""",
    "commuting": """qubit q[3]; param a; for i in 0:3 { h q[i]; } rzz(a) q[0], q[1]; rzz(a) q[1], q[2];
        rzz(-a) q[0], q[2]; for i in 0:3 { rx(0.7) q[i]; } return expect(Z[0] Z[1] + 0.3*Y[2]);""",
    "controlled": """qubit q[2]; param a; h q[0]; ctrl @ rx(a) q[0], q[1]; ry(a) q[0];
        return expect(X[0] Z[1] + 0.5*Z[0]);""",
    "excitation": """qubit q[4]; param a; x q[0]; x q[1]; ry(0.3) q[2]; double_excitation(a) q[0], q[1], q[2], q[3];
        ry(a) q[1]; return expect(Z[1] + 0.4*X[2] Z[3]);""",
    "measured": """qubit q[2]; bit c; param a; ry(a) q[0]; c = measure q[0]; if (c) { rx(a) q[1]; } ry(0.5) q[1];
        return expect(Z[1] + 0.3*X[1]);""",
    "noisy": "qubit q; param a; ry(a) q; depolarizing(0.1) q; rx(a) q; return expect(Z[0] + 0.3*Y[0]);",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_one_step_is_the_lowest_point_of_a_grid(text: str) -> None:
    """Would catch a frequency that is left out, of shared, scaled, controlled and conditional angles."""
    program = program_of(text)
    result = qc.train(program, 2, "rotosolve", initial={"a": 0.37}, tolerance=0.0)
    reached = qc.simulate(program)(a=moved_once(program, 0.37))
    lowest = along(program, {"a": 0.0}, Element("a"), GRID).min()
    assert reached <= lowest + 1e-9
    assert reached == pytest.approx(lowest, abs=1e-4)
    assert result.value <= lowest + 1e-9


def moved_once(program: qc.Program, at: float) -> float:
    """Where one step of it leads from there."""
    (element,) = wanted_elements(program, None)
    waves = Waves.of(Spectra(program, (element,)).of(element).frequencies)
    return at + waves.lowest(waves.fitted(along(program, {"a": at}, element, waves.nodes)))


def spectrum_of(spectra: Spectra, element: Element) -> Spectrum | None:
    """None where it is refused as having none."""
    try:
        return spectra.of(element)
    except qc.CompileError as fault:
        if fault.diagnostics[0].code is not qc.Code.NO_RULE:
            raise
        return None


def missed(program: qc.Program, seed: int, spread: float, reach: float) -> Iterator[tuple[float, float]]:
    """By entry that has a spectrum, how far values along it are from the nearest such sum, and how large."""
    rng = np.random.default_rng(seed)
    elements = wanted_elements(program, None)
    spectra = Spectra(program, elements)
    for element in elements:
        spectrum = spectrum_of(spectra, element)
        if spectrum is None:
            continue
        steps = rng.uniform(-reach, reach, 2 * len(spectrum.frequencies) + spectrum.degree + 12)
        values = along(program, values_for(program, seed, spread), element, steps)
        table = np.hstack([basis(spectrum.frequencies, steps), np.vander(steps, spectrum.degree + 1)[:, :-1]])
        yield np.abs(values - table @ np.linalg.lstsq(table, values)[0]).max(), np.abs(values).max()


@given(qubit_programs(max_wires=3, affine=True), st.integers(0, 2**16))
def test_spectra_hold_whole_functions(program: qc.Program, seed: int) -> None:
    """Would catch a frequency too few, in any gate of the table and any mix of them: the fit would miss the values."""
    assert all(distance < 1e-8 for distance, _ in missed(program, seed, 1.0, 3))


@given(gaussian_programs(), st.integers(0, 2**16))
def test_spectra_of_light_hold_whole_functions(program: qc.Program, seed: int) -> None:
    """Would catch a degree or a frequency too low, of Gaussian gates in any order."""
    assert all(distance < 1e-8 * max(1.0, size) for distance, size in missed(program, seed, 0.3, 1))


@pytest.mark.parametrize(
    "rates",
    [(1.0,), (1.0, 2.0), (0.5, 1.0, 1.5), (1.0, 3.0), (0.5, 4.0, 4.5), (1.0, 2**0.5), (0.3, 1.0, pi), (1.0, 7.0, 11.0)],
    ids=str,
)
@pytest.mark.parametrize("seed", range(4))
def test_sums_are_fitted_and_their_lowest_point_is_found(rates: tuple[float, ...], seed: int) -> None:
    """Would catch nodes that do not tell the waves apart, and a dip between the points of the grid that is missed."""
    waves = Waves.of(rates)
    coefficients = np.random.default_rng(seed).normal(size=2 * len(rates) + 1)
    assert 0.0 in waves.nodes  # so that where a step led to is evaluated in the next
    fitted = waves.fitted(basis(rates, waves.nodes) @ coefficients)
    np.testing.assert_allclose(fitted, coefficients, atol=1e-9)
    grid = waves.window * (np.arange(200_001) / 200_000 - 0.5)
    heights = basis(rates, grid) @ coefficients
    found = waves.lowest(coefficients)
    depth = float((basis(rates, np.array([found])) @ coefficients)[0])
    assert depth <= heights.min() + 1e-12
    assert abs(found) <= waves.window / 2 + 1e-9


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("qubit q; param a; rx(a) q; return expect(Z[0]);", {"a": Spectrum((1.0,))}),
        ("qubit q[2]; param a; rx(a) q[0]; rx(a) q[1]; return expect(Z[0] Z[1]);", {"a": Spectrum((2.0,))}),
        ("qubit q[2]; param a; rx(a) q[0]; rx(a) q[1]; return expect(Z[0] + Z[1]);", {"a": Spectrum((1.0,))}),
        ("qubit q[2]; param a; rx(a) q[0]; return expect(Z[1]);", {"a": Spectrum()}),
        ("qubit q; param a; rx(a) q; ry(a) q; return expect(Z[0]);", {"a": Spectrum((1.0, 2.0))}),
        (
            "qumode m; param r; param f; displace(r, 0) m; rotate(f) m; return expect(n[0] + x[0]);",
            {"r": Spectrum((), 2), "f": Spectrum((1.0,))},
        ),
        ("qumode m; param g; quadratic_phase(g) m; return expect(p[0] p[0]);", {"g": Spectrum((), 2)}),
    ],
)
def test_spectra_are_no_greater_than_they_have_to_be(text: str, found: dict[str, Spectrum]) -> None:
    """Would catch frequencies that nothing sees, which cost evaluations."""
    program = program_of(text)
    elements = wanted_elements(program, None)
    assert {str(element): Spectra(program, elements).of(element) for element in elements} == found


def test_polynomials_of_light_have_their_lowest_point() -> None:
    """Would catch a degree too low, or a root of the slope that is a maximum: the value is (a + 0.3)² + 0.2 a here."""
    light = program_of("qumode m; param a; displace(0.3, 0) m; displace(a, 0) m; return expect(n[0] + 0.1*x[0]);")
    result = qc.train(light, 4, "rotosolve", initial={"a": 2.0})
    assert result.parameters["a"] == pytest.approx(-0.4, abs=1e-9)
    assert result.stopped == "finished"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("qubit q; param a; rx(a**2) q; return expect(Z[0]);", "no affine function"),
        ("qubit q; param a; input x; rx(a*x) q; return expect(Z[0]);", "no affine function"),
        ("qubit q; param a; rx(a) q; return expect(a*Z[0]);", "the observable depends on it"),
        ("qumode m; param a; squeeze(a, 0) m; return expect(n[0]);", "no finite spectrum"),
        ("qumode m; param a; displace(0.1, 0) m; kerr(a) m; return expect(x[0]);", "no finite spectrum"),
        ("qubit q; param a; amplitude_damping(a) q; return expect(Z[0]);", "no angle of a constant generator"),
        ("qumode m; param a; displace(a, 0) m; return expect(x[0]);", "falls without end"),
        (
            "qubit q[2]; bit c; param a; ry(a) q[0]; c = measure q[0]; postselect(c == 0); return expect(Z[1] + Z[0]);",
            "post-selection",
        ),
    ],
)
def test_what_has_no_finite_spectrum_is_refused(text: str, why: str) -> None:
    """Would catch a minimum that is none."""
    program = program_of(text)
    inputs = {"x": 0.3} if "input" in text else {}
    with pytest.raises(qc.CompileError, match=why) as fault:
        qc.train(program, 5, "rotosolve", inputs=inputs)
    assert fault.value.diagnostics[0].code is qc.Code.NO_RULE


def test_shared_parameters_are_minimised_together() -> None:
    """Would catch a shared angle taken for one frequency: the value is cos²a, and the first step must reach 0."""
    program = program_of("qubit q; param a; rx(a) q; rx(a) q; return expect(0.5 + 0.5*Z[0]);")
    result = qc.train(program, 10, "rotosolve", initial={"a": 0.2})
    assert result.value == pytest.approx(0.0, abs=1e-12)
    assert result.steps == 2  # one to go there, one to see that nothing moves


def test_no_influence_is_an_error() -> None:
    """Would catch a loop without a step."""
    with pytest.raises(qc.CompileError) as fault:
        qc.train(program_of("qubit q[2]; param a; rx(a) q[1]; return expect(Z[0]);"), 5, "rotosolve")
    assert fault.value.diagnostics[0].code is qc.Code.NOT_DIFFERENTIABLE

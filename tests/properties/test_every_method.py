"""Random programs of every family: all methods that claim exactness agree, with each other and with differences."""

from __future__ import annotations

from dataclasses import replace

from every_method import Slopes, derivatives, differences, error, is_exact, program_of, slopes_of
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from trained_texts import NAMES, fock_texts, gaussian_texts, hybrid_texts, measured_texts, qubit_texts

from qcompile.angle import number
from qcompile.diagnostics import Code, CompileError
from qcompile.ir import Adjoint, Expectation, Observable, Program, Shifted
from qcompile.operator import Operator
from qcompile.targets.simulator import Options, run

Values = dict[str, float]
ALL_RUNS = Expectation(Observable(Operator((((), number(1.0)),))), None, unnormalised=True)
EXACT, NUMERIC = 1e-8, 1e-7
NEAR = {"finite-differences": 1e-4}
LEAST_KEPT = 0.05
MOST_LOST = 1e-10
CUTOFF = 24


def values(scale: float = 1.0) -> st.SearchStrategy[Values]:
    return st.fixed_dictionaries({name: st.integers(-150, 150).map(lambda k: scale * k / 100) for name in NAMES})


def check(text: str, at: Values, options: Options) -> None:
    """Every exact method is right to 1e-8, every other that isn't random to 1e-4; some method is exact."""
    note(text)
    program = program_of(text)
    numeric = differences(program, at, options)
    made_by = {method: made for method, made in derivatives(program).items() if is_exact(made) or method in NEAR}
    found = {method: (made, *result) for method, made in made_by.items() if (result := claimed(made, at, options))}
    assume(all(leakage < MOST_LOST for _, _, leakage in found.values()))
    exact = {method: slopes for method, (made, slopes, _) in found.items() if is_exact(made)}
    assert exact, "no method has an exact derivative"
    first = next(iter(exact.values()))
    for method, slopes in exact.items():
        assert error(slopes, first) < EXACT, f"{method}: {slopes}, others: {first}"
        assert error(slopes, numeric) < NUMERIC, f"{method}: {slopes}, by differences: {numeric}"
    for method in found.keys() - exact:
        assert error(found[method][1], numeric) < NEAR[method], f"{method}: {found[method][1]}, by others: {numeric}"


def claimed(derivative: Shifted | Adjoint, at: Values, options: Options) -> tuple[Slopes, float] | None:
    """None where the method finds out on the way that it does not apply."""
    try:
        return slopes_of(derivative, at, options)
    except CompileError as refusal:
        if any(diagnostic.code is not Code.METHOD for diagnostic in refusal.diagnostics):
            raise
    return None


def kept(program: Program, at: Values) -> float:
    """The probability that post-selection keeps a run."""
    return float(run(replace(program, outputs=(ALL_RUNS,)), at, Options())[0][0])


@given(qubit_texts(), values())
def test_qubits(text: str, at: Values) -> None:
    """Would catch a frequency not seen, a shared angle counted once, a sign lost under controls or inverses."""
    check(text, at, Options())


@given(measured_texts(noisy=False, selects=False), values())
def test_measurement_and_feed_forward(text: str, at: Values) -> None:
    """Would catch what only a condition sees, a reset that keeps a word, a turn of a loop left out."""
    check(text, at, Options())


@given(measured_texts(noisy=True, selects=False), values())
def test_noise(text: str, at: Values) -> None:
    """Would catch a strength shifted as an angle, a channel commuted through, the chain rule of a strength."""
    check(text, at, Options())


@given(measured_texts(noisy=True, selects=True), values())
def test_post_selection(text: str, at: Values) -> None:
    """Would catch a share that is not differentiated."""
    assume(kept(program_of(text), at) > LEAST_KEPT)
    check(text, at, Options())


@given(gaussian_texts(), values())
def test_gaussian_light(text: str, at: Values) -> None:
    """Would catch a degree too low, a family of rules for another, a loss that keeps the noise."""
    check(text, at, Options())


@settings(max_examples=settings().max_examples // 2)
@given(fock_texts(), values())
def test_light_that_is_not_gaussian(text: str, at: Values) -> None:
    """Would catch a degree that a cubic phase raises; programs that the cut Fock space does not hold are left out."""
    check(text, at, Options(cutoff=CUTOFF, engine="tensor"))


@settings(max_examples=settings().max_examples // 2)
@given(hybrid_texts(), values())
def test_qubits_and_light(text: str, at: Values) -> None:
    """Would catch a finite rule where there is none, and a qubit's frequencies for a mode's."""
    check(text, at, Options(cutoff=CUTOFF, engine="tensor"))

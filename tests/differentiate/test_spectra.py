"""Frequencies: those that outputs show are predicted, and rules differentiate every one of them, at the least cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from dense import PAULI, Matrix
from every_method import differences, error, program_of, slopes_of
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import QUBIT_GATES
from trained_texts import OWN, applied, pauli_words

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.ir import Shifted
from qcompile.operator import Operator, operator
from qcompile.passes.differentiate import differentiate
from qcompile.passes.differentiate.lift import lift
from qcompile.passes.differentiate.shift import rules, spectra
from qcompile.passes.differentiate.shift.analysis import Analysis
from qcompile.passes.differentiate.shift.rules import Rule
from qcompile.passes.differentiate.shift.selection import union
from qcompile.passes.differentiate.shift.spectra import joint_frequencies, pauli_frequencies, visible_frequencies
from qcompile.passes.differentiate.sight.visibility import Sight
from qcompile.passes.differentiate.sight.words import Word, anticommute
from qcompile.targets.simulator import Options, run

WIRES = 3
GAPPED = [(1.0, 4.0, 5.0), (1.0, 5.0, 6.0), (1.0, 3.0), (4.0, 8.0, 12.0, 24.0), (0.5, 1.5, 2.0), (1.0, 2.0, 5.0, 7.0)]
UNEVEN = [(0.7, 1.9), (1.0, math.sqrt(2)), (math.sqrt(2), math.sqrt(3), math.pi), (1 / 3, 1.0, 7 / 3)]


def rule(rates: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64], Rule]:
    """Weights, shifts, and the rule that has them."""
    found = rules.trigonometric(tuple(rates))
    assert found is not None
    weights, shifts = ([float(term[k]) for term in found.terms] for k in range(2))
    return np.array(weights), np.array(shifts), found


@pytest.mark.parametrize("rates", GAPPED + UNEVEN, ids=str)
@pytest.mark.parametrize("phase", [0.0, 0.3, math.pi / 2, 2.0])
def test_gapped_rules_are_exact_and_small(rates: tuple[float, ...], phase: float) -> None:
    """Would catch wrong weights, which a released library has for (1, 4, 5), and more shifts than 2 a frequency."""
    weights, shifts, found = rule(rates)
    for rate in rates:
        assert weights @ np.sin(rate * shifts + phase) == pytest.approx(rate * math.cos(phase), abs=1e-10)
    assert weights.sum() == pytest.approx(0, abs=1e-12)
    assert len(weights) == 2 * len(rates)
    assert found.least is not None
    assert found.least <= len(weights)


@pytest.mark.parametrize("rates", GAPPED + UNEVEN, ids=str)
def test_gapped_rules_cost_shots_as_little_as_can_be(rates: tuple[float, ...]) -> None:
    """Would catch a solution with greater weights: no Σ|c| is below the greatest frequency, by sin Ωθ itself.

    It is met where the extremes of that wave are among the shifts tried.
    """
    weights, *_ = rule(rates)
    assert max(rates) - 1e-12 <= np.abs(weights).sum() <= 1.001 * max(rates)


@pytest.mark.parametrize(
    "rates",
    [(1.0, 4.0, 5.0), (1.0, 5.0, 6.0), (1.0, 3.0), (1.0, 7.0), (2.0, 5.0, 9.0), (0.5, 3.5), (3.0, 7.0, 8.0)],
    ids=str,
)
def test_the_optimum_is_met(rates: tuple[float, ...]) -> None:
    """Would catch a rule that is nearly the best."""
    weights, *_ = rule(rates)
    assert np.abs(weights).sum() == pytest.approx(max(rates), rel=1e-9)


@pytest.mark.parametrize("rates", [(1.0, 4.0, 5.0), (1.0, 5.0, 6.0), (1.0, 3.0), (1.0, 10.0)], ids=str)
def test_shifts_of_gapped_rules_read_well(rates: tuple[float, ...]) -> None:
    """Would catch a grid that is not of simple fractions of a turn."""
    _, shifts, _ = rule(rates)
    assert 240 * shifts / math.pi == pytest.approx(np.round(240 * shifts / math.pi), abs=1e-9)


@pytest.mark.parametrize("rates", [(1.0, 2.0, 3.0), (0.5, 1.0), (1.0, 4.0, 5.0)], ids=str)
def test_the_period_is_a_period(rates: tuple[float, ...]) -> None:
    """Would catch rows taken as equal that are not, and settings that differ by less than half of it."""
    _, _, found = rule(rates)
    assert found.period
    turns = np.array(rates) * float(found.period) / 2
    assert turns == pytest.approx(np.round(turns))
    assert np.gcd.reduce(np.round(turns).astype(int)) == 1


def matrix(word: Word) -> Matrix:
    total: Matrix = np.eye(1, dtype=complex)
    for wire in range(WIRES):
        letter = {(1, 0): "X", (1, 1): "Y", (0, 1): "Z"}.get((word[0] >> wire & 1, word[1] >> wire & 1))
        factor: Matrix = np.eye(2, dtype=complex) if letter is None else np.array(PAULI[letter], dtype=complex)
        total = np.kron(total, factor).astype(complex)
    return total


def _words() -> st.SearchStrategy[Word]:
    return st.tuples(st.integers(0, 2**WIRES - 1), st.integers(0, 2**WIRES - 1)).filter(lambda word: word != (0, 0))


@st.composite
def commuting_sums(draw: st.DrawFn) -> list[tuple[Word, float]]:
    """Different words that commute, some products of others, with coefficients that make equal sums likely."""
    kept: list[Word] = []
    for word in draw(st.lists(_words(), min_size=1, max_size=8, unique=True)):
        kept += [] if any(anticommute(word, other) for other in kept) else [word]
    return [(word, draw(st.sampled_from([0.5, 1.0, -0.5, 0.25, -1.5]))) for word in kept]


@given(commuting_sums(), st.lists(_words(), min_size=1, max_size=3))
def test_visible_frequencies_are_those_of_the_matrices(words: list[tuple[Word, float]], observed: list[Word]) -> None:
    """Would catch a lost sign of a product of words, a frequency too many, one too few: by diagonalisation."""
    generator = sum(coefficient * matrix(word) for word, coefficient in words)
    values, vectors = np.linalg.eigh(generator)
    shown: set[float] = set()
    for word in observed:
        inside = vectors.conj().T @ matrix(word) @ vectors
        gaps = values[:, None] - values[None, :]
        blocks = {
            (round(a, 6), round(b, 6))
            for a, b in zip(*(values[k] for k in np.nonzero(abs(inside) > 1e-9)), strict=True)
        }
        assert gaps.shape == inside.shape
        shown |= {round(abs(a - b), 6) for a, b in blocks}
    found = visible_frequencies(words, observed)
    assert found is not None
    assert sorted(shown - {0.0}) == pytest.approx(list(found), abs=1e-5)


# YXY is a product of three of the others, whose letters overlap: its sign is that of no two of them
OVERLAPPING = [((0, 0b011), 0.5), ((0, 0b110), 1.0), ((0b111, 0), 0.25), ((0b111, 0b101), -1.5)]


# two relations: XZ, ZY and YX, one Y in each of the latter, and XZI, IIZ and XZZ, which has none
TWO_RELATIONS = [
    ((0b001, 0b010), 0.5), ((0b010, 0b011), 1.0), ((0b011, 0b001), 0.3), ((0, 0b100), -1.7), ((0b001, 0b110), 0.77),
]  # fmt: skip


# IXY is a product of the other three, two of which have a Z on one wire
TWICE_Z = [((0b100, 0b010), 0.5), ((0b010, 0b111), 1.0), ((0b110, 0b100), 0.25), ((0, 0b001), -1.5)]


@example(OVERLAPPING)
@example(TWO_RELATIONS)
@example(TWICE_Z)
@given(commuting_sums())
def test_joint_frequencies_are_differences_of_eigenvalues(words: list[tuple[Word, float]]) -> None:
    """Would catch the same, whatever is measured."""
    values = np.linalg.eigvalsh(sum(coefficient * matrix(word) for word, coefficient in words))
    expected = {round(float(gap), 6) for gap in np.abs(values[:, None] - values[None, :]).ravel()} - {0.0}
    found = joint_frequencies(words)
    assert found is not None
    assert sorted(expected) == pytest.approx(list(found), abs=1e-5)


def powers_of_two(count: int, *more: float) -> list[tuple[Word, float]]:
    """Words on one wire each, whose sums with all signs lie evenly."""
    return [((0, 1 << k), c) for k, c in enumerate((*(2.0**k / 2 for k in range(count)), *more))]


def test_as_many_frequencies_as_are_shifted_by() -> None:
    """Would catch a limit that is met one too early or too late, or by another count where words are seen."""
    most = powers_of_two(6, 0.5)  # from -32 to 32 in steps of 1
    for found in (joint_frequencies(most), pauli_frequencies(of_z(most))):
        assert found == tuple(range(1, spectra.MOST_FREQUENCIES + 1))
    for more in (powers_of_two(6, 1.0), powers_of_two(0, 0.5, 0.7, 1.1, 1.9, 3.3), powers_of_two(7)):
        assert joint_frequencies(more) is None
        assert pauli_frequencies(of_z(more)) is None
    seven = powers_of_two(7)
    everywhere, on_second = ((1 << 7) - 1, 0), (2, 0)
    assert visible_frequencies(seven, [everywhere]) == tuple(range(1, 128, 2))
    assert visible_frequencies(seven, [everywhere, on_second]) is None


def of_z(words: list[tuple[Word, float]]) -> Operator:
    return operator(*((c, f"Z{word[1].bit_length() - 1}") for word, c in words))


def test_as_many_independent_words_as_are_diagonalised() -> None:
    """Would catch a limit that is met one too early or too late, or by words that depend on others."""
    most = [((0, 1 << k), 0.5) for k in range(spectra.RANK_LIMIT)]
    assert joint_frequencies([*most, ((0, 3), 0.5)]) == tuple(range(1, spectra.RANK_LIMIT + 1))
    more = [*most, ((0, 1 << spectra.RANK_LIMIT), 0.5)]
    assert joint_frequencies(more) is None
    assert visible_frequencies(more, [((1 << spectra.RANK_LIMIT + 1) - 1, 0)]) is None


def test_one_word_has_its_frequencies_at_any_width() -> None:
    """Would catch a constant beside it that is lost, or one that is seen without controls."""
    wide = operator((0.75, " ".join(f"X{k}" for k in range(40))), (0.25, ""))
    assert pauli_frequencies(wide) == (1.5,)
    assert pauli_frequencies(wide, controlled=True) == (0.5, 1.0, 1.5)
    assert pauli_frequencies(of_z([((0, 1 << k), 0.5) for k in range(spectra.DENSE_LIMIT + 1)])) is None


@st.composite
def one_trained(draw: st.DrawFn) -> str:
    """A program in which `a` turns one gate, twice at times, between constant gates."""
    constant = st.sampled_from(["0.7", "-1.3", "pi/2", "pi", "2.1"])
    before, after = (draw(st.lists(applied(QUBIT_GATES, 3, 0, constant), max_size=4)) for _ in range(2))
    trained = draw(
        st.lists(applied([g for g in QUBIT_GATES if g.parameters], 3, 0, st.just("a")), min_size=1, max_size=2)
    )
    head = f"{OWN}qubit q[3]; param a; ry(0.4) q[0]; ry(1.1) q[1]; rx(0.6) q[2];"
    return "\n".join([head, *before, *trained, *after, f"return expect({draw(pauli_words(3))});"])


@given(one_trained())
def test_no_frequency_is_shown_that_is_not_predicted(text: str) -> None:
    """Would catch a rule that is blind to a part of ⟨O⟩(a): each wave found by Fourier analysis is differentiated.

    The frequencies are whole multiples of 1/4, at most 4 of each occurrence.
    """
    program = program_of(text)
    count = 256
    samples = run(program, {"a": 8 * np.pi * np.arange(count) / count}, Options())[0]
    waves = np.fft.rfft(samples * np.ones(count)) / count
    analysis = Analysis(lift(program).templates[0], (Element("a"),))
    at = 0.3
    turns = np.arange(len(waves)) / 4
    slope = float(np.sum(np.where(turns == 0, 1, 2) * (1j * turns * waves * np.exp(1j * turns * at)).real))
    found = 0.0
    for shift in analysis.shifts[Element("a")]:
        for weight, moved in analysis.rule(0, shift).terms:
            slots = _slots(analysis, shift.slot, float(moved))
            value = float(run(analysis.template.program, {"a": np.array(at), "s": slots}, Options())[0][0])
            found += float(shift.slope) * float(weight) * value
    assert found == pytest.approx(slope, abs=1e-9)


def many(*observables: str) -> str:
    words = " + ".join(f"{math.sqrt(2 * k + 3) / 10}*Z[a{k}]" for k in range(8))
    names, wires = ", ".join(f"a{k}" for k in range(8)), ", ".join(f"q[{k}]" for k in range(8))
    returned = ", ".join(f"expect({observable})" for observable in observables)
    return f"gate many(t) {names} generator {words}; qubit q[8]; param t; h q; many(t) {wires}; return {returned};"


def test_what_one_output_refuses_another_method_reads_for_all() -> None:
    """Would catch a derivative that stands there twice, by the rule that one output has and by the other's tests."""
    program = program_of(many(" ".join(f"X[{k}]" for k in range(8)), "X[0]"))
    module = differentiate(program)
    assert isinstance(module, Shifted)
    assert [(c.output, len(c.wrt)) for c in module.components] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert {certificate.wrt for certificate in module.certificates} == set()
    assert error(slopes_of(module, {"t": 0.4})[0], differences(program, {"t": 0.4})) < 1e-8


@pytest.mark.parametrize(("more", "evaluations"), [("", 0), ("rz(t) q[0];", 2)])
def test_together_there_may_be_a_rule_where_there_is_none_apart(more: str, evaluations: int) -> None:
    """Would catch a group that is refused for its members: what they do to each other cancels."""
    observable = " ".join(f"X[{k}]" for k in range(8))
    text = many(observable)
    turn = text[text.index("many(t) q") : text.index(" return")]
    program = program_of(
        text.replace(turn, f"{turn} {turn.replace('(t)', '(-t)')} {more}").replace("param t;", "param t; ry(0.3) q;")
    )
    module = differentiate(program, None, "shift")
    assert isinstance(module, Shifted)
    assert module.evaluations == evaluations
    (certificate,) = module.certificates
    assert certificate.least == evaluations
    assert error(slopes_of(module, {"t": 0.4})[0], differences(program, {"t": 0.4})) < 1e-9


def test_a_refusal_says_that_the_spectrum_is_to_blame() -> None:
    """Would catch a reason that is another gate's: 128 frequencies without a common unit."""
    program = program_of(many(" ".join(f"X[{k}]" for k in range(8))))
    with pytest.raises(CompileError) as refused:
        differentiate(program, None, "shift")
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code is Code.NO_RULE
    assert "the generator of `many` has a spectrum too wide or too uneven" in diagnostic.render()
    assert diagnostic.help


HALVES = "gate both(t) a, b generator 0.5*Z[a] + 0.5*Z[b]; qubit q[2]; param t; h q; both(t) q[0], q[1];"


@pytest.mark.parametrize(
    ("returned", "evaluations"),
    [
        ("expect(X[0])", 2), ("expect(X[0] X[1])", 2), ("expect(X[0] + X[0] X[1])", 4),
        ("expect(X[0]), expect(X[1])", 2), ("expect(X[0] + X[0] X[1]), expect(X[1])", 4),
        ("expect(X[0]), expect(X[0] X[1])", 4), ("expect(X[0]), expect(Z[1])", 2), ("expect(Z[0])", 0),
    ],
)  # fmt: skip
def test_one_rule_serves_all_outputs(returned: str, evaluations: int) -> None:
    """Would catch rules taken output by output, whose shifts differ: X sees the frequency 1, XX sees 2."""
    program = program_of(f"{HALVES} return {returned};")
    module = differentiate(program, None, "shift")
    assert isinstance(module, Shifted)
    assert module.evaluations == evaluations
    assert error(slopes_of(module, {"t": 0.4})[0], differences(program, {"t": 0.4})) < 1e-9


def test_what_one_rule_has_to_hold_for() -> None:
    """Would catch a bound of one sight alone, and one that is known where another's is not."""
    x, y = frozenset({(1, 0)}), frozenset({(1, 1)})
    assert union([Sight(2, (x,), 3), Sight(1, (y, x), 5)]) == Sight(2, (x, y), 5)
    assert union([Sight(2, (x,), 3), Sight(None, None, None)]) == Sight(None, None, None)
    assert union([Sight(None, (x,), 3), Sight(1, (y,), None)]) == Sight(None, (x, y), None)
    assert union([]) == Sight(0, (), None)


def test_a_branch_that_changes_nothing_seen_reads_no_condition() -> None:
    """Would catch shifts of what only decides about wires that are not measured."""
    head = "qubit q[3]; bit c; param t; ry(t) q[0]; c = measure q[0];"
    program = program_of(f"{head} if (c) {{ x q[1]; }} return expect(Z[2]);")
    module = differentiate(program, None, "shift")
    assert isinstance(module, Shifted)
    assert module.evaluations == 0


def _slots(analysis: Analysis, slot: Element, value: float) -> NDArray[np.float64]:
    (declared,) = (p for p in analysis.template.program.parameters if p.role == "slot")
    slots = np.zeros(declared.size or 1)
    slots[slot.index or 0] = value
    return slots

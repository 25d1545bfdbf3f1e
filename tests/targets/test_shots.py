"""Shots: the errors that a plan predicts are those that sampling shows, and no other plan has smaller ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from bundle_reader import Reader, Runs
from clients import EXAMPLES, program_of

from qcompile.angle import number
from qcompile.diagnostics import Code, CompileError
from qcompile.ir import Component, Evaluation, Program, Reading, Row, Shifted, Template
from qcompile.passes.differentiate import differentiate
from qcompile.targets import bundle
from qcompile.targets.grouping import STRATEGIES, Strategy
from qcompile.targets.settings import measurement_settings
from qcompile.targets.shots import component_variances, plan_shots, shares

NOISY = """
qubit q[3]; param w[3];
ry(w[0]) q[0]; cx q[0], q[1]; ry(w[1]) q[1]; cz q[1], q[2]; rx(2*w[2]) q[2]; ry(w[0]) q[2];
return expect(0.3*Z[0] + 1.2*X[1] X[2] - 0.7*Y[1] Y[2] + 0.1*Z[1] Z[2] + 0.5*X[0] + 2), expect(Z[0] Z[2]);
"""
QUOTIENT = """
qubit q[2]; bit c; param a; param b;
ry(a) q[0]; rx(b) q[1]; crx(0.9) q[0], q[1]; c = measure q[0]; postselect c;
return expect(Z[1] + 0.4*Y[1] + 3), var(0.3*X[1] + Z[1]);
"""
OUTCOMES = "qubit q[2]; param a; ry(a) q[0]; cry(2*a) q[0], q[1]; return probs(q[1], q[0]), expect(Z[0]);"
PAIR = """
qubit q[2]; param a; param b; ry(a) q[0]; cx q[0], q[1]; rz(b) q[1]; ry(0.5*a) q[1];
return expect(X[0] X[1] + 0.8*Y[0] Y[1] + 0.6*Z[0] Z[1]);
"""
CASES: dict[str, tuple[str, dict[str, list[float]]]] = {
    "noisy": (NOISY, {"w": [0.4, -0.9, 0.7]}),
    "quotient": (QUOTIENT, {"a": [1.3], "b": [0.6]}),
    "outcomes": (OUTCOMES, {"a": [0.7]}),
    "pair": (PAIR, {"a": [1.2], "b": [0.4]}),
    "h2": ((EXAMPLES / "h2.qc").read_text(encoding="utf-8"), {"theta": [0.3]}),
}


def shifted(program: Program) -> Shifted:
    found = differentiate(program)
    if not isinstance(found, Shifted):
        raise TypeError("not by shifting")
    return found


def shaped(program: Program, values: Mapping[str, list[float]]) -> dict[str, Any]:
    return {p.name: values[p.name][0] if p.size is None else values[p.name] for p in program.parameters}


@pytest.mark.parametrize("grouping", STRATEGIES)
@pytest.mark.parametrize("case", CASES)
def test_the_errors_that_sampling_shows(case: str, grouping: Strategy, root: Path) -> None:
    """Would catch a wrong covariance, slope, square or share of runs kept: 400 gradients, each from the files' bits."""
    text, values = CASES[case]
    program = program_of(text)
    made = bundle(differentiate(program), "openqasm3", 2, grouping, 60_000, shaped(program, values))
    reader = Reader(made, values)
    schema = json.loads((root / "targets" / "manifest.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(reader.manifest, schema)
    plan = reader.manifest["shots"]
    assert sum(map(sum, plan["rows"])) == plan["total"] == 60_000
    generator = np.random.default_rng(5)

    def sampled(row: int, place: int, runs: Runs) -> Runs:
        chances = np.array([share for _, share in runs])
        counts = generator.multinomial(max(plan["rows"][row][place], 1), chances / chances.sum())
        return [(bits, float(count)) for (bits, _), count in zip(runs, counts, strict=True)]

    drawn = [reader.components(sampled) for _ in range(400)]
    for k, (component, wanted) in enumerate(zip(reader.manifest["components"], plan["errors"], strict=True)):
        if wanted is None:
            assert not component["wrt"]
            continue
        found = np.std([one[k] for one in drawn], axis=0)
        assert found == pytest.approx(wanted, rel=0.13, abs=1e-9)  # of 400 draws, the error is known to 3.5 %


def test_a_mean_over_the_runs_kept() -> None:
    """Would catch shots counted that post-selection drops: of 1000 shots, a share k of spread σ leaves σ ÷ √1000k."""
    text = "qubit q[2]; bit c; ry(1) q[0]; c = measure q[0]; postselect c; ry(0.7) q[1]; return expect(Z[1]);"
    program = program_of(text)
    component = Component(0, (), (Reading(number(1.0), (Evaluation(0, 0),)),))
    derivative = Shifted((Template("t0", program),), (Row(0),), (component,))
    plan = plan_shots(derivative, [measurement_settings(program)[0]], 1000, {})
    assert plan.rows == ((1000,),)
    assert plan.errors[0] == pytest.approx(np.sin(0.7) / np.sqrt(1000 * np.sin(0.5) ** 2))


def total_variance(plan: Any, components: Any) -> float:
    return sum(float(np.sum(np.square(e))) for e, c in zip(plan.errors, components, strict=True) if c.wrt)


def test_the_plan_beats_equal_shares_and_its_neighbours() -> None:
    """Would catch shots in proportion to the variance itself, to its square, or to anything but its root."""
    program = program_of(NOISY)
    derivative = shifted(program)
    settings = [measurement_settings(template.program)[0] for template in derivative.templates]
    values = {"w": [0.4, -0.9, 0.7]}
    plan = plan_shots(derivative, settings, 100_000, values)
    best = total_variance(plan, derivative.components)
    unit = variances(derivative, settings, values)
    shots = {(k, s): n for k, row in enumerate(plan.rows) for s, n in enumerate(row) if n}
    assert best == pytest.approx(sum(unit[run] / n for run, n in shots.items()), rel=1e-9)
    equal = sum(v / (100_000 / len(shots)) for v in unit.values())
    assert best < 0.9 * equal
    large, other = sorted(shots, key=lambda run: -shots[run])[:2]
    for step in (-300, 300):
        moved = {**shots, large: shots[large] + step, other: shots[other] - step}
        assert sum(unit[run] / n for run, n in moved.items()) > best


def variances(derivative: Any, settings: Any, values: Mapping[str, list[float]]) -> dict[tuple[int, int], float]:
    """Of each run, for one shot, summed over the gradient."""
    found = component_variances(derivative, settings, values)
    wanted = {k for k, component in enumerate(derivative.components) if component.wrt}
    return {
        run: sum(float(v.sum()) for k, v in by.items() if k in wanted)
        for run, by in found.items()
        if by.keys() & wanted
    }


def test_without_values_words_count_by_their_coefficients() -> None:
    """Would catch a prior that forgets a group, or a weight of the rule: √Σc² for each row, times the same ½."""
    program = program_of("qubit q[2]; param a; ry(a) q[0]; return expect(3*Z[0] + 4*Z[0] Z[1] + 2*X[0]);")
    derivative = shifted(program)
    settings = [measurement_settings(template.program)[0] for template in derivative.templates]
    plan = plan_shots(derivative, settings, 1400)
    rows = {e.row for c in derivative.components if c.wrt for r in c.readings for e in r.read}
    assert [plan.rows[k] for k in sorted(rows)] == [(500, 200), (500, 200)]
    (found,) = [e for e, c in zip(plan.errors, derivative.components, strict=True) if c.wrt]
    assert found == pytest.approx(np.sqrt(2 * 0.25 * (25 / 500 + 4 / 200)))


def test_differences_move_coefficients_too() -> None:
    """Would catch a coefficient taken without its row's slots: those of the two rows are 1.5 and 0.5, the slopes ±1."""
    program = program_of("qubit q; param a; ry(0.8) q; return expect(a*Z[0]);")
    derivative = differentiate(program, None, "finite-differences{step=0.5}")
    assert isinstance(derivative, Shifted)
    settings = [measurement_settings(template.program)[0] for template in derivative.templates]
    plan = plan_shots(derivative, settings, 400, {"a": 1.0})
    assert sorted(plan.rows)[-2:] == [(100,), (300,)]
    (found,) = [e for e, c in zip(plan.errors, derivative.components, strict=True) if c.wrt]
    assert found == pytest.approx(np.sin(0.8) * np.sqrt(1.5**2 / 300 + 0.5**2 / 100))


def test_shares_are_whole_and_sum_up() -> None:
    """Would catch a remainder lost, a share of none, and one that starves the others."""
    assert shares([1.0, 1.0, 1.0], 10) == [4, 3, 3]
    assert shares([1000.0, 1.0, 0.0], 12) == [10, 1, 1]
    assert shares([0.0, 0.0], 5) == [3, 2]
    generator = np.random.default_rng(1)
    for total in (40, 41, 1000):
        found = shares((generator.exponential(size=40) ** 3).tolist(), total)
        assert sum(found) == total
        assert min(found) >= 1


def refusal(text: str, shots: int, language: str = "openqasm3") -> Code:
    with pytest.raises(CompileError) as caught:
        bundle(differentiate(program_of(text)), language, shots=shots)
    return caught.value.diagnostics[0].code


def test_what_is_refused() -> None:
    """Would catch a plan that guesses: coefficients, products and light whose size nobody has said; too few shots."""
    assert refusal("qubit q; param a; ry(a) q; return expect(a*Z[0]);", 100) is Code.UNBOUND
    assert refusal("qubit q; param a; ry(a) q; return var(Z[0]);", 100) is Code.UNBOUND
    assert refusal("qubit q; param a; ry(a) q; return expect(Z[0]);", 1) is Code.BAD_VALUE
    assert refusal("qumode m; param a; displace(a, 0) m; return expect(x[0]);", 100, "blackbird") is Code.UNBOUND
    mixed = "qumode m; param a; displace(a, 0) m; return expect(x[0] p[0] + p[0] x[0]);"
    assert refusal(mixed, 100, "blackbird") is Code.UNSAYABLE


def test_light_by_its_moments() -> None:
    """Would catch variances of light in other units: displaced vacuum has variance 1 in x, and ᾱ² in n."""
    text = "qumode m[2]; param a; displace(a, 0) m[0]; return expect(3*x[0] + n[1]), expect(n[0]);"
    values = {"a": 0.8}
    plan = json.loads(bundle(program_of(text), "blackbird", shots=4000, values=values).files["manifest.json"])["shots"]
    (row,) = plan["rows"]
    assert sorted(row) == sorted(shares([3.0, 0.8], 4000))
    assert plan["errors"] == pytest.approx([3 / np.sqrt(max(row)), 0.8 / np.sqrt(min(row))])
    cubic = "qumode m; param a; displace(a, 0) m; cubic(0.1) m; return expect(x[0]);"
    with pytest.raises(CompileError) as caught:
        bundle(program_of(cubic), "blackbird", shots=4000, values=values)
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE


def test_a_program_shares_out_for_its_value() -> None:
    """Would catch nothing to run where there is no derivative."""
    made = bundle(program_of("qubit q; ry(0.4) q; return expect(3*Z[0] + X[0]);"), "openqasm3", shots=100)
    assert json.loads(made.files["manifest.json"])["shots"]["rows"] == [[75, 25]]

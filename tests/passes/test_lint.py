"""Warnings: what is said of programs that say something to no purpose, and that nothing is said of others."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_programs import gaussian_programs, qubit_programs, values_for

import qcompile as qc
from qcompile.diagnostics import Code, Diagnostic
from qcompile.ir import Op, Program


def found(text: str) -> list[tuple[Code, str]]:
    """Each warning's code, and the text that it marks."""
    return [(fault.code, marked(fault)) for fault in qc.lint(qc.parse(text))]


def marked(fault: Diagnostic) -> str:
    assert fault.span is not None
    return fault.span.source.text[fault.span.start : fault.span.end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("qubit q; param t; x q; return expect(Z[0]);", [(Code.UNUSED_PARAMETER, "t")]),
        ("qubit q; input t; x q; return expect(Z[0]);", [(Code.UNUSED_PARAMETER, "t")]),
        ("qubit q; param t;", [(Code.UNUSED_PARAMETER, "t")]),
        ("qubit q; param w[3]; rx(w[1]) q; return expect(Z[0]);", [(Code.UNUSED_PARAMETER, "w[3]")]),
        (
            "qubit q[2]; param t; rx(t) q[1]; x q[0]; return expect(Z[0]);",
            [(Code.NO_INFLUENCE, "t"), (Code.NO_EFFECT, "rx(t) q[1]")],
        ),
        ("qubit q; h q; rz(0.1) q; return expect(Z[0]);", [(Code.NO_EFFECT, "rz(0.1) q")]),
        ("qubit q; h q; gphase(0.1); return expect(Z[0]);", [(Code.NO_EFFECT, "gphase(0.1)")]),
        ("qubit q; bit c; h q; c = measure q; h q; return samples(c);", [(Code.NO_EFFECT, "h q")]),
        ("qubit q; h q; reset q; x q; return expect(Z[0]);", [(Code.NO_EFFECT, "h q")]),
        ("gate g a { rz(0.1) a; } qubit q; h q; g q; return expect(Z[0]);", [(Code.NO_EFFECT, "g q")]),
    ],
)
def test_what_is_to_no_purpose_is_said(text: str, expected: list[tuple[Code, str]]) -> None:
    """Would catch a warning that is lost, doubled, or marks another place."""
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "qubit q; h q;",
        "qubit q; param t; gphase(t); h q; return state();",
        "qubit q; param t; return expect(t*Z[0]);",
        "qubit q[2]; bit c; h q[1]; c = measure q[1]; if (c) { x q[0]; } return expect(Z[0]);",
        "qubit q[3]; for i in 0:3 { h q[i]; } return expect(Z[1]);",
        "gate g a { rz(0.1) a; h a; } qubit q; g q; return expect(Z[0]);",
        "qumode m; param phi; real r; squeeze(0.1, 0) m; r = homodyne(phi) m; return samples(r);",
    ],
)
def test_what_has_a_purpose_is_not(text: str) -> None:
    """Would catch a false alarm, which teaches people to look away."""
    assert not found(text)


def test_the_examples_are_clean(root: Path) -> None:
    """Would catch an example that teaches what is warned of, or a false alarm on a real program."""
    for path in sorted((root / "examples").glob("*.qc")):
        assert not qc.lint(qc.load(path)), path.name


def test_derivatives_are_not_linted() -> None:
    """Would catch warnings about slots and rows that nobody wrote."""
    program = qc.parse("qubit q[2]; param t; rx(t) q[1]; return expect(Z[0]);")
    assert isinstance(program, Program)
    assert qc.lint(qc.differentiate(program)) == ()


@given(st.one_of(qubit_programs(), gaussian_programs()), st.integers(0, 2**32 - 1))
def test_what_is_warned_of_changes_nothing(program: Program, seed: int) -> None:
    """Would catch a warning about a gate or a parameter that changes a result."""
    module = qc.parse(qc.to_text(program))
    assert isinstance(module, Program)
    faults = qc.lint(module)
    idle = {fault.span for fault in faults if fault.code is Code.NO_EFFECT}
    rest = replace(module, body=tuple(s for s in module.body if not (isinstance(s, Op) and s.span in idle)))
    values = values_for(module, seed, 0.4)
    moved = {p.name: values[p.name] + any(f"`{p.name}`" in fault.label for fault in faults) for p in module.parameters}
    assert qc.simulate(rest)(**moved) == pytest.approx(qc.simulate(module)(**values), abs=1e-8)

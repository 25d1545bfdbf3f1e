"""docs/derivatives/adjoint.md: its programs are what the pass makes, and its Python runs."""

import re
from pathlib import Path

import qcompile as qc
from qcompile.passes.differentiate.adjoint import MAX_OUTCOMES
from qcompile.targets.simulator.adjoint_tape import MAX_HISTORIES

PAGE = (Path(__file__).parents[2] / "docs" / "derivatives" / "adjoint.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_it_shows_what_the_pass_makes() -> None:
    """Would catch a page that tells of another schedule."""
    program, derivative = blocks("qc")
    assert qc.to_text(qc.differentiate(qc.parse(program), None, "adjoint")) == derivative


def test_its_python_runs() -> None:
    (code,) = blocks("python")
    exec(code, {})  # noqa: S102


def test_its_limits_are_those_of_the_code() -> None:
    assert f"at most {MAX_OUTCOMES}" in PAGE
    assert f"More than {MAX_HISTORIES} are refused" in PAGE

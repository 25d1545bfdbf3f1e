"""docs/language.md: its programs run, and what it lists is what there is."""

import re
from pathlib import Path

import numpy as np
import pytest

import qcompile as qc
from qcompile.grammar.scope import CALLABLE, CONSTANTS
from qcompile.grammar.syntax import keywords
from qcompile.targets.simulator import Options, run

PAGE = (Path(__file__).parents[1] / "docs" / "language.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```qc\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OF_DERIVATIVES = {
    "shifted", "adjoint", "template", "row", "component", "naive", "forward", "reverse", "gradient", "wrt", "slot",
    "exact", "exact_with_ancilla", "unbiased", "approximate",
}  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_program_runs_and_reads_back(text: str) -> None:
    """Would catch a page that shows what the reader refuses."""
    program = qc.parse(text)
    if not isinstance(program, qc.Program):
        raise AssertionError("the page shows programs")
    assert qc.parse(qc.to_text(program)) == program
    values = {p.name: np.full(p.size or (), 0.3) for p in program.parameters}
    assert all(np.all(np.isfinite(result)) for result in run(program, values, Options(cutoff=20)))


def test_it_names_every_word() -> None:
    """Would catch a keyword, function or constant that the page does not tell of."""
    said = set(re.findall(r"\w+", PAGE))
    assert len(PROGRAMS) >= 3
    assert keywords() - OF_DERIVATIVES <= said
    assert {*CALLABLE, *CONSTANTS} <= said


@pytest.mark.parametrize(
    ("expression", "value"),
    [("-2**2", -4), ("2**3**2", 512), ("1/2", 0.5), ("(0 - 1) % 4", 3), ("-1 % 4", 3), ("7 % 4*2", 6), ("5 % -3", -1)],
)
def test_operators_bind_as_it_says(expression: str, value: float) -> None:
    """Would catch another precedence, or a remainder with the sign of the dividend."""
    assert qc.parse(f"qubit q; rx({expression}) q;") == qc.parse(f"qubit q; rx({value}) q;")

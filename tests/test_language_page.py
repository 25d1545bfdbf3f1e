"""docs/language.md: its programs run, and what it lists is what there is."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

import qcompile as qc
from qcompile.grammar.scope import CALLABLE, CONSTANTS
from qcompile.grammar.syntax import keywords
from qcompile.targets.simulator import Options, run

ROOT = Path(__file__).parents[1]
PAGE_FILE = ROOT / "docs" / "language.md"
PAGE = PAGE_FILE.read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```qc\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OF_DERIVATIVES = {
    "shifted", "adjoint", "template", "row", "component", "certificate", "forward", "reverse", "gradient", "wrt",
    "slot", "exact", "exact_with_ancilla", "unbiased", "approximate",
}  # fmt: skip


GRAMMAR = ROOT / "grammar" / "qcompile.lark"
EBNF = re.compile(r"(?<=^```ebnf\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def ebnf() -> str:
    """The parser's rules as the page shows them: tokens as they are spelled, no names for nodes, no derivatives."""
    text = GRAMMAR.read_text(encoding="utf-8")
    text = re.sub(r"// ---- derivatives.*?(?=// ---- expressions)", "", text, flags=re.DOTALL)
    text = re.sub(r"//.*|^%.*", "", text, flags=re.MULTILINE)
    text = re.sub(r" *->\s*\w+", "", text)
    spelled = dict(re.findall(r'^([A-Z]+): (".*")$', text, re.MULTILINE))
    spelled["SIGN"] = '("==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "^")'
    rules = re.findall(r"^[?!]*([a-z_]+: (?:.|\n[ \t])*)", text, re.MULTILINE)
    shown = [re.sub(r"\b[A-Z]+\b", lambda word: spelled.get(word[0], word[0]), rule.strip()) for rule in rules]
    shown = [re.sub(r"\s*\n\s*\| form .*", "", rule) for rule in shown]
    return "".join(re.sub(r"\b_|_\b", "", rule) + "\n" for rule in shown)


def test_it_shows_the_grammar() -> None:
    """Would catch a grammar that the page does not follow. `QCOMPILE_BLESS=1` rewrites the page's."""
    if os.environ.get("QCOMPILE_BLESS") == "1":
        PAGE_FILE.write_text(EBNF.sub(lambda _: ebnf(), PAGE), encoding="utf-8")
    found = EBNF.search(PAGE_FILE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[0] == ebnf()


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

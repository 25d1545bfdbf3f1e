"""The layout: canonical, idempotent, with every comment and the same meaning."""

import random
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from time import process_time
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_programs import gaussian_programs, qubit_programs

import qcompile as qc
from qcompile.diagnostics import CompileError, Source
from qcompile.formatting.lines import COLUMNS
from qcompile.formatting.tokens import tokens
from qcompile.grammar.syntax import parsed_module

ROOT = Path(__file__).parents[2]
OURS = [*sorted(ROOT.glob("examples/*.qc")), *sorted(ROOT.glob("grammar/library/*.qc"))]
BLANKS = [" ", "\t", "\n", "\r\n", "\n\n\n", "/* c */", "// d\n", "/* e\n  f */", " \n // g\n", "/// h\n"]


def bare(node: object) -> object:
    """A tree without places."""
    if is_dataclass(node):
        kept = [getattr(node, field.name) for field in fields(node) if field.name not in ("start", "end")]
        return (type(node).__name__, *map(bare, kept))
    return tuple(map(bare, cast("tuple[object, ...]", node))) if isinstance(node, tuple) else str(node)


def meaning(text: str) -> object:
    return bare(parsed_module(Source("<text>", text)))


def comments(text: str) -> list[str]:
    """The comments of a text, without the blanks at the ends of their lines."""
    return [re.sub(r"\s+\n", "\n", token.text.rstrip()) for token in tokens(text) if token.is_comment]


def readable_texts() -> list[str]:
    """Programs of the project without syntax errors, short ones: statements of every kind, odd and wrong ones too."""
    texts = [part for path in (ROOT / "tests").rglob("*.qc") for part in _text(path).split("# ---\n")]
    texts += [_text(path) for path in OURS]
    page = _text(ROOT / "docs" / "language.md")
    texts += re.findall(r"^```qc\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [text for text in texts if len(text) < 2000 and _is_readable(text)]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _is_readable(text: str) -> bool:
    try:
        parsed_module(Source("<text>", text))
    except CompileError:
        return False
    return True


def disturbed(text: str, seed: int) -> str:
    """The text with blanks and comments put between its tokens."""
    chance = random.Random(seed)
    parts: list[str] = []
    for token in tokens(text):
        parts.append("\n" * token.breaks or ("" if token.touches else " "))
        while chance.random() < 0.08 and not parts[-1].endswith("/"):
            parts.append(chance.choice(BLANKS))
        parts.append(token.text)
        if token.text.startswith("//"):
            parts.append("\n")
    return "".join(parts)


def check(text: str) -> None:
    made = qc.format(text)
    assert qc.format(made) == made
    assert meaning(made) == meaning(text)
    assert comments(made) == comments(text)
    assert not re.search(r"[ \t]\n|\n\n\n", re.sub(r"/\*.*?\*/", "c", made, flags=re.DOTALL))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_programs_are_laid_out(path: Path) -> None:
    """Would catch an example or a library file that `qcompile fmt` would change."""
    assert qc.format(_text(path)) == _text(path)


@pytest.mark.parametrize("text", readable_texts())
def test_every_statement_keeps_its_meaning(text: str) -> None:
    """Would catch a statement whose blanks are misplaced, or that moves a second time."""
    check(text)


@given(st.sampled_from(readable_texts()), st.integers(0, 10**6))
def test_odd_blanks_and_comments(text: str, seed: int) -> None:
    """Would catch a comment that is lost, moved before another, or swallows what follows."""
    odd = disturbed(text, seed)
    if _is_readable(odd):
        check(odd)


@given(st.one_of(qubit_programs(), gaussian_programs()))
def test_what_is_printed_stays(program: qc.Program) -> None:
    """Would catch a layout that differs from the printer's."""
    text = qc.to_text(program)
    made = qc.format(text)
    assert qc.parse(made) == program
    if all(len(line) <= COLUMNS for line in text.splitlines()):
        assert made == text


@pytest.mark.parametrize("method", ["shift", "adjoint"])
def test_printed_derivatives_stay(method: str) -> None:
    """Would catch a layout of rows, components or gradients that differs from the printer's."""
    text = qc.to_text(qc.differentiate(qc.load(ROOT / "examples" / "h2.qc"), method=method))
    assert qc.format(text) == text


CASES = {
    "spaces": ("rx( 2 * t+pi /2 )q [ 0 ] ;", "rx(2*t + pi/2) q[0];\n"),
    "signs": ("rx(- t-1 , -(2)) q[- 1];", "rx(-t - 1, -(2)) q[-1];\n"),
    "powers": ("rx(2 ** - 1 % 3) q[::  -1];", "rx(2**-1 % 3) q[::-1];\n"),
    "products": ("observable H=2*( Z [0]+X[0] )Z[1] ;", "observable H = 2*(Z[0] + X[0]) Z[1];\n"),
    "imaginary": ("gate v a=[[0,- 1 im],[im,0]];", "gate v a = [[0, -1im], [im, 0]];\n"),
    "modifiers": ("ctrl (2)@inv@pauli[ XY ] (t)q;", "ctrl(2) @ inv @ pauli[XY](t) q;\n"),
    "conditions": ("if( !c[0]&&k==2 ){x q;}else{y q;}", "if (!c[0] && k == 2) { x q; } else { y q; }\n"),
    "gradient": ("gradient g[0] - 0.5*Z[0];", "gradient g[0] -0.5*Z[0];\n"),
    "lists": ("for i in[0,2]{x q[i];}", "for i in [0, 2] { x q[i]; }\n"),
    "joined keyword": ("for i in0.5:2 {}", "for i in0.5:2 {}\n"),
    "grouped": ("x q;y q;\n\n\n\nz q;", "x q; y q;\n\nz q;\n"),
    "block": ("for i in 0:2 {\nx q; }", "for i in 0:2 {\n  x q;\n}\n"),
    "else": ("if (c) {\nx q; }\nelse { y q; }", "if (c) {\n  x q;\n} else {\n  y q;\n}\n"),
    "aligned": ("x q; // a\nrx(t) q;// b", "x q;      // a\nrx(t) q;  // b\n"),
    "inside": ("rx(t // why\n) q;", "rx(t  // why\n    ) q;\n"),
    "opened": ("gate v a = [\n[1,0],\n  [0,1]];", "gate v a = [\n  [1, 0],\n  [0, 1]\n];\n"),
    "sum": ("observable H =\n1 +\nZ[0]-X[0];", "observable H =\n  1\n  + Z[0] - X[0];\n"),
    "carriage returns": ("x q;\r\n// a \r\ny q;\r\n", "x q;\n// a\ny q;\n"),
    "empty": ("\n\n", ""),
}


@pytest.mark.parametrize(("text", "made"), CASES.values(), ids=CASES)
def test_layout(text: str, made: str) -> None:
    """Would catch a change of the layout that nobody meant."""
    assert qc.format(text) == made


def test_long_statements_are_broken() -> None:
    """Would catch a line over the limit, or a break inside a term."""
    terms = " + ".join(f"0.25*Z[{k}] Z[{k + 1}]" for k in range(12))
    wires = ", ".join(f"register[{k}]" for k in range(12))
    made = qc.format(f"observable H = {terms};\nfor i in 0:1 {{ barrier {wires}; }}")
    assert all(len(line) <= COLUMNS for line in made.splitlines())
    assert made.splitlines()[1].startswith(" " * len("observable H ") + "+ 0.25*Z[")
    assert "\n      register[" in made


def test_errors_are_told() -> None:
    """Would catch a broken text laid out as far as it goes."""
    with pytest.raises(CompileError, match=r"program\.qc:1"):
        qc.format("qubit q; x q", "program.qc")


@pytest.mark.parametrize(
    "text",
    [
        f"observable H = {' + '.join(f'0.5*Z[{k}]' for k in range(2000))};",
        f"observable H = {'(' * 70}{' + '.join(f'Z[{k}]' for k in range(500))}{')' * 70};",
        "for i in 0:2 {" * 70 + "x q;" * 500 + "}" * 70,
        "x q; // a\n" * 2000,
    ],
    ids=["sum", "brackets", "blocks", "comments"],
)
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    """Would catch work that grows with the square of a text's length."""
    start = process_time()
    qc.format(text)
    assert process_time() - start < 2


def test_a_comment_at_the_end_of_a_full_line_stays() -> None:
    """Would catch one that goes to a line of its own, and from there elsewhere."""
    sum_of = " - ".join(f"0.5*Z[{k}] Z[{k + 1}]" for k in range(4))
    check(f"qubit q[6];\nobservable cut = 3 - {sum_of} - 0.5*Z[4] Z[  // why\n5];\nreturn expect(cut);\n")

"""The same twelve mistakes in every language: each has its code, its place and help in that language's own words.

`«…»` marks the place in a text; the marks are left out before it is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from qcompile.diagnostics import Code, CompileError, Diagnostic
from qcompile.grammar.languages import LANGUAGES, read

MISTAKES = (
    "end of a statement", "unknown gate", "undeclared", "index", "repeated wire", "wires", "angles", "declared twice",
    "unclosed", "recursion", "not finite", "wrong type",
)  # fmt: skip
_CODES = (
    Code.SYNTAX, Code.UNKNOWN_GATE, Code.UNKNOWN_NAME, Code.INDEX_RANGE, Code.REPEATED_WIRE, Code.WRONG_ARITY,
    Code.WRONG_ANGLES, Code.DUPLICATE_NAME, Code.UNTERMINATED, Code.RECURSION, Code.BAD_NUMBER, Code.WRONG_TYPE,
)  # fmt: skip
_HEADS = {
    "qc": "qubit q[2];\nbit c[2];\n",
    "openqasm2": 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n',
    "openqasm3": 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n',
    "quil": "DECLARE ro BIT[2]\n",
    "blackbird": "name faulty\nversion 1.0\n\n",
}
_TEXTS = {
    "qc": (
        "h q[0«]»\nx q[1];",
        "«hh» q[0];",
        "h «r»[0];",
        "h q[«2»];",
        "cx q[0], «q[0]»;",
        "«cx q[0]»;",
        "«rx q[0]»;",
        "qubit a;\nbit «a»;",
        "for i in 0:2 {\n  h q[i]«;»",
        "gate one a { «one» a; }\none q[0];",
        "rx(«1/0») q[0];",
        "const int n = «1.5»;",
    ),
    "openqasm2": (
        "h q[0«]»\nx q[1];",
        "«hh» q[0];",
        "h «r»[0];",
        "h «q[2]»;",
        "cx q[0], «q[0]»;",
        "«cx q[0]»;",
        "«rx q[0]»;",
        "creg «q»[2];",
        "gate pair a, b {\n  cx a, b«;»",
        "gate one a { «one» a; }\none q[0];",
        "rx(«1/0») q[0];",
        "if (c == 1) h «c»[0];",
    ),
    "openqasm3": (
        "h q[0«]»\nx q[1];",
        "«hh» q[0];",
        "h «r»[0];",
        "h q[«2»];",
        "cx q[0], «q[0]»;",
        "«cx q[0]»;",
        "«rx q[0]»;",
        "bit «q»;",
        "for int i in [0:1] {\n  h q[i]«;»",
        "gate one a { «one» a; }\none q[0];",
        "rx(«1.0/0.0») q[0];",
        "if («q») h q[0];",
    ),
    "quil": (
        "MEASURE 0 ro[0] «X» 1",
        "«HH» 0",
        "MEASURE 0 «r[0]»",
        "MEASURE 0 «ro[2]»",
        "CNOT 0 «0»",
        "«CNOT 0»",
        "«RX 0»",
        "DECLARE «ro» REAL",
        "RX(pi/2 «0»",
        "DEFCIRCUIT ONE a:\n    TWO a\n\nDEFCIRCUIT TWO a:\n    «ONE a»\n\nONE 0",
        "RX(«1/0») 0",
        "DECLARE x REAL\nLABEL @A\nJUMP-WHEN @A «x»",
    ),
    "blackbird": (
        "Vac | 0 «Vac» | 1",
        "«Sqeezed»(0.5) | 0",
        "Sgate(«r») | 0",
        "float array A[1, 2] =\n    1, 2\n\nSgate(A[«2»]) | 0",
        "BSgate(0.1, 0.2) | [0, «0»]",
        "«BSgate(0.1, 0.2) | 0»",
        "«Sgate() | 0»",
        "float a = 1\nfloat array «a» =\n    1, 2\n\nSgate(a) | 0",
        "Sgate(0.5 «|» 0",
        "Vac | 0\n«faulty» | 0",
        "Sgate(«1/0») | 0",
        "int n = «1.5»\nSgate(n) | 0",
    ),
}
_OWN = re.compile(r"\bparam\b|\bqumode\b|\bobservable\b|return expect|= measure q|\binput\b|limit \d")
_FOREIGN = {  # what help in a language never says, unless it is there to send a text of another language away
    "qc": re.compile(r"\bDEF(GATE|CIRCUIT)|\bDECLARE\b|\bqreg\b|->|\bcreg\b|\bqubit\["),
    "openqasm2": re.compile(_OWN.pattern + r"|\bDECLARE\b|\bDEFGATE|\bqubit \w+;|\bqubit\[|@ "),
    "openqasm3": re.compile(r"\bparam\b|\bqumode\b|\bobservable\b|return expect|\bDECLARE\b|\bDEFGATE|0:4"),
    "quil": re.compile(_OWN.pattern + r"|\];`|\w;`|\bqreg\b|@ |//|\{"),
    "blackbird": re.compile(_OWN.pattern + r"|\];`|\w;`|\bqreg\b|@ |//|\bDECLARE\b"),
}


@dataclass(frozen=True, slots=True)
class Marked:
    """A text without its marks, and where they were."""

    text: str
    start: int
    end: int


def marked(text: str) -> Marked:
    start = text.index("«")
    return Marked(text.replace("«", "").replace("»", ""), start, text.index("»") - 1)


def faults_of(text: str, language: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        read(text, language, f"faulty{LANGUAGES[language].ending}")
    return caught.value.diagnostics


# Blackbird has no gate definitions: a program that applies itself is nearest. Its statements and Quil's end with their
# lines, so that what they leave open is told where the line goes on.
_OTHER_CODES = {
    ("quil", "unclosed"): Code.SYNTAX,
    ("blackbird", "unclosed"): Code.SYNTAX,
}


@pytest.mark.parametrize(("number", "mistake"), list(enumerate(MISTAKES)), ids=[*MISTAKES])
@pytest.mark.parametrize("language", LANGUAGES)
def test_is_reported(language: str, number: int, mistake: str) -> None:
    """Would catch a mistake that is not seen, another code, a place beside it, and help that is none."""
    case = marked(_HEADS[language] + _TEXTS[language][number])
    (found,) = faults_of(case.text, language)
    assert found.code is _OTHER_CODES.get((language, mistake), _CODES[number]), found.render()
    assert found.span is not None, found.render()
    assert found.span.source.text[found.span.start : found.span.end] == case.text[case.start : case.end], found.render()
    assert found.span.source.position(found.span.start) == found.span.source.position(case.start), found.render()
    assert found.help, found.render()
    assert not _FOREIGN[language].search(found.help), found.render()


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_are_reported_in_one_run(language: str) -> None:
    """Would catch a reader that stops at the first mistake: those that stand alone are told together."""
    numbers = [MISTAKES.index(name) for name in ("unknown gate", "repeated wire", "wires", "angles", "not finite")]
    texts = [marked(_TEXTS[language][number]).text for number in numbers]
    found = faults_of(_HEADS[language] + "\n".join(texts) + "\n", language)
    assert [diagnostic.code for diagnostic in found] == [_CODES[number] for number in numbers]
    first = _HEADS[language].count("\n") + 1
    lines = [d.span.source.position(d.span.start)[0] for d in found if d.span]
    assert lines == list(range(first, first + len(numbers)))

"""Syntax errors that all languages tell alike."""

import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar.languages import read


@pytest.mark.parametrize(
    ("language", "text", "code", "place", "label"),
    [
        ("quil", "RX(1\r\nX 0", Code.UNTERMINATED, (1, 4), "the line ends here, and its `(` is open"),
        ("quil", "DECLARE ro BIT[2 # two\nX 0", Code.UNTERMINATED, (1, 16), "the line ends here, and its `[` is open"),
        ("quil", 'PRAGMA A "b\nX 0', Code.UNTERMINATED, (1, 10), 'this `"` is not closed on its line'),
        ("quil", 'INCLUDE "a\\xb"\nX 0', Code.SYNTAX, (1, 9), '`"` does not fit here'),
        ("quil", "X 0'\n", Code.SYNTAX, (1, 4), "`'` does not fit here"),
        ("blackbird", "Sgate(1\rVac | 0\n", Code.UNTERMINATED, (1, 7), "the line ends here, and its `(` is open"),
        ("blackbird", "Sgate(1) | # no mode\nVac | 0\n", Code.SYNTAX, (1, 10), "the line ends here, too early"),
        ("blackbird", "Vac | 0\n    Vac | 1\n", Code.SYNTAX, (1, 7), "the line after this is indented"),
        ("blackbird", 'str s = "x" "\nVac | 0\n', Code.UNTERMINATED, (1, 13), 'this `"` is not closed on its line'),
        ("openqasm2", "OPENQASM 2.0; include 'a;\n", Code.UNTERMINATED, (1, 23), "this `'` is not closed on its line"),
        ("openqasm3", 'bit[2] c = "01;\nqubit q;', Code.UNTERMINATED, (1, 12), 'this `"` is not closed on its line'),
        ("openqasm3", 'include "a.inc"\nqubit q;', Code.SYNTAX, (1, 15), "`;` is missing after this"),
        ("qc", 'import "a.qc;\nqubit q;', Code.UNTERMINATED, (1, 8), 'this `"` is not closed on its line'),
        ("qc", 'import "a.qc"\nqubit q;', Code.SYNTAX, (1, 13), "`;` is missing after this"),
    ],
)
def test_ends_of_lines_and_strings(language: str, text: str, code: Code, place: tuple[int, int], label: str) -> None:
    """Catches a fault that is marked on a comment, a line's end or the wrong line, and a string told as a sign."""
    head = "name a\nversion 1.0\n" if language == "blackbird" else ""
    with pytest.raises(CompileError) as caught:
        read(head + text, language)
    found = caught.value.diagnostics[0]
    assert found.span is not None
    line, column = found.span.source.position(found.span.start)
    assert (found.code, (line - head.count("\n"), column), found.label) == (code, place, label)
    assert found.help

"""How places in programs are shown: which lines, which columns, and what stands beside them."""

from time import perf_counter

import pytest

from qcompile.diagnostics import Code, Diagnostic, Note, Source, Span, error


def span_of(source: Source, word: str, after: int = 0) -> Span:
    """Where the word stands."""
    start = source.text.index(word, after)
    return Span(source, start, start + len(word))


def rendered(text: str, word: str) -> list[str]:
    return Diagnostic(Code.SYNTAX, "here", span_of(Source("a.qc", text), word)).render().splitlines()


def test_other_places_stand_with_the_faults_own() -> None:
    """Would catch a note that looks like a fault, lines out of order, or a label on the wrong line."""
    source = Source("a.qc", "qubit q;\nx q;\ny q;\nbit q;\n")
    first = Note("declared here first", span_of(source, "q;"))
    fault = Diagnostic(Code.DUPLICATE_NAME, "declared again", span_of(source, "q;", 20), "rename it", (first,))
    assert fault.render().splitlines() == [
        "error[QC0203]: name declared twice",
        "  --> a.qc:4:5",
        "  |",
        "1 | qubit q;",
        "  |       -- declared here first",
        "...",
        "4 | bit q;",
        "  |     ^^ declared again",
        "  = help: rename it",
    ]


def test_places_of_one_line_share_it() -> None:
    """Would catch the line shown twice, or the fault's own place after the others."""
    source = Source("a.qc", "cx q[0], q[0];")
    fault = Diagnostic(
        Code.REPEATED_WIRE, "again", Span(source, 9, 13), notes=(Note("the first time", Span(source, 3, 7)),)
    )
    assert fault.render().splitlines()[3:] == [
        "1 | cx q[0], q[0];",
        "  |          ^^^^ again",
        "  |    ---- the first time",
    ]


def test_a_place_in_another_file_is_named() -> None:
    """Would catch a line of one file shown as another's; line numbers share one margin."""
    source, library = Source("a.qc", 'import "b.qc";\n'), Source("b.qc", "\n" * 11 + "gate g a { g a; }\n")
    note = Note("here", span_of(library, "g a;"))
    fault = Diagnostic(Code.IMPORT, "in this", span_of(source, '"b.qc"'), notes=(note,))
    assert fault.render().splitlines()[1:] == [
        "   --> a.qc:1:8",
        "   |",
        ' 1 | import "b.qc";',
        "   |        ^^^^^^ in this",
        "   ::: b.qc:12:12",
        "   |",
        "12 | gate g a { g a; }",
        "   |            ---- here",
    ]


def test_a_fault_without_a_place_keeps_its_notes() -> None:
    """Would catch a place that is dropped because the fault itself has none."""
    note = Note("here", Span(Source("a.qc", "x q;"), 0, 1))
    assert error(Code.METHOD, "it does not go", notes=[note]).diagnostics[0].render().splitlines() == [
        "error[QC0503]: the method does not apply",
        "  = it does not go",
        "note:",
        "  --> a.qc:1:1",
        "  |",
        "1 | x q;",
        "  | - here",
    ]


@pytest.mark.parametrize(
    ("text", "line", "marks"),
    [
        ("/* 量子 */ y q;", "1 | /* 量子 */ y q;", "  |            ^ here"),
        ("// e\u0301\n/* e\u0301 */ y q;", "2 | /* e\u0301 */ y q;", "  |         ^ here"),
        ("\tx q; y q;", "1 |     x q; y q;", "  |          ^ here"),
        ("/* \u202e */ y q;", "1 | /* · */ y q;", "  |         ^ here"),
        ("/* \u3000 */ y q;\r\n", "1 | /*   */ y q;", "  |         ^ here"),
    ],
)
def test_marks_stand_under_what_they_mark(text: str, line: str, marks: str) -> None:
    """Would catch marks beside their place where letters are wide, combine or are tabs, or turn the line around."""
    assert rendered(text, "y")[3:] == [line, marks]


def test_very_long_lines_are_cut_around_each_place() -> None:
    """Would catch a screen full of one line, a place out of sight, and a cut that is not shown."""
    source = Source("a.qc", "x q; " * 100 + "y q; " + "x q; " * 100 + "z q;")
    lines = Diagnostic(Code.SYNTAX, "here", span_of(source, "y"), notes=(Note("there", span_of(source, "z")),)).render()
    _, _, _, near, marks, far, others = lines.splitlines()
    assert all(len(line) <= 160 for line in lines.splitlines())
    assert (near[marks.index("^")], far[others.index("-")]) == ("y", "z")
    assert near.startswith("1 | …x q; ")
    assert near.endswith("…")
    assert not far.endswith("…")


def test_a_place_at_the_end_of_the_text_is_shown() -> None:
    """Would catch an index error where a text ends too early."""
    for text in ("", "qubit q", "qubit q\n", "qubit q\r\n"):
        source = Source("a.qc", text)
        assert Diagnostic(Code.UNTERMINATED, "here", Span(source, len(text), len(text))).render().endswith("^ here")


def test_a_place_of_several_lines_marks_the_first() -> None:
    """Would catch marks that run on past their line."""
    source = Source("a.qc", "if (c) {\n  x q;\n}")
    assert Diagnostic(Code.SYNTAX, "here", Span(source, 0, len(source.text))).render().splitlines()[3:] == [
        "1 | if (c) {",
        "  | ^^^^^^^^ here",
    ]


def test_positions_are_quick_in_long_texts() -> None:
    """Would catch a walk through the whole text for every place."""
    source = Source("a.qc", "x q;\n" * 200_000)
    start = perf_counter()
    assert [source.position(5 * k) for k in range(0, 200_000, 2)][-1] == (199_999, 1)
    assert perf_counter() - start < 2


def test_a_record_says_it_all() -> None:
    """Would catch a key that editors read by name gone, or an end that is off."""
    source = Source("a.qc", "qubit q;\nbit q;\n")
    fault = Diagnostic(Code.DUPLICATE_NAME, "again", Span(source, 13, 14), "cure", (Note("first", Span(source, 6, 7)),))
    assert fault.record() == {
        "code": "QC0203",
        "severity": "error",
        "title": "name declared twice",
        "label": "again",
        "help": "cure",
        "file": "a.qc",
        "line": 2,
        "column": 5,
        "end_line": 2,
        "end_column": 6,
        "notes": [{"label": "first", "file": "a.qc", "line": 1, "column": 7, "end_line": 1, "end_column": 8}],
    }

"""Blackbird's text to its syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from qcompile.diagnostics import CompileError, Diagnostic, Source
from qcompile.grammar.blackbird import tree
from qcompile.grammar.blackbird.nodes import NodeMaker
from qcompile.grammar.dialect import Dialect, parse_tree

# By what stands at the fault.
_AT = {
    r";": "a statement ends with its line: leave the `;` out",
    r"//|/\*": "comments begin with `#`",
    r"\^": "powers are written `**`",
    r"'": "texts stand in double quotes",
    r'"[^"\n]*(?:\n|\Z)': 'a text ends on its line, with another `"`',
    r"π": "write `pi`",
    r"->": "a result is called `q0`, by its mode: `MeasureX | 0`",
    r"for\b": "loops do not stand in loops: write the inner one out",
    r"-": "a name is made of letters, digits and `_`",
}
# By the line up to the fault and with it.
_IN = {
    r"(?:float|complex|int|str|bool)\s+array\s.*=\s*\S": "the rows stand on lines of their own, indented",
    r"(?:float|complex|int|str|bool)\s+\w+\s*\[": "write `float array A[2, 2] =`, and the rows below",
    r"(?:float|complex|int|str|bool)\s+(?:name|version|target|type|include|for|in|array|float|int|str|bool|pi)\b": (
        "this word is Blackbird's own: choose another name"
    ),
    r"[A-Za-z]\w*\s*=": "a variable is declared with its type: `float x = 0.5`",
    r"for\s+(?!float\b|complex\b|int\b|str\b|bool\b)\w": "write the type: `for int i in 0:4`",
    r"for\b.*\brange\b": "write `for int i in 0:4`; the end is exclusive",
    r"for\b.*:\s*\Z": "the line of a loop ends without `:`, and its body is indented",
    r"include\s+[^\"]": "the file's path stands in double quotes",
    r"(?:gate|operation|def)\b": 'an operation is another file\'s program: `include "file.xbb"`',
    r"[A-Za-z]\w*\s*(?:\(.*\))?\s*[\d\[]": "the modes stand after `|`: `Rgate(0.1) | 0`",
    r"version\b": "write `version 1.0`",
}
_SPELLING = {
    "INDENT": "an indented line", "NEWLINE": "the end of the line", "STRING": "a text", "COMPLEX": "a complex number",
    "DEVICE": "a name", "TRUTH": "`True` or `False`",
}  # fmt: skip


def syntax_hint(text: str, start: int) -> str:
    """Help for a fault at `start`, or nothing."""
    for pattern, advice in _AT.items():
        if re.compile(pattern).match(text, start):
            return advice
    line = text[max(DIALECT.line_start(text, start), start - 300) : start + 1].lstrip()
    opened = DIALECT.open_bracket(line, 0, len(line) - 1)
    if opened and text[start : start + 1] == "|":
        return f"the `{opened.group()}` before it is open: close it"
    return next((advice for pattern, advice in _IN.items() if re.match(pattern, line)), "")


DIALECT = Dialect(
    Path(__file__).with_name("grammar.lark"), NodeMaker, syntax_hint, comment=r'#[^\r\n]*|"[^"\r\n]*"',
    opener="INCLUDE", end="\n", indented="only rows of arrays and bodies of loops are", spelling=_SPELLING,
)  # fmt: skip


def read_statements(source: Source) -> tuple[tree.Statement, ...]:
    """The statements of a text; raises all its syntax errors at once."""
    try:
        statements: tuple[tree.Statement, ...] = parse_tree(source, DIALECT, "module")
    except CompileError as fault:
        raise CompileError(_independent(fault.diagnostics)) from None
    return statements


def _independent(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Without the faults of indented lines that belong to a line at fault."""
    broken = -1
    for diagnostic in found:
        span = diagnostic.span
        if span is None:
            yield diagnostic
            continue
        begin = span.source.text.rfind("\n", 0, span.start) + 1
        follows = broken >= 0 and not re.search(r"^[^\s#]", span.source.text[broken:begin], re.MULTILINE)
        if not (follows and span.source.text[begin : begin + 1] in (" ", "\t")):
            yield diagnostic
        end = span.source.text.find("\n", max(begin, span.start))
        broken = end + 1 if end >= 0 else len(span.source.text)

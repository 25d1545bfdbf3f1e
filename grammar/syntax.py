"""Text to syntax tree: checks that the text is text and not too deep, and lets Lark parse it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, UnexpectedInput

from qcompile.diagnostics import Code, CompileError, Source, Span, error
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_OPS
from qcompile.grammar.nodes import NodeMaker
from qcompile.grammar.recovery import BRACKETS, Recovery

MAX_DEPTH = 80
_COMMENT = re.compile(r"//[^\n]*|/\*[\s\S]*?\*/")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd\ud800-\udfff]")


def read_module(source: Source) -> tuple[tree.Statement, ...]:
    """The statements of a text; raises all its syntax errors at once."""
    statements: tuple[tree.Statement, ...] = _parsed(source, "module")
    return statements


def read_operator(source: Source) -> tree.Expression:
    """A text that is one expression."""
    expression: tree.Expression = _parsed(source, "operator")
    return expression


@lru_cache(maxsize=1)
def keywords() -> frozenset[str]:
    """The words that the grammar keeps for itself."""
    patterns = (terminal.pattern for terminal in _parser().terminals)
    return frozenset(p.value for p in patterns if p.type == "str" and p.value.isidentifier())


@lru_cache(maxsize=1)
def _parser() -> Lark:
    text = Path(__file__).with_name("qcompile.lark").read_text(encoding="utf-8")
    starts, maker = ["module", "operator"], cast(Any, NodeMaker())  # Lark only calls its methods by name
    return Lark(text, parser="lalr", lexer="contextual", start=starts, maybe_placeholders=False, transformer=maker)


@lru_cache(maxsize=1)
def _spelling() -> dict[str, str]:
    plain = {t.name: f"`{t.pattern.value}`" for t in _parser().terminals if t.pattern.type == "str"}
    return plain | {"NAME": "a name", "NUMBER": "a number", "$END": "the end of the text"}


def _parsed(source: Source, start: str) -> Any:
    _check_characters(source)
    _check_depth(source)
    _check_count(source)
    recovery = Recovery(source, _spelling())
    try:
        result: Any = _parser().parse(source.text, start=start, on_error=recovery)
    except UnexpectedInput:
        raise CompileError(recovery.found) from None
    if recovery.found:
        raise CompileError(recovery.found)
    return result


def _check_characters(source: Source) -> None:
    found = _NOT_TEXT.search(source.text)
    if found:
        line, column = source.position(found.start())
        label = f"{source.name}:{line}:{column} holds the character U+{ord(found.group()):04X}"
        raise error(Code.NOT_TEXT, label, help="give a UTF-8 text; compiled or compressed files are not programs")


def _check_count(source: Source) -> None:
    """Reading a statement takes long enough that what is far too many is refused before."""
    limit = 2 * MAX_OPS
    if source.text.count(";") > limit and _COMMENT.sub("", source.text).count(";") > limit:
        label = f"{source.name} has more than {limit} statements"
        raise error(Code.TOO_LARGE, label, help=f"a program has at most {MAX_OPS} operations")


def _check_depth(source: Source) -> None:
    depth = 0
    for bracket in BRACKETS.finditer(source.text):
        character = bracket.group()
        if character in "([{":
            depth += 1
            if depth > MAX_DEPTH:
                span = Span(source, bracket.start(), bracket.end())
                label = f"this bracket stands inside {MAX_DEPTH} others"
                raise error(Code.TOO_DEEP, label, span, "take parts out of it: observables and gates can be named")
        elif character in ")]}":
            depth = max(0, depth - 1)

"""What the parser has to know of a language beside its grammar, and how a text of it becomes a tree.

Every reader goes through `parse_tree`: it refuses what is no text, too long or too deep before Lark sees it, and turns
what Lark finds into diagnostics, several a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from lark import Lark, UnexpectedInput

from qcompile.diagnostics import Code, CompileError, Source, Span, error
from qcompile.grammar.checks import MAX_OPS

MAX_DEPTH = 80
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
_BRACKETS = r"|[(\[{]|[)\]}]"


@dataclass(frozen=True, eq=False)
class Dialect:
    """A language to read.

    Attributes:
        grammar: its Lark file, LALR.
        maker: makes the object whose methods make the nodes, one a rule.
        starts: the rules a text may be.
        comment: matches a comment or a string, so that brackets inside are none.
        opener: the terminal that the parser accepts just where a statement may begin; reading goes on there.
        end: what ends a statement: `;` (blocks in braces), or a line's end.
        hint: help for a fault at a place of a text, or nothing.
        indented: help for a line that is indented and must not be, where the end of a line is the terminal NEWLINE.
        spelling: what terminals are called in messages, where their pattern does not say it.
    """

    grammar: Path
    maker: Callable[[], object]
    hint: Callable[[str, int], str]
    starts: tuple[str, ...] = ("module",)
    comment: str = r"//[^\n]*|/\*[\s\S]*?\*/"
    opener: str = "RETURN"
    end: str = ";"
    indented: str = ""
    spelling: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def parser(self) -> Lark:
        text = self.grammar.read_text(encoding="utf-8")
        maker = cast(Any, self.maker())  # Lark only calls its methods by name
        starts = list(self.starts)
        return Lark(text, parser="lalr", lexer="contextual", start=starts, maybe_placeholders=False, transformer=maker)

    @cached_property
    def spelled(self) -> dict[str, str]:
        """Each terminal as a message names it."""
        plain = {t.name: f"`{t.pattern.value}`" for t in self.parser.terminals if t.pattern.type == "str"}
        return plain | {"NAME": "a name", "NUMBER": "a number", "$END": "the end of the text"} | dict(self.spelling)

    @cached_property
    def brackets(self) -> re.Pattern[str]:
        return re.compile(self.comment + _BRACKETS)

    @cached_property
    def quotes(self) -> str:
        """The characters that strings stand in."""
        pattern = next((t.pattern.value for t in self.parser.terminals if t.name == "STRING"), "")
        return "".join(quote for quote in "\"'" if quote in pattern)

    def open_bracket(self, text: str, begin: int, end: int) -> re.Match[str] | None:
        """The innermost bracket of this part of a text that is not closed there."""
        opened: list[re.Match[str]] = []
        for bracket in self.brackets.finditer(text, begin, end):
            if bracket.group() in ("(", "[", "{"):
                opened.append(bracket)
            elif bracket.group() in (")", "]", "}") and opened:
                opened.pop()
        return opened[-1] if opened else None

    @staticmethod
    def line_start(text: str, place: int) -> int:
        """Where the line begins that a place is on; its end is still on it."""
        if place and text.startswith("\r\n", place - 1):
            place -= 1
        return max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1

    @cached_property
    def steps(self) -> re.Pattern[str]:
        """Where statements end and blocks begin and end."""
        return re.compile(self.comment + ("|[;{}]" if self.end == ";" else r"|\n"))

    @cached_property
    def blank(self) -> re.Pattern[str]:
        """The blanks and comments at the end of a text. A comment matches in one way only, or time is exponential."""
        return re.compile(rf"(?:\s|(?![\"'])(?>{self.comment})(?=\s|\Z))+\Z")


def parse_tree(source: Source, dialect: Dialect, start: str, text: str | None = None) -> Any:
    """The tree of a text; raises all its syntax errors at once.

    Args:
        text: the source's text, checked already, with blanks where the parser need not look; messages show the source.
    """
    from qcompile.grammar.recovery import Recovery  # which asks a dialect

    if text is None:
        check_text(source, dialect)
        text = source.text
    recovery = Recovery(source, dialect)
    try:
        result: Any = dialect.parser.parse(text, start=start, on_error=recovery)
    except UnexpectedInput:
        raise CompileError(recovery.found) from None
    if recovery.found:
        raise CompileError(recovery.found)
    return result


def check_text(source: Source, dialect: Dialect) -> None:
    """Raises NOT_TEXT, TOO_DEEP, TOO_LARGE."""
    _check_characters(source)
    _check_depth(source, dialect)
    _check_count(source, dialect)


def _check_characters(source: Source) -> None:
    found = _NOT_TEXT.search(source.text)
    if found:
        line, column = source.position(found.start())
        label = f"{source.name}:{line}:{column} holds the character U+{ord(found.group()):04X}"
        raise error(Code.NOT_TEXT, label, help="give a UTF-8 text; compiled or compressed files are not programs")


def _check_count(source: Source, dialect: Dialect) -> None:
    """Reading a statement takes long enough that what is far too many is refused before."""
    limit = 2 * MAX_OPS
    if source.text.count(dialect.end) > limit and re.sub(dialect.comment, "", source.text).count(dialect.end) > limit:
        label = f"{source.name} has more than {limit} statements"
        raise error(Code.TOO_LARGE, label, help=f"a program has at most {MAX_OPS} operations")


def _check_depth(source: Source, dialect: Dialect) -> None:
    depth = 0
    for bracket in dialect.brackets.finditer(source.text):
        character = bracket.group()
        if character in ("(", "[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                span = Span(source, bracket.start(), bracket.end())
                label = f"this bracket stands inside {MAX_DEPTH} others"
                raise error(Code.TOO_DEEP, label, span, "name its inner parts, and use the names")
        elif character in (")", "]", "}"):
            depth = max(0, depth - 1)

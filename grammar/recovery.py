"""Syntax errors: what to say of each, and where to go on reading."""

from __future__ import annotations

import re
from typing import Any, cast

from lark import Token, UnexpectedCharacters, UnexpectedInput

from qcompile.diagnostics import Code, Diagnostic, Source, Span
from qcompile.grammar.dialect import Dialect

MAX_FAULTS = 50
_WORD = re.compile(r"[A-Za-z0-9_]")
_CLOSED = re.compile(r"""(["'])(?:\\.|(?!\1)[^\\\n])*\1""")
_NEXT_IS_INDENTED = re.compile(r"\s*[\r\n][ \t]+\S")
_CLOSERS = {"SEMICOLON", "COMMA", "COLON", "RPAR", "RSQB", "RBRACE"}


class Recovery:
    """Lark's error handler: notes the fault, drops the broken statement, and reads on after it."""

    def __init__(self, source: Source, dialect: Dialect) -> None:
        self.source = source
        self.dialect = dialect
        self.found: list[Diagnostic] = []

    def __call__(self, fault: UnexpectedInput) -> bool:
        """Can reading go on?"""
        parser = cast(Any, fault).interactive_parser
        start, end = _place(fault, self.source.text)
        self.found.append(self._diagnostic(start, end, parser.accepts()))
        if start >= len(self.source.text) or len(self.found) >= MAX_FAULTS or not self._unwind(parser.parser_state):
            return False
        closes = "RBRACE" in parser.accepts()
        _lexer_thread(parser).state.line_ctr.char_pos = self._next_statement(start, closes)
        return True

    def _diagnostic(self, start: int, end: int, accepted: set[str]) -> Diagnostic:
        text = self.source.text
        before = self.dialect.blank.sub("", text[max(0, start - 500) : start])
        previous = start - min(start, 500) + len(before)
        if text.startswith("/*", start):
            span = Span(self.source, start, start + 2)
            return Diagnostic(Code.UNTERMINATED, "this comment is never closed", span, "close it with `*/`")
        if start >= len(text):
            span = Span(self.source, max(0, previous - 1), previous)
            advice = self._expectation(accepted) + self._open_bracket()
            return Diagnostic(Code.UNTERMINATED, "the text ends here, too early", span, advice)
        if self.dialect.end == ";" and "SEMICOLON" in accepted and "\n" in text[previous:start]:
            span = Span(self.source, max(0, previous - 1), previous)
            return Diagnostic(Code.SYNTAX, "`;` is missing after this", span, "a statement ends with `;`")
        if self.dialect.end == "\n" and text[start] in "\r\n":
            return self._line_end(start, previous, accepted)
        span, hint = Span(self.source, start, end), self.dialect.hint(text, start)
        if text[start] in self.dialect.quotes and not _CLOSED.match(text, start):
            advice = hint or f"close it with another `{text[start]}`"
            return Diagnostic(Code.UNTERMINATED, f"this `{text[start]}` is not closed on its line", span, advice)
        advice = hint or self._guess(text[start], accepted)
        return Diagnostic(Code.SYNTAX, f"`{text[start:end]}` does not fit here", span, advice)

    def _line_end(self, start: int, previous: int, accepted: set[str]) -> Diagnostic:
        """What is wrong with a line that ends here; it is marked on what stands before."""
        text = self.source.text
        begin = self.dialect.line_start(text, start)
        opened = self.dialect.open_bracket(text, begin, start)
        span = Span(self.source, previous - 1, previous) if previous > begin else Span(self.source, start, start + 1)
        if opened:
            label = f"the line ends here, and its `{opened.group()}` is open"
            return Diagnostic(Code.UNTERMINATED, label, span, "close it on the same line")
        if "NEWLINE" in accepted and _NEXT_IS_INDENTED.match(text, start):
            return Diagnostic(Code.SYNTAX, "the line after this is indented", span, self.dialect.indented)
        advice = self.dialect.hint(text, start) or self._expectation(accepted)
        return Diagnostic(Code.SYNTAX, "the line ends here, too early", span, advice)

    def _guess(self, found: str, accepted: set[str]) -> str:
        if not found.isascii():
            return "names are made of A to Z, a to z, 0 to 9 and _"
        if "SEMICOLON" in accepted and found.isalpha():
            return "is a `;` missing before this?"
        return self._expectation(accepted)

    def _expectation(self, accepted: set[str]) -> str:
        if self.dialect.opener in accepted:
            return "expected a statement" + (", or the `}` that closes the block" if "RBRACE" in accepted else "")
        names = {self.dialect.spelled.get(terminal, terminal) for terminal in accepted}
        if len(names) > 8:
            names = {self.dialect.spelled[terminal] for terminal in accepted & _CLOSERS}
            names |= {"an operator"} if "STAR" in accepted else {"an expression"} if "LPAR" in accepted else set()
        if not names:
            return "leave it out, or complete what stands before it"
        *most, last = sorted(names)
        return f"expected {', '.join(most)} or {last}" if most else f"expected {last}"

    def _open_bracket(self) -> str:
        """Where the bracket stands that the end of the text leaves open."""
        opened = self.dialect.open_bracket(self.source.text, 0, len(self.source.text))
        if opened is None:
            return ""
        return f"; the `{opened.group()}` of line {self.source.position(opened.start())[0]} is open"

    def _unwind(self, state: Any) -> bool:
        """Drop what is unfinished, down to where a statement may begin."""
        table = state.parse_conf.states
        while state.state_stack and self.dialect.opener not in table[state.state_stack[-1]]:
            state.state_stack.pop()
            if state.value_stack:
                state.value_stack.pop()
        return bool(state.state_stack)

    def _next_statement(self, start: int, closes: bool) -> int:
        """Where the statement after the broken one begins; a `}` is left standing when it closes the block around."""
        depth, text = 0, self.source.text
        for step in self.dialect.steps.finditer(text, start):
            match step.group():
                case "{":
                    depth += 1
                case "}" if depth == 0:
                    return step.start() if closes else step.end()
                case "}":
                    depth -= 1
                    if depth == 0:
                        return step.end()
                case ";" | "\n" if depth == 0:
                    return step.end()
                case _:
                    pass
        return len(text)


def _lexer_thread(parser: Any) -> Any:
    """The attribute has two names: `lark-parser` 0.12, which Strawberry Fields brings, installs itself over `lark`."""
    return parser.lexer_thread if hasattr(parser, "lexer_thread") else parser.lexer_state


def _place(fault: UnexpectedInput, text: str) -> tuple[int, int]:
    if isinstance(fault, UnexpectedCharacters):
        return fault.pos_in_stream, fault.pos_in_stream + 1
    token: Token = cast(Any, fault).token
    if token.type == "$END":
        return len(text), len(text)
    start = token.start_pos or 0
    end = start + len(token)
    while start > 0 and _WORD.match(text, start - 1) and _WORD.match(text, start):
        start -= 1  # a keyword at the head of a longer word was read by itself
    return start, end

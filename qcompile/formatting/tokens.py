"""A text as tokens, comments among them, each with what stands before it: line breaks, and a blank or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from qcompile.gates import LEVELLED
from qcompile.grammar.syntax import DIALECT, keywords

OPENING, CLOSING = frozenset("(["), frozenset(")]")
_CALLED = frozenset(["expect", "var", "cov", "probs", "samples", "state", "inv", "ctrl", "negctrl", "pow", "homodyne"])
_TIGHT = frozenset(("*", "/", "**", ":"))
_BRACKETED = frozenset({"pauli", *LEVELLED})  # gates whose names end in a bracket
_UNARY = frozenset("-!")
_LONG_SIGNS = r"\*\*|[=!<>]=|&&|\|\|"


@dataclass(slots=True)
class Token:
    """A word, number, string, sign or comment.

    Attributes:
        breaks: line breaks before it.
        touches: nothing stands between it and the token before.
        depth: the round and square brackets of its statement that are open around it.
        is_unary: a sign of one operand.
        spaced: a blank goes before it when it shares a line with the token before.
    """

    text: str
    kind: str
    breaks: int
    touches: bool
    depth: int = 0
    is_unary: bool = False
    spaced: bool = False

    @property
    def is_comment(self) -> bool:
        return self.kind == "COMMENT"

    @property
    def ends_line(self) -> bool:
        """A comment that nothing may follow on its line."""
        return self.is_comment and (self.text.startswith("//") or "\n" in self.text)

    @property
    def is_block_comment(self) -> bool:
        """A comment that stands on lines of its own."""
        return self.is_comment and "\n" in self.text

    @property
    def ends_operand(self) -> bool:
        is_name = self.kind == "NAME" and self.text not in keywords()
        return is_name or self.kind in ("NUMBER", "STRING") or self.text in CLOSING


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text that has no syntax error."""
    breaks, end = 0, 0
    for found in _pattern().finditer(text):
        kind, word = found.lastgroup or "SIGN", found.group()
        if kind == "BLANK":
            breaks += word.count("\n")
            continue
        if kind == "COMMENT":
            word = "\n".join(line.rstrip() for line in word.split("\n"))
        yield Token(word, kind, breaks, found.start() == end)
        breaks, end = 0, found.end()


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """The grammar's own patterns, and every other sign."""
    patterns = {terminal.name: terminal.pattern.value for terminal in DIALECT.parser.terminals}
    named = (f"(?P<{name}>{patterns[name]})" for name in ("COMMENT", "BLANK", "STRING", "NUMBER", "NAME"))
    return re.compile("|".join([*named, _LONG_SIGNS, r"\S"]))


def space(statement: list[Token]) -> None:
    """Note the depth of each token of a statement's head, and where blanks go."""
    depth = 0
    words = [token for token in statement if not token.is_comment]
    before = {id(after): token for token, after in pairwise(words)}
    unary_at = _end_of_first_operand(words) if words[0].text == "gradient" else None
    letters = _end_of_first_operand(words[next((i for i, w in enumerate(words) if w.text in _BRACKETED), -1) :])
    previous: Token | None = None
    for token in statement:
        left = before.get(id(token))
        if token.text in CLOSING:
            depth -= 1
        token.depth = depth
        if token.text in OPENING:
            depth += 1
        if token.text in _UNARY:
            token.is_unary = left is None or left is unary_at or not left.ends_operand
        if previous is not None:
            token.spaced = _is_spaced(previous, token) and not (token.text == "(" and previous is letters)
        previous = token


def _end_of_first_operand(words: list[Token]) -> Token | None:
    """The `]` of `word name[…]` or `word[…]`, or the name where it has no index."""
    for index, word in enumerate(words[1:], 1):
        if word.text == "]" or (index == 1 and word.kind == "NAME" and words[index + 1].text != "["):
            return word
    return None


def _is_spaced(left: Token, right: Token) -> bool:
    """Does a blank go between two tokens?"""
    if left.text in OPENING or right.text in CLOSING or right.text in (",", ";"):
        return False
    if left.is_comment or right.is_comment:
        return True
    if left.is_unary or left.text in _TIGHT or right.text in _TIGHT:
        return False
    if right.text == "(":
        return left.kind != "NAME" or (left.text in keywords() and left.text not in _CALLED)
    if right.text == "[":
        return left.text != "]" and (left.kind != "NAME" or (left.text in keywords() and left.text != "pauli"))
    if left.kind == "NUMBER" and right.text == "im":
        return False
    # `in0.5` is `in 0.5`: the parser may see more words than there are, and none is cut
    return not (left.kind == "NAME" and right.kind == "NUMBER" and right.touches)

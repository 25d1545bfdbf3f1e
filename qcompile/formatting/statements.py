"""Tokens as statements and the blocks in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from qcompile.formatting.tokens import Token, space


@dataclass(slots=True)
class Block:
    items: list[Item] = field(default_factory=list["Item"])


@dataclass(slots=True)
class Statement:
    """Heads and the blocks after them; each brace belongs to the head beside it, `} else {` and the last `}` too."""

    heads: list[list[Token]]
    blocks: list[Block]

    @property
    def breaks(self) -> int:
        return self.heads[0][0].breaks

    @property
    def is_on_one_line(self) -> bool:
        """Has the author put it on one line, or broken it where lines are only filled?"""
        return not any(token.ends_line for head in self.heads for token in head) and all(
            not any(token.breaks for token in head) for head in self.heads[1:]
        )


Item: TypeAlias = Statement | Token


def statements(tokens: Iterable[Token]) -> list[Item]:
    """The statements of a text, and the comments between them."""
    return _Reader(list(tokens)).items()


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def items(self) -> list[Item]:
        found: list[Item] = []
        while self._at < len(self._tokens) and self._tokens[self._at].text != "}":
            if self._tokens[self._at].is_comment and not self._leads():
                found.append(self._next())
            else:
                found.append(self._statement())
        return found

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _leads(self) -> bool:
        """Does the comment here stand before a statement on the same line?"""
        at = self._at
        while at < len(self._tokens) and self._tokens[at].is_comment and not self._tokens[at].ends_line:
            at += 1
            if at < len(self._tokens) and self._tokens[at].breaks:
                return False
        return at < len(self._tokens) and not self._tokens[at].is_comment and self._tokens[at].text != "}"

    def _statement(self) -> Statement:
        made = Statement([], [])
        head: list[Token] = []
        while True:
            head.append(self._next())
            match head[-1].text:
                case ";":
                    break
                case "{":
                    made.heads.append(head)
                    made.blocks.append(Block(self.items()))
                    head = [self._next()]
                    if not self._goes_on():
                        break
                case _:
                    pass
        made.heads.append(head)
        for each in made.heads:
            space(each)
        return made

    def _goes_on(self) -> bool:
        """Does `else` follow, comments apart?"""
        at = self._at
        while at < len(self._tokens) and self._tokens[at].is_comment:
            at += 1
        return at < len(self._tokens) and self._tokens[at].text == "else"

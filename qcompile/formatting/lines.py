"""The head of a statement as lines: filled to 100 columns, operators leading, what is outermost broken first.

A line break that the author puts right after an opening bracket, or right after the `=` of a sum, opens it up: what is
inside stands indented, and the breaks between its entries or terms are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qcompile.formatting.tokens import CLOSING, OPENING, Token

COLUMNS = 100  # indentation apart, as the printer counts
INDENT = 2
_HANG = 4
_LEADING = frozenset(("+", "-", "&&", "||", "^"))


@dataclass(slots=True)
class Line:
    indent: int
    text: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class _Style:
    """How the lines of a head hang, and the depths of the commas and operators that are broken first."""

    hang: int
    commas: int = 0
    operators: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """Tokens that are filled together; where `kept`, the author's breaks at depth `base` stay."""

    tokens: list[Token]
    first: int
    later: int
    base: int = 0
    kept: bool = False


def flat(head: list[Token]) -> str:
    """The head on one line."""
    return "".join(f"{' ' * token.spaced}{token.text}" for token in head)


def is_open(head: list[Token]) -> bool:
    """Is a bracket or a sum of it opened up?"""
    sum_start = _sum_start(head)
    return any(_opens(head, at, sum_start) for at in range(len(head)))


def wrapped(head: list[Token]) -> list[Line]:
    """The head as lines, indented from its own beginning."""
    style = _style(head)
    lines = [line for run in _runs(head, style.hang) for line in _fitted(run, style)]
    if style.hang > _HANG and any(len(line.text) + line.indent > COLUMNS for line in lines):
        return [line for run in _runs(head, _HANG) for line in _fitted(run, style)]
    return lines


# ---- what is broken where


def _style(head: list[Token]) -> _Style:
    """The printer aligns what goes on under `=`, `generator`, or the first result."""
    words = [token for token in head if not token.is_comment]
    match words[0].text:
        case "return":
            return _Style(len("return "), operators=1)
        case "gradient":
            return _Style(len("gradient "))
        case "observable" | "component":
            return _Style(_column(head, "="))
        case "gate" | "channel" if words[-1].text == ";":
            if any(word.text == "generator" for word in words):
                return _Style(_column(head, "generator"))
            return _Style(_column(head, "="), commas=2, operators=-1)
        case _:
            return _Style(_HANG)


def _column(head: list[Token], text: str) -> int:
    at = next((i for i, token in enumerate(head) if token.text == text and not token.depth), 0)
    return len(flat(head[:at])) + 1 if at else _HANG


def _sum_start(head: list[Token]) -> int | None:
    """Where the `=` or `generator` before a sum stands."""
    words = [token for token in head if not token.is_comment]
    sign = {"observable": "=", "component": "=", "gate": "generator"}.get(words[0].text)
    return next((i for i, token in enumerate(head) if token.text == sign and not token.depth), None)


def _opens(head: list[Token], at: int, sum_start: int | None) -> bool:
    if at + 1 >= len(head) or not (at == sum_start or (head[at].text in OPENING and head[at].depth == 0)):
        return False
    after = head[at + 1]
    return after.text not in CLOSING and (after.breaks > 0 or after.ends_line)


def _trails(token: Token) -> bool:
    """Is it a comment at the end of the line before?"""
    return token.is_comment and not token.breaks and not token.is_block_comment


def _runs(head: list[Token], hang: int) -> Iterator[_Run]:
    start, sum_start = 0, _sum_start(head)
    at = 0
    while at < len(head):
        if not _opens(head, at, sum_start):
            at += 1
            continue
        after = at + 1
        while _trails(head[after]):
            after += 1
        yield _Run(head[start:after], 0, hang)
        if at == sum_start:
            yield _Run(head[after:], INDENT, INDENT, kept=True)
            return
        close = next(i for i in range(at + 1, len(head)) if head[i].text in CLOSING and not head[i].depth)
        if after < close:
            yield _Run(head[after:close], INDENT, INDENT, base=1, kept=True)
        start = at = close
    yield _Run(head[start:], 0, hang)


# ---- filling


def _fitted(run: _Run, style: _Style) -> list[Line]:
    """Broken at the outermost places that let every line fit."""
    deepest = max((token.depth for token in run.tokens), default=0)
    lines = _filled(run, style.commas, style.operators)
    for more in range(1, deepest + 2):
        if all(len(line.text) + line.indent <= COLUMNS for line in lines):
            break
        lines = _filled(run, style.commas + more, style.operators + more)
    return lines


def _filled(run: _Run, commas: int, operators: int) -> list[Line]:
    lines = [Line(run.first, "")]
    for piece, forced in _pieces(run, max(run.base, commas), max(run.base, operators) if operators >= 0 else -1):
        line, text = lines[-1], flat(piece).lstrip()
        is_wide = line.indent + len(line.text) + piece[0].spaced + len(text) > COLUMNS
        if forced or (line.text and is_wide and not _trails(piece[0])):  # else another run would take the comment next
            lines.append(line := Line(run.later, ""))
        if piece[0].ends_line and line.text:
            line.comment = text
        else:
            line.text += f"{' ' if piece[0].spaced and line.text else ''}{text}"
    return lines


def _pieces(run: _Run, commas: int, operators: int) -> Iterator[tuple[list[Token], bool]]:
    """What is not broken, and whether it begins a line in any case."""
    piece: list[Token] = []
    forced = False
    for at, token in enumerate(run.tokens):
        left = run.tokens[at - 1] if at else None
        if left is None:
            piece = [token]
            continue
        must = left.ends_line or (token.ends_line and (token.breaks > 0 or token.is_block_comment))
        must = must or (run.kept and _is_kept(run, at))
        may = (left.text == "," and left.depth <= commas) or (_leads(token) and token.depth <= operators)
        if must or may or token.ends_line:
            yield piece, forced
            piece, forced = [], must
        piece.append(token)
    if piece:
        yield piece, forced


def _leads(token: Token) -> bool:
    return token.text in _LEADING and not token.is_unary


def _is_kept(run: _Run, at: int) -> bool:
    """A break of the author's between entries, or before or after an operator."""
    token, left = run.tokens[at], run.tokens[at - 1]
    if token.depth != run.base and left.depth != run.base:
        return False
    if left.text == "," and left.depth == run.base:
        return token.breaks > 0 and not token.ends_line
    after = run.tokens[at + 1] if at + 1 < len(run.tokens) else None
    follows = after is not None and after.breaks > 0
    return _leads(token) and token.depth == run.base and (token.breaks > 0 or follows)

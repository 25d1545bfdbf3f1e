"""The straight way through plain gate statements: `rz(3*pi/8) q[0];` by one regular expression instead of the parser.

Long programs are mostly that. What is plain is blanked out of the text that the parser gets; everything else is the
parser's, at its own place. All the groups of the expression are atomic: it never tries another way through a text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Set
from functools import lru_cache
from typing import NamedTuple

from qcompile.angle import Angle, pi_times
from qcompile.grammar.openqasm2.expressions import PI, literal

_PI = pi_times(1)
_FEWER = 50  # statements for which the detour is not worth it
_BLANK = r"[ \t\r\n\f\ufeff]*+"
_NUMBER = r"(?>[0-9]++\.?[0-9]*+|\.[0-9]++)(?>[eE][-+]?[0-9]++)?+"
_WIRE = re.compile(r"\s*+(\w++)\[([0-9]++)\]\s*+")
_FACTOR = re.compile(rf"([*/]?)[ \t]*+(-?)(?:({_NUMBER})|{PI})")


class Plain(NamedTuple):
    """A gate statement; `match` has the gate, its angles and its wires as text."""

    match: re.Match[str]
    start: int
    end: int


def plain_statements(text: str, ends: re.Pattern[str], keywords: Set[str]) -> tuple[list[Plain], str]:
    """The plain gate statements outside blocks, and the text with blanks in their place.

    Args:
        ends: matches comments, strings, `;` and braces.
        keywords: words that are no names.
    """
    found: list[Plain] = []
    if text.count(";") < _FEWER:
        return found, text
    match_plain = _pattern(tuple(sorted(keywords))).match
    kept: list[str] = []
    position = kept_to = 0
    while position < len(text):
        match = match_plain(text, position)
        if match is None:
            kept.append(" " * (position - kept_to))
            kept_to, position = position, _after(text, position, ends)
            kept.append(text[kept_to:position])
            kept_to = position
        else:
            found.append(Plain(match, match.start(1), match.end(3)))
            position = match.end()
    kept.append(" " * (position - kept_to))
    return found, "".join(kept)


def products(text: str) -> tuple[Angle, ...]:
    """The angles of a plain statement, worked out as the parser's tree would be; raises ArithmeticError."""
    return tuple([_product(part) for part in text.split(",")])


def places(text: str) -> list[tuple[str, str]]:
    """The registers and indices of a plain statement's wires."""
    return [(wire[1], wire[2]) for wire in _WIRE.finditer(text)]


def _product(text: str) -> Angle:
    total = Angle()
    for factor in _FACTOR.finditer(text):
        sign, minus, digits = factor.groups()
        value = literal(digits) if digits else _PI
        value = -value if minus else value
        total = total / value if sign == "/" else total * value if sign else value
    if not math.isfinite(total.constant.plain):
        raise OverflowError("the product is too large")
    return total


@lru_cache(maxsize=1)
def _pattern(keywords: tuple[str, ...]) -> re.Pattern[str]:
    """Gate, angles and wires: every text that it matches, the grammar takes as one application."""
    name = rf"(?>(?!(?:{'|'.join(keywords)})\b)[A-Za-z_][A-Za-z0-9_]*+)"
    number = rf"-?+(?>{_NUMBER}|{PI}\b)(?![\w.])"
    angle = rf"[ \t]*+{number}(?>[ \t]*+[*/][ \t]*+{number})*+[ \t]*+"
    wire = rf"{name}\[[0-9]++\]"
    angles = rf"{_BLANK}\(({angle}(?>,{_BLANK}{angle})*+)\){_BLANK}"
    return re.compile(rf"{_BLANK}({name})(?>{angles}|[ \t\r\n]++)({wire}(?>{_BLANK},{_BLANK}{wire})*+){_BLANK};")


def _after(text: str, position: int, ends: re.Pattern[str]) -> int:
    """Where the statement or the comment at a position ends."""
    depth = 0
    for step in ends.finditer(text, position):
        match step.group():
            case "{":
                depth += 1
            case "}":
                depth -= 1
                if depth <= 0:
                    return step.end()
            case ";" if depth == 0:
                return step.end()
            case comment if comment[0] == "/" and not text[position : step.start()].strip():
                return step.end()
            case _:
                pass
    return len(text)

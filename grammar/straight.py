"""The straight way through plain gate statements: `rx(2*theta) q[0];` by one regular expression instead of the parser.

Long programs are mostly that. What is plain is made into the very nodes that the grammar would make, and blanked out of
the text that the parser gets; everything else is the parser's, at its own place. The groups of the expression are
atomic: it never tries another way through a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from qcompile.grammar import tree

_NAME = r"[A-Za-z_][A-Za-z0-9_]*+"
_NUMBER = r"(?>[0-9]++\.?[0-9]*+|\.[0-9]++)(?>[eE][+-]?[0-9]++)?+"
_WIRE = rf"(?>{_NAME}(?>\[[0-9]++\])?+)"
_ATOM = rf"(?>{_NUMBER}|{_WIRE})"
_ANGLE = rf"(?>-?+{_ATOM}(?>[*/]{_ATOM})*+)"
_PLAIN = re.compile(rf"({_NAME})(?>\(((?>{_ANGLE}(?>, ?+{_ANGLE})*+))\))?+ ((?>{_WIRE}(?>, ?+{_WIRE})*+));")
_PARTS = re.compile(rf"({_NUMBER})|({_NAME})(?:\[([0-9]+)\])?|([-*/,])")
_WORD = re.compile(_NAME)
_BLANK = re.compile(r"[ \t\r\n\f\ufeff]++")
_FEWER = 50  # statements for which the detour is not worth it


def plain_statements(
    text: str, ends: re.Pattern[str], keywords: Callable[[], Set[str]]
) -> tuple[list[tree.Plain], str]:
    """The plain gate statements outside blocks, and the text with blanks in their place.

    Args:
        ends: matches comments, `;` and braces.
        keywords: words that are no names.
    """
    found: list[tree.Plain] = []
    if text.count(";") < _FEWER:
        return found, text
    reserved = keywords()
    known: dict[str | None, bool] = {None: True}  # parts of statements: have they no keyword?
    kept: list[str] = []
    position = done = 0
    while position < len(text):
        match = _PLAIN.match(text, position)
        if match is None:
            blank = _BLANK.match(text, position)
            position = blank.end() if blank else _after(text, position, ends)
            continue
        position = match.end()
        for part in match.groups():
            if part not in known:
                known[part] = reserved.isdisjoint(_WORD.findall(part))
            if not known[part]:
                break
        else:
            found.append(tree.Plain(match, match.start(), match.end(3)))
            kept += text[done : match.start()], " " * (position - match.start())
            done = position
    kept.append(text[done:])
    return found, "".join(kept)


def application(node: tree.Plain) -> tree.Application:
    """What the grammar makes of the statement."""
    match, text = node.match, node.match.string
    arguments = () if match[2] is None else _angles(text, match.start(2), match.end(2))
    wires = tuple([_item(part) for part in _PARTS.finditer(text, match.start(3), match.end(3)) if part[2]])
    return tree.Application((), tree.Name(match[1], *match.span(1)), None, arguments, wires, node.start, node.end)


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
            case _ if step.start() == position:
                return step.end()
            case _:
                pass
    return len(text)


def _angles(text: str, start: int, end: int) -> tuple[tree.Expression, ...]:
    angles: list[tree.Expression] = []
    factors: list[tuple[str, tree.Expression]] = []
    sign, minus = "*", -1
    for part in _PARTS.finditer(text, start, end):
        if part[4] is None:
            atom = tree.Number(part[1], *part.span(1)) if part[1] is not None else _item(part)
            factors.append((sign, _negated(atom, minus)))
            minus = -1
        elif part[4] == ",":
            angles.append(_product(factors))
            factors, sign = [], "*"
        elif part[4] == "-":
            minus = part.start()
        else:
            sign = part[4]
    angles.append(_product(factors))
    return tuple(angles)


def _item(part: re.Match[str]) -> tree.Name | tree.Item:
    name = tree.Name(part[2], *part.span(2))
    if part[3] is None:
        return name
    return tree.Item(name, tree.Number(part[3], *part.span(3)), name.start, part.end())


def _negated(atom: tree.Expression, minus: int) -> tree.Expression:
    return atom if minus < 0 else tree.Negated(True, atom, minus, atom.end)


def _product(factors: list[tuple[str, tree.Expression]]) -> tree.Expression:
    if len(factors) == 1:
        return factors[0][1]
    return tree.Times(tuple(factors), factors[0][1].start, factors[-1][1].end)

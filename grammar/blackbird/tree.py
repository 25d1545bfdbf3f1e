"""The syntax tree of Blackbird: what is written, before names mean anything.

Each node ends with its first and last character.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Complex:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """name[index]"""

    name: Name
    place: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    function: Name
    argument: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    """`{name}`: a free parameter."""

    name: Name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """An expression in parentheses."""

    inner: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Negated:
    odd: bool
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Total:
    """A sum; each term with whether it is subtracted."""

    terms: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Times:
    """A product; each factor with whether it divides."""

    factors: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Raised:
    """A power of powers, from the right."""

    parts: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Truth:
    holds: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Listed:
    """Values in square brackets."""

    items: tuple[Value, ...]
    start: int
    end: int


Expression: TypeAlias = Number | Complex | Name | Item | Call | Template | Group | Negated | Total | Times | Raised
Value: TypeAlias = Expression | Text | Truth


@dataclass(frozen=True, slots=True)
class Range:
    """first:last or first:last:step, the end exclusive."""

    first: Expression
    last: Expression
    step: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Keyword:
    """name=value"""

    name: Name
    value: Value | Listed
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """`name`, `version`, `target` or `type`, with what follows it."""

    word: str
    value: Name
    options: tuple[Value | Keyword, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Included:
    path: Text
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Variable:
    kind: str
    name: Name
    value: Value
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Array:
    kind: str
    name: Name
    shape: tuple[Number, ...]
    rows: tuple[tuple[Expression, ...], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operation:
    name: Name
    arguments: tuple[Value | Keyword, ...]
    modes: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Loop:
    kind: str
    variable: Name
    turns: Range | Listed
    body: tuple[Operation, ...]
    start: int
    end: int


Statement: TypeAlias = Header | Included | Variable | Array | Operation | Loop
Node: TypeAlias = Value | Listed | Range | Keyword | Statement

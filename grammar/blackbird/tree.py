"""The syntax tree of Blackbird: what is written, before names mean anything.

Each node ends with its first and last character.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Number(NamedTuple):
    text: str
    start: int
    end: int


class Complex(NamedTuple):
    text: str
    start: int
    end: int


class Name(NamedTuple):
    text: str
    start: int
    end: int


class Item(NamedTuple):
    """name[index]"""

    name: Name
    place: Expression
    start: int
    end: int


class Call(NamedTuple):
    function: Name
    argument: Expression
    start: int
    end: int


class Template(NamedTuple):
    """`{name}`: a free parameter."""

    name: Name
    start: int
    end: int


class Group(NamedTuple):
    """An expression in parentheses."""

    inner: Expression
    start: int
    end: int


class Negated(NamedTuple):
    odd: bool
    operand: Expression
    start: int
    end: int


class Total(NamedTuple):
    """A sum; each term with whether it is subtracted."""

    terms: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


class Times(NamedTuple):
    """A product; each factor with whether it divides."""

    factors: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


class Raised(NamedTuple):
    """A power of powers, from the right."""

    parts: tuple[Expression, ...]
    start: int
    end: int


class Text(NamedTuple):
    text: str
    start: int
    end: int


class Truth(NamedTuple):
    holds: bool
    start: int
    end: int


class Listed(NamedTuple):
    """Values in square brackets."""

    items: tuple[Value, ...]
    start: int
    end: int


Expression: TypeAlias = Number | Complex | Name | Item | Call | Template | Group | Negated | Total | Times | Raised
Value: TypeAlias = Expression | Text | Truth


class Range(NamedTuple):
    """first:last or first:last:step, the end exclusive."""

    first: Expression
    last: Expression
    step: Expression | None
    start: int
    end: int


class Keyword(NamedTuple):
    """name=value"""

    name: Name
    value: Value | Listed
    start: int
    end: int


class Header(NamedTuple):
    """`name`, `version`, `target` or `type`, with what follows it."""

    word: str
    value: Name
    options: tuple[Value | Keyword, ...]
    start: int
    end: int


class Included(NamedTuple):
    path: Text
    start: int
    end: int


class Variable(NamedTuple):
    kind: str
    name: Name
    value: Value
    start: int
    end: int


class Array(NamedTuple):
    kind: str
    name: Name
    shape: tuple[Number, ...]
    rows: tuple[tuple[Expression, ...], ...]
    start: int
    end: int


class Operation(NamedTuple):
    name: Name
    arguments: tuple[Value | Keyword, ...]
    modes: tuple[Expression, ...]
    start: int
    end: int


class Loop(NamedTuple):
    kind: str
    variable: Name
    turns: Range | Listed
    body: tuple[Operation, ...]
    start: int
    end: int


Statement: TypeAlias = Header | Included | Variable | Array | Operation | Loop
Node: TypeAlias = Value | Listed | Range | Keyword | Statement

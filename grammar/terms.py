"""The expressions of the syntax tree, and what stands in their places: ranges, lists, operands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Range:
    """first:last or first:step:last, the end exclusive; a slice may leave its ends open, as `first::step` does."""

    first: Expression | None
    step: Expression | None
    last: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """name[index]"""

    name: Name
    place: Expression | Range
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """name[index][index]…, an entry of a table of constants"""

    name: Name
    places: tuple[Expression | Range, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Listed:
    """[first, second, …]"""

    entries: tuple[Expression | Listed, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    function: Name
    arguments: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Clause:
    """for variable in values"""

    variable: Name
    values: Values
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comprehension:
    """`sum(term for i in 0:3)`, or a product; the later clauses turn faster."""

    function: Name
    term: Expression
    clauses: tuple[Clause, ...]
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
    """A product; each factor with the sign before it: `*`, `/`, `%`, or nothing."""

    factors: tuple[tuple[str, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Raised:
    """base ** exponents, from the right; each exponent with whether it is negated."""

    base: Expression
    exponents: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Inverted:
    """`!operand`, the signs counted."""

    odd: bool
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Compared:
    """left == right, or another comparison; more than one sign in a row is refused when it is read."""

    operands: tuple[Expression, ...]
    signs: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Truth values under one of `&&`, `||` and `^`."""

    sign: str
    operands: tuple[Expression, ...]
    start: int
    end: int


Numeric: TypeAlias = Number | Name | Item | Entry | Call | Comprehension | Group | Negated | Total | Times | Raised
Truth: TypeAlias = Inverted | Compared | Joined
Expression: TypeAlias = Numeric | Truth
Operand: TypeAlias = Name | Item
Values: TypeAlias = Range | Listed | Expression

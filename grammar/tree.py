"""The syntax tree: what is written, before names mean anything. Each node ends with its first and last character."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias


class Number(NamedTuple):
    text: str
    start: int
    end: int


class Name(NamedTuple):
    text: str
    start: int
    end: int


class Range(NamedTuple):
    """first:last or first:step:last, the end exclusive."""

    first: Expression
    step: Expression | None
    last: Expression
    start: int
    end: int


class Item(NamedTuple):
    """name[index]"""

    name: Name
    place: Expression | Range
    start: int
    end: int


class Call(NamedTuple):
    function: Name
    arguments: tuple[Expression, ...]
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
    """A product; each factor with the sign before it: `*`, `/`, `%`, or nothing."""

    factors: tuple[tuple[str, Expression], ...]
    start: int
    end: int


class Raised(NamedTuple):
    """base ** exponents, from the right; each exponent with whether it is negated."""

    base: Expression
    exponents: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


Expression: TypeAlias = Number | Name | Item | Call | Group | Negated | Total | Times | Raised
Operand: TypeAlias = Name | Item


class Declared(NamedTuple):
    name: Name
    size: Expression | None
    start: int
    end: int


class Declaration(NamedTuple):
    kind: str
    items: tuple[Declared, ...]
    start: int
    end: int


class Definition(NamedTuple):
    name: Name
    parameters: tuple[Name, ...]
    wires: tuple[Name, ...]
    body: Block
    start: int
    end: int


class Observable(NamedTuple):
    name: Name
    value: Expression
    start: int
    end: int


class Modifier(NamedTuple):
    kind: str
    argument: Expression | None
    start: int
    end: int


class Application(NamedTuple):
    """A gate on wires; `letters` are those of `pauli[XYZ]`."""

    modifiers: tuple[Modifier, ...]
    gate: Name
    letters: Name | None
    arguments: tuple[Expression, ...]
    operands: tuple[Operand, ...]
    start: int
    end: int


class Plain(NamedTuple):
    """An application without modifiers, found by one regular expression: the gate, its angles, its wires as text."""

    match: re.Match[str]
    start: int
    end: int


class Measurement(NamedTuple):
    target: Operand
    word: str
    angle: Expression | None
    operand: Operand
    start: int
    end: int


class Reset(NamedTuple):
    operand: Operand
    start: int
    end: int


class Test(NamedTuple):
    """operand, !operand, or operand == value."""

    operand: Operand
    negated: bool
    value: Expression | None
    start: int
    end: int


class Conditional(NamedTuple):
    tests: tuple[Test, ...]
    then: Block
    otherwise: Block | None
    start: int
    end: int


class Loop(NamedTuple):
    variable: Name
    bounds: Range
    body: Block
    start: int
    end: int


class Result(NamedTuple):
    function: str
    arguments: tuple[Expression, ...]
    start: int
    end: int


class Results(NamedTuple):
    items: tuple[Result, ...]
    start: int
    end: int


class Form(NamedTuple):
    """`shifted;` or `adjoint;`"""

    word: str
    start: int
    end: int


class Template(NamedTuple):
    name: Name
    body: Block
    start: int
    end: int


class Row(NamedTuple):
    name: Name
    template: Name
    settings: tuple[tuple[Operand, Expression], ...]
    start: int
    end: int


class Component(NamedTuple):
    output: Operand
    wrt: tuple[Operand, ...]
    exactness: str
    value: Expression
    start: int
    end: int


class Naive(NamedTuple):
    value: Expression
    start: int
    end: int


class Part(NamedTuple):
    """`forward { … }` or `reverse { … }`"""

    word: str
    body: Block
    start: int
    end: int


class Gradient(NamedTuple):
    slot: Operand
    generator: Expression
    start: int
    end: int


Action: TypeAlias = Application | Plain | Measurement | Reset | Conditional | Loop
Head: TypeAlias = Declaration | Definition | Observable | Results
Derivative: TypeAlias = Form | Template | Row | Component | Naive | Part | Gradient
Statement: TypeAlias = Action | Head | Derivative


class Block(NamedTuple):
    statements: tuple[Statement, ...]
    end: int


Node: TypeAlias = Expression | Range | Declared | Modifier | Test | Result | Statement

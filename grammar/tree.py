"""The syntax tree: what is written, before names mean anything. Each node ends with its first and last character."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

# isort: off
from qcompile.grammar.terms import (
    Call as Call,
    Clause as Clause,
    Compared as Compared,
    Comprehension as Comprehension,
    Entry as Entry,
    Expression as Expression,
    Group as Group,
    Inverted as Inverted,
    Item as Item,
    Joined as Joined,
    Listed as Listed,
    Name as Name,
    Negated as Negated,
    Number as Number,
    Numeric as Numeric,
    Operand as Operand,
    Raised as Raised,
    Range as Range,
    Times as Times,
    Total as Total,
    Truth as Truth,
    Values as Values,
)
# isort: on


@dataclass(frozen=True, slots=True)
class Declared:
    name: Name
    size: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Declaration:
    kind: str
    items: tuple[Declared, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Bound:
    """name = value of a constant; a size may be left open."""

    name: Name
    sizes: tuple[Expression | None, ...]
    value: Expression | Listed
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Constant:
    type: Name
    items: tuple[Bound, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alias:
    """let name = operands"""

    name: Name
    operands: tuple[Operand, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Generator:
    """What is exponentiated: U = exp(-i θ value)."""

    value: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Matrices:
    """The matrix of a gate, or the Kraus matrices of a channel."""

    matrices: tuple[Listed, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Formal:
    """A parameter or a wire of a gate or a sub-circuit; `type` is None where none is written."""

    type: Name | None
    name: Name
    sizes: tuple[Expression | None, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A gate, a channel or an opaque gate; `meaning` is None for the last."""

    word: str
    name: Name
    parameters: tuple[Name, ...]
    wires: tuple[Formal, ...]
    meaning: Block | Generator | Matrices | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Subcircuit:
    name: Name
    parameters: tuple[Formal, ...]
    wires: tuple[Formal, ...]
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Import:
    """`import "file.qc"`, or `import name` of a library file."""

    target: str
    is_file: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Observable:
    name: Name
    value: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Modifier:
    kind: str
    argument: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Application:
    """A gate on wires; `letters` are those of `pauli[XYZ]`, `level` is that of `snap[3]`."""

    modifiers: tuple[Modifier, ...]
    gate: Name
    letters: Name | None
    arguments: tuple[Expression, ...]
    operands: tuple[Operand, ...]
    start: int
    end: int
    level: Expression | Range | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """An application without modifiers, found by one regular expression: the gate, its angles, its wires as text."""

    match: re.Match[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Measurement:
    target: Operand
    word: str
    angle: Expression | None
    operand: Operand
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reset:
    operand: Operand
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`if` and each `else if` with its block, and the block of the last `else`."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Loop:
    variable: Name
    values: Values
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class While:
    condition: Expression
    limit: Expression | None
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Postselection:
    condition: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Barrier:
    operands: tuple[Operand, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Result:
    function: str
    arguments: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Results:
    items: tuple[Result, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Form:
    """`shifted;`, `shifted seed 7;` or `adjoint;`"""

    word: str
    option: Name | None
    value: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    name: Name
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    name: Name
    template: Name
    settings: tuple[tuple[Operand, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Component:
    output: Operand
    wrt: tuple[Operand, ...]
    exactness: str
    value: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """`certificate wrt gamma = naive 36, joint 32, least 8;`"""

    wrt: tuple[Operand, ...]
    counts: tuple[tuple[Name, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Part:
    """`forward { … }` or `reverse { … }`"""

    word: str
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gradient:
    slot: Operand
    generator: Expression
    within: Application | None
    start: int
    end: int


Action: TypeAlias = Application | Plain | Measurement | Reset | Conditional | Loop | While | Postselection | Barrier
Local: TypeAlias = Constant | Alias
Head: TypeAlias = Declaration | Definition | Subcircuit | Observable | Import | Results
Derivative: TypeAlias = Form | Template | Row | Component | Certificate | Part | Gradient
Statement: TypeAlias = Action | Local | Head | Derivative


@dataclass(frozen=True, slots=True)
class Block:
    statements: tuple[Statement, ...]
    end: int


Piece: TypeAlias = Range | Listed | Clause | Declared | Bound | Formal | Generator | Matrices | Modifier | Result
Node: TypeAlias = Expression | Piece | Statement

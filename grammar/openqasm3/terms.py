"""The expressions and types of OpenQASM 3. Each node ends with its first and last character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

# ---- expressions


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a truth value, bits in quotes or a time, as written; `kind` is the grammar's word for it."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name, or a physical qubit: `$3`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Range:
    """first:last or first:step:last, both ends included; an end that is left out is the register's."""

    first: Expression | None
    step: Expression | None
    last: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Braces:
    """{…}: an index set, or the entries of an array."""

    entries: tuple[Value, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Index:
    """[…], its entries separated by commas, or one set."""

    entries: tuple[Expression | Range | Braces, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    base: Expression
    indices: tuple[Index, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    function: Name
    arguments: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cast:
    type: ScalarType
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Signed:
    """Signs before an operand, the innermost last."""

    signs: tuple[str, ...]
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator on the one or two values before it; a decided `&&` or `||` leaves out `skip` steps."""

    sign: str
    operands: int
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators and operands in the order in which a stack computes them."""

    steps: tuple[Expression | Operator, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Measured:
    operand: Operand
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Invocation:
    """A subroutine called as a gate is: angles in parentheses, then qubits."""

    function: Name
    arguments: tuple[Expression, ...]
    operands: tuple[Operand, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Joined:
    """a ++ b"""

    parts: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operand:
    name: Name
    indices: tuple[Index, ...]
    start: int
    end: int


Expression: TypeAlias = Literal | Name | Item | Call | Cast | Signed | Chain
Value: TypeAlias = Expression | Measured | Invocation | Braces | Joined

# ---- types


@dataclass(frozen=True, slots=True)
class ScalarType:
    word: str
    size: Expression | None
    part: ScalarType | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ArrayType:
    scalar: ScalarType
    sizes: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """An array that a subroutine is lent: its sizes, or how many of them there are."""

    access: str
    scalar: ScalarType
    sizes: tuple[Expression, ...]
    dimensions: Expression | None
    start: int
    end: int


Type: TypeAlias = ScalarType | ArrayType

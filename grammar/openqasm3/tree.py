"""The syntax tree of OpenQASM 3. Each node ends with its first and last character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

# isort: off
from qcompile.grammar.openqasm3.terms import (
    ArrayType as ArrayType,
    Braces as Braces,
    Call as Call,
    Cast as Cast,
    Chain as Chain,
    Expression as Expression,
    Index as Index,
    Invocation as Invocation,
    Item as Item,
    Joined as Joined,
    Literal as Literal,
    Measured as Measured,
    Name as Name,
    Operand as Operand,
    Operator as Operator,
    Range as Range,
    Reference as Reference,
    ScalarType as ScalarType,
    Signed as Signed,
    Type as Type,
    Value as Value,
)
# isort: on

# ---- statements


@dataclass(frozen=True, slots=True)
class Version:
    number: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Include:
    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A pragma, an annotation, the choice of a calibration language."""

    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Calibration:
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Extern:
    name: Name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Qubits:
    name: Name
    size: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """A classical variable; `role` is nothing, `const`, `input` or `output`."""

    role: str
    type: Type
    name: Name
    value: Value | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alias:
    name: Name
    value: Value
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gate:
    name: Name
    parameters: tuple[Name, ...]
    wires: tuple[Name, ...]
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Formal:
    """What a subroutine takes: `type` is None for qubits, whose `size` may be given."""

    type: ScalarType | Reference | None
    size: Expression | None
    name: Name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Subroutine:
    name: Name
    formals: tuple[Formal, ...]
    result: ScalarType | None
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Modifier:
    word: str
    arguments: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Application:
    """A gate, or a subroutine called as a gate is, on its operands."""

    modifiers: tuple[Modifier, ...]
    name: Name
    arguments: tuple[Expression, ...]
    operands: tuple[Operand, ...]
    target: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """`sign` is `=`, `+=` and the like; nothing where an expression stands alone."""

    target: Expression
    sign: str
    value: Value | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Measurement:
    value: Measured
    target: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OnWires:
    """`reset`, `barrier`, `delay` or `nop`."""

    word: str
    size: Expression | None
    operands: tuple[Operand, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Box:
    size: Expression | None
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    statements: tuple[Statement, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class For:
    type: ScalarType | None
    name: Name
    values: Range | Braces | Expression
    body: Statement
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Expression
    then: Statement
    otherwise: Statement | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class While:
    condition: Expression
    body: Statement
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """`labels` are empty for `default`."""

    labels: tuple[Expression, ...]
    body: Block
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Switch:
    value: Expression
    cases: tuple[Case, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Jump:
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Return:
    value: Value | None
    start: int
    end: int


Statement: TypeAlias = (
    Version | Include | Remark | Calibration | Extern | Qubits | Declaration | Alias | Gate | Subroutine | Application
    | Assignment | Measurement | OnWires | Box | Block | For | Conditional | While | Switch | Jump | Return
)  # fmt: skip
Node: TypeAlias = (
    Statement | Value | Range | Index | Operand | Type | Reference | Formal | Modifier | Case
)  # fmt: skip

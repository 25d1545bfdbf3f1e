"""The syntax tree of Quil: what is written, before names mean anything.

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
class Imaginary:
    """A number times i; the text is without the i."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """%name, without the percent sign."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in memory, or a constant such as `pi`, or a qubit; without an entry it is the first."""

    name: str
    entry: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    function: Name
    argument: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """An expression in parentheses."""

    inner: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Signed:
    """The operand under an odd or even number of minus signs."""

    odd: bool
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Total:
    """Terms, each with whether it is subtracted."""

    terms: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Times:
    """Factors, each with whether it divides."""

    factors: tuple[tuple[bool, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Raised:
    """Powers, taken from the left."""

    operands: tuple[Expression, ...]
    start: int
    end: int


Expression: TypeAlias = Number | Imaginary | Parameter | Reference | Call | Group | Signed | Total | Times | Raised


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """DECLARE; `offsets` are counts and types, from the start of what is shared."""

    name: Name
    type: Name
    length: Name | None
    parent: Name | None
    offsets: tuple[tuple[Name, Name], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Inclusion:
    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class External:
    name: Name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MatrixDefinition:
    """DEFGATE by a matrix, or by a permutation in one row."""

    name: Name
    parameters: tuple[Parameter, ...]
    is_permutation: bool
    rows: tuple[tuple[Expression, ...], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BodyDefinition:
    """DEFGATE by a Pauli sum (each term is written as a gate) or by a sequence."""

    name: Name
    parameters: tuple[Parameter, ...]
    qubits: tuple[Name, ...]
    is_sum: bool
    body: tuple[Application, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Circuit:
    name: Name
    parameters: tuple[Parameter, ...]
    qubits: tuple[Name, ...]
    body: tuple[Instruction, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Application:
    """A gate or circuit with what it acts on; a target with an index is memory."""

    modifiers: tuple[str, ...]
    name: Name
    arguments: tuple[Expression, ...]
    targets: tuple[Reference, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Measurement:
    qubit: Reference
    result: Reference | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reset:
    qubit: Reference | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fence:
    qubits: tuple[Reference, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Plain:
    """NOP, WAIT or HALT."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Label:
    place: Name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Jump:
    place: Name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Branch:
    """JUMP-WHEN (`wanted`) or JUMP-UNLESS."""

    wanted: bool
    place: Name
    condition: Reference
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Computation:
    """A classical instruction: its word, the place that it changes, and what it reads beside that."""

    word: str
    target: Reference
    operands: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Load:
    target: Reference
    region: Name
    offset: Reference
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Store:
    region: Name
    offset: Reference
    value: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pragma:
    words: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Beyond:
    """An instruction that has no counterpart."""

    word: str
    start: int
    end: int


Instruction: TypeAlias = (
    Application
    | Measurement
    | Reset
    | Fence
    | Plain
    | Label
    | Jump
    | Branch
    | Computation
    | Load
    | Store
    | Pragma
    | Beyond
)
Definition: TypeAlias = MatrixDefinition | BodyDefinition
Statement: TypeAlias = Declaration | Inclusion | External | Definition | Circuit | Instruction
Node: TypeAlias = Statement | Expression | Name

"""The syntax tree of OpenQASM 2; expressions, operands and applications are those of our own language."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from qcompile.grammar import tree
from qcompile.grammar.openqasm2.plain import Plain
from qcompile.grammar.tree import Application, Expression, Name, Operand


class Header(NamedTuple):
    """OPENQASM 2.0;"""

    version: str
    start: int
    end: int


class Include(NamedTuple):
    file: Name
    start: int
    end: int


class Declaration(NamedTuple):
    """qreg or creg"""

    word: str
    name: Name
    size: tree.Number
    start: int
    end: int


class Definition(NamedTuple):
    """A gate; one that is opaque has no body."""

    name: Name
    parameters: tuple[Name, ...]
    wires: tuple[Name, ...]
    body: tuple[Statement, ...] | None
    start: int
    end: int


class Measurement(NamedTuple):
    operand: Operand
    target: Operand
    start: int
    end: int


class Reset(NamedTuple):
    operands: tuple[Operand, ...]
    start: int
    end: int


class Barrier(NamedTuple):
    """On no operands, it is on every qubit."""

    operands: tuple[Operand, ...]
    start: int
    end: int


class Conditional(NamedTuple):
    """if(name == value) operation"""

    name: Name
    value: Name
    operation: Operation
    start: int
    end: int


Operation: TypeAlias = Application | Measurement | Reset
Statement: TypeAlias = Header | Include | Declaration | Definition | Barrier | Conditional | Operation | Plain
Node: TypeAlias = Statement | Expression

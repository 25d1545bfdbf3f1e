"""Lists of nodes that a rule hands to the rule around it, told apart by their types."""

from __future__ import annotations

from typing import Any, NamedTuple

from qcompile.grammar import tree


class Names(tuple[tree.Name, ...]):
    """Names side by side: the wires of a definition."""

    __slots__ = ()


class Parameters(tuple[tree.Name, ...]):
    """The parenthesised names of a definition."""

    __slots__ = ()


class Formals(tuple[tree.Formal, ...]):
    """The wires and cells of a sub-circuit."""

    __slots__ = ()


class FormalParameters(tuple[tree.Formal, ...]):
    """The parenthesised parameters of a sub-circuit."""

    __slots__ = ()


class Dimension(NamedTuple):
    """One `[size]`, or `[]`."""

    value: tree.Expression | None
    end: int


class Operands(tuple[tree.Operand, ...]):
    """What an application acts on, or a component differentiates by."""

    __slots__ = ()


class Arguments(tuple[Any, ...]):
    """The angles of an application and the parenthesis that closes them."""

    __slots__ = ()

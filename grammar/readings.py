"""Weighted sums of evaluations, as components write them: `0.5*r0[0] - (2*theta)*r1[0]*r2[0]/r0[1] + (theta)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, error
from qcompile.grammar import tree
from qcompile.grammar.expressions import angle, finite
from qcompile.grammar.scope import Scope

T = TypeVar("T")
Find = Callable[[tree.Item], "T | None"]


Term = tuple[Angle, tuple[T, ...], tuple[T, ...]]


def readings(node: tree.Expression, scope: Scope, find: Find[T]) -> list[Term[T]]:
    """The weight, factors and divisors of each term in written order, none for a bare `0`.

    Args:
        find: the evaluation that a bare `name[index]` stands for, or None; inside parentheses names are parameters.
    """
    if isinstance(node, tree.Number) and node.text == "0":
        return []
    terms = node.terms if isinstance(node, tree.Total) else ((False, node),)
    return [_term(negative, term, scope, find) for negative, term in terms]


def _term(negative: bool, node: tree.Expression, scope: Scope, find: Find[T]) -> Term[T]:
    factors = node.factors if isinstance(node, tree.Times) else (("*", node),)
    weight: Angle | None = None
    found: list[T] = []
    divisors: list[T] = []
    for sign, factor in factors:
        if isinstance(factor, tree.Negated) and isinstance(factor.operand, tree.Item):
            negative, factor = negative != factor.odd, factor.operand
        evaluation = find(factor) if isinstance(factor, tree.Item) else None
        if not sign:
            advice = "a term is a weight times evaluations: `0.5*r0[0]`"
            raise error(Code.BAD_MODULE, "`*` belongs before this", scope.span(factor), advice)
        if evaluation is not None:
            (divisors if sign == "/" else found).append(evaluation)
            continue
        value = angle(factor, scope)
        weight = value if weight is None else _weight(weight, sign, value, factor, scope)
    weight = number(1.0) if weight is None else weight
    return -weight if negative else weight, tuple(found), tuple(divisors)


def _weight(weight: Angle, sign: str, value: Angle, factor: tree.Expression, scope: Scope) -> Angle:
    """Raises BAD_NUMBER."""
    return finite(lambda: weight / value if sign == "/" else weight * value, factor, scope)

"""The order in which a chain of operators is computed."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token

from qcompile.grammar.openqasm3 import tree

_PRECEDENCE = {
    "**": 12, "*": 10, "/": 10, "%": 10, "+": 9, "-": 9, "<<": 8, ">>": 8, "<": 7, "<=": 7, ">": 7, ">=": 7,
    "==": 6, "!=": 6, "&": 5, "^": 4, "|": 3, "&&": 2, "||": 1,
}  # fmt: skip
_SIGN = 11


def ordered(children: Sequence[Token | tree.Signed | tree.Expression]) -> tuple[tree.Expression | tree.Operator, ...]:
    """Operands and operators in the order of a stack machine, by precedence; `**` groups from the right."""
    steps: list[tree.Expression | tree.Operator] = []
    waiting: list[tuple[int, str, int]] = []  # precedence, sign, and for && and ||, where their right side begins

    def settle(precedence: int) -> None:
        while waiting and waiting[-1][0] >= precedence:
            found, sign, place = waiting.pop()
            if sign in ("&&", "||"):
                steps[place] = tree.Operator(f"{sign}?", 1, len(steps) - place)
            steps.append(tree.Operator(sign, 1 if found == _SIGN else 2))

    for child in children:
        if isinstance(child, Token):
            precedence = _PRECEDENCE[child]
            settle(precedence + (child == "**"))
            waiting.append((precedence, str(child), len(steps)))
            if child in ("&&", "||"):
                steps.append(tree.Operator("", 0))
        elif isinstance(child, tree.Signed):
            waiting += [(_SIGN, sign, 0) for sign in child.signs]
            steps.append(child.operand)
        else:
            steps.append(child)
    settle(0)
    return tuple(steps)

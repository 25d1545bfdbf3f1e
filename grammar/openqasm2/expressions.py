"""The angles that expressions stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from qcompile.angle import Angle, call, number, pi_times
from qcompile.diagnostics import Code, CompileError, Source, Span, did_you_mean, error
from qcompile.grammar import tree
from qcompile.grammar.expressions import raised

# The last three are Qiskit's.
FUNCTIONS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "exp": "exp", "ln": "log", "sqrt": "sqrt",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan",
}  # fmt: skip
PI = "pi"
_FINITE = "angles are finite real numbers"
_FAR_FUNCTIONS = {"log": "ln", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}


def angle(node: tree.Expression, source: Source, names: Mapping[str, Angle], is_body: bool = False) -> Angle:
    """The expression's value; `/` never rounds, `^` is from the right.

    Args:
        names: the parameters of the gate whose body this is.

    Raises:
        CompileError: BAD_NUMBER, UNKNOWN_NAME, WRONG_ANGLES, TOO_LARGE.
    """
    span = Span(source, node.start, node.end)
    try:
        value = _Evaluation(source, names, is_body).value(node)
        finite = math.isfinite(value.constant) and all(math.isfinite(factor) for _, factor in value.terms)
    except ZeroDivisionError:
        raise error(Code.BAD_NUMBER, "this divides by zero", span, _FINITE) from None
    except (ArithmeticError, ValueError):
        raise error(Code.BAD_NUMBER, "this has no finite real value", span, _FINITE) from None
    except CompileError as fault:
        raise _placed(fault, span) from None
    if not finite:
        raise error(Code.BAD_NUMBER, "this is too large for a number", span, _FINITE)
    return value


def _placed(fault: CompileError, span: Span) -> CompileError:
    """The same with a place, where it has none."""
    return CompileError([d if d.span else type(d)(d.code, d.label, span, d.help, d.notes) for d in fault.diagnostics])


class _Evaluation:
    """One expression being worked out."""

    def __init__(self, source: Source, names: Mapping[str, Angle], is_body: bool) -> None:
        self._source = source
        self._names = names
        self._is_body = is_body

    def value(self, node: tree.Expression) -> Angle:
        match node:
            case tree.Number(text):
                return literal(text)
            case tree.Name():
                return self._name(node)
            case tree.Group(inner):
                return self.value(inner)
            case tree.Negated(odd, operand):
                return -self.value(operand) if odd else self.value(operand)
            case tree.Total(terms):
                total = self.value(terms[0][1])
                for negative, term in terms[1:]:
                    total = total - self.value(term) if negative else total + self.value(term)
                return total
            case tree.Times(factors):
                total = self.value(factors[0][1])
                for sign, factor in factors[1:]:
                    total = total / self.value(factor) if sign == "/" else total * self.value(factor)
                return total
            case tree.Raised(base, exponents):
                return raised(self.value(base), [(odd, self.value(exponent)) for odd, exponent in exponents])
            case tree.Call():
                return self._call(node)
            case _:
                label = "this is not a number"
                raise error(Code.WRONG_TYPE, label, self._span(node), "angles are made of numbers and `pi`")

    def _name(self, node: tree.Name) -> Angle:
        if node.text in self._names:
            return self._names[node.text]
        if node.text == PI:
            return pi_times(1)
        advice = did_you_mean(node.text, (*self._names, PI))
        if not advice and self._is_body:
            advice = "a gate's body knows the gate's own parameters, and `pi`"
        elif not advice:
            advice = "OpenQASM 2 has no free parameters: write a number, or `input float` in OpenQASM 3"
        raise error(Code.UNKNOWN_NAME, f"`{node.text}` is not declared", self._span(node), advice)

    def _call(self, node: tree.Call) -> Angle:
        name = node.function.text
        if name not in FUNCTIONS:
            close = did_you_mean(_FAR_FUNCTIONS.get(name, name), FUNCTIONS)
            advice = close or f"the functions are {', '.join(FUNCTIONS)}"
            raise error(Code.UNKNOWN_NAME, f"no function is called `{name}`", self._span(node.function), advice)
        if len(node.arguments) != 1:
            label = f"`{name}` takes one argument, not {len(node.arguments)}"
            raise error(Code.WRONG_ANGLES, label, self._span(node), f"write `{name}(…)` with one expression")
        return call(FUNCTIONS[name], self.value(node.arguments[0]))

    def _span(self, node: tree.Expression | tree.Range) -> Span:
        return Span(self._source, node.start, node.end)


@lru_cache(maxsize=4096)
def literal(text: str) -> Angle:
    """A number as it is written; raises OverflowError."""
    value = float(text)
    if not math.isfinite(value):
        raise OverflowError("the number is too large")
    return number(value)

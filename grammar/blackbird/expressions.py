"""Expressions of Blackbird to values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import assert_never

from qcompile.angle import Angle, number, pi_times
from qcompile.diagnostics import Code, CompileError, Source, Span, did_you_mean, error
from qcompile.grammar.blackbird import tree, values
from qcompile.grammar.blackbird.values import FUNCTION_NAMES, Array, NotRealError, Scalar, Value

_RESULT = re.compile(r"q(\d+)")
_FINITE = "the numbers of a program are finite"
_FUNCTIONS = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "ln": "log", "asinh": "arcsinh"}


class BrokenType:
    """What a name stands for whose declaration is at fault: its uses are not reported again."""


BROKEN = BrokenType()


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at a place of one file.

    Attributes:
        template: the value of `{name}`.
        measured: the value of `q0`, from the mode's number in this file.
    """

    source: Source
    variables: Mapping[str, Value | BrokenType]
    template: Callable[[tree.Template], Scalar]
    measured: Callable[[int, Span], Angle]

    def span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)


def value(node: tree.Value, scope: Scope) -> Value:
    """What stands in an argument or after `=`: an array only by its name."""
    match node:
        case tree.Text(text):
            return text
        case tree.Truth(holds):
            return holds
        case tree.Name():
            return _named(node, scope)
        case _:
            return scalar(node, scope)


def scalar(node: tree.Expression, scope: Scope) -> Scalar:
    """A number, finite.

    Raises:
        CompileError: BAD_NUMBER, WRONG_TYPE, UNKNOWN_NAME, INDEX_RANGE, OUT_OF_REACH.
    """
    try:
        found = _scalar(node, scope)
        finite = values.is_finite(found)
    except ZeroDivisionError:
        raise error(Code.BAD_NUMBER, "this divides by zero", scope.span(node), _FINITE) from None
    except (ArithmeticError, ValueError):
        raise error(Code.BAD_NUMBER, "this has no finite value", scope.span(node), _FINITE) from None
    except NotRealError:
        label = "a complex number meets a parameter or a result here"
        raise error(Code.OUT_OF_REACH, label, scope.span(node), "give magnitude and phase as two arguments") from None
    except CompileError as fault:
        raise _placed(fault, scope.span(node)) from None
    if not finite:
        raise error(Code.BAD_NUMBER, "this is too large for a number", scope.span(node), _FINITE)
    return found


def whole(node: tree.Expression, scope: Scope, role: str) -> int:
    """A whole number known now; `role` says what for."""
    found = scalar(node, scope)
    if not isinstance(found, Angle) or not found.is_constant:
        label = f"{role} is a whole number, known before the program runs"
        raise error(Code.NOT_CONSTANT, label, scope.span(node), "write a number, or an `int` variable")
    plain = float(found)
    if not plain.is_integer():
        raise error(Code.NOT_WHOLE, f"{role} is a whole number, and this is {plain:g}", scope.span(node), "round it")
    return int(plain)


def _placed(fault: CompileError, span: Span) -> CompileError:
    """The same where a diagnostic has no place yet."""
    first, *others = fault.diagnostics or (None,)
    if first is None or others or first.span is not None:
        return fault
    return error(first.code, first.label, span, first.help)


def _scalar(node: tree.Expression, scope: Scope) -> Scalar:
    match node:
        case tree.Number() | tree.Complex():
            return _literal(node)
        case tree.Name():
            return _number(_named(node, scope), node, scope)
        case tree.Item():
            return _item(node, scope)
        case tree.Call():
            return values.applied(_function(node, scope), _scalar(node.argument, scope))
        case tree.Template():
            return scope.template(node)
        case tree.Group(inner):
            return _scalar(inner, scope)
        case tree.Negated(odd, operand):
            return values.negated(_scalar(operand, scope)) if odd else _scalar(operand, scope)
        case tree.Total(terms):
            signed = (values.negated(s) if odd else s for odd, s in ((odd, _scalar(t, scope)) for odd, t in terms))
            return reduce(values.added, signed)
        case tree.Times(factors):
            total = _scalar(factors[0][1], scope)
            for divides, factor in factors[1:]:
                total = (values.divided if divides else values.multiplied)(total, _scalar(factor, scope))
            return total
        case tree.Raised(parts):
            return reduce(lambda power, base: values.raised(base, power), [_scalar(p, scope) for p in reversed(parts)])
        case _:
            assert_never(node)


def _literal(node: tree.Number | tree.Complex) -> Scalar:
    if isinstance(node, tree.Complex):
        return complex(node.text)
    plain = float(node.text)
    if math.isinf(plain):
        raise OverflowError
    return number(plain)


def _named(node: tree.Name, scope: Scope) -> Value:
    """A variable, π, or the result of a mode; a broken declaration stops its user without a word."""
    if node.text == "pi":
        return pi_times(1)
    found = scope.variables.get(node.text)
    if isinstance(found, BrokenType):
        raise CompileError(())
    if found is not None:
        return found
    mode = _RESULT.fullmatch(node.text)
    if mode is None:
        advice = did_you_mean(node.text, (*scope.variables, "pi")) or (
            f"declare it: `float {node.text} = 0.5`, or let it be a parameter: `{{{node.text}}}`"
        )
        raise error(Code.UNKNOWN_NAME, f"`{node.text}` is not declared", scope.span(node), advice)
    digits = mode.group(1)
    return scope.measured(int(digits) if len(digits) < 10 else 10**9, scope.span(node))


def _number(found: Value, node: tree.Name, scope: Scope) -> Scalar:
    match found:
        case Angle() | complex():
            return found
        case Array():
            label, advice = f"`{node.text}` is an array", f"name one entry: `{node.text}[0]`"
        case bool():
            label, advice = f"`{node.text}` is a truth value", "expressions are made of numbers"
        case _:
            label, advice = f"`{node.text}` is a text", "expressions are made of numbers"
    raise error(Code.WRONG_TYPE, label, scope.span(node), advice)


def _item(node: tree.Item, scope: Scope) -> Scalar:
    found = _named(node.name, scope)
    if not isinstance(found, Array):
        label = f"`{node.name.text}` is no array"
        raise error(Code.WRONG_TYPE, label, scope.span(node), f"write `{node.name.text}` without an index")
    index, entries = whole(node.place, scope, "an index"), found.entries
    if not 0 <= index < len(entries):
        label = f"`{node.name.text}` has {len(entries)} entries, counted row after row"
        raise error(Code.INDEX_RANGE, label, scope.span(node.place), f"indices run from 0 to {len(entries) - 1}")
    return entries[index]


def _function(node: tree.Call, scope: Scope) -> str:
    name = node.function.text
    if name in FUNCTION_NAMES:
        return name
    advice = f"write `{_FUNCTIONS[name]}`" if name in _FUNCTIONS else did_you_mean(name, FUNCTION_NAMES)
    advice = advice or f"the functions are {', '.join(sorted(FUNCTION_NAMES))}"
    raise error(Code.UNKNOWN_NAME, f"no function is called `{name}`", scope.span(node.function), advice)

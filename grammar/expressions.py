"""Expressions to angles and whole numbers, operands to wires and cells."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple, assert_never

from qcompile.angle import Angle, call, number, parameter, pi_times
from qcompile.diagnostics import Code, error
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_WIRES, counted
from qcompile.grammar.hints import factor_hint, function_hint
from qcompile.grammar.scope import CALLABLE, Place, Scope, describe
from qcompile.ir import Parameter
from qcompile.operator import Operator

LOOP_BOUND = "a loop bound"
REMAINDER = "an operand of `%`"
_CONSTANTS = {"pi": pi_times(1), "tau": pi_times(2), "euler": number(math.e)}
_EXACT = 2**53
_FINITE = "angles are finite real numbers"
_FIXED = {
    LOOP_BOUND: "loops are unrolled when the program is compiled: write a number, and train the angles inside",
    REMAINDER: "`%` takes whole numbers, as in the index `q[(i + 1) % 4]`",
    "this power": "gates with one angle take a parameter there: `rx(k*theta)` is `rx(theta)` to the power k",
}


class Wires(NamedTuple):
    """The wires or cells an operand names; a single one goes with operands of any size."""

    numbers: tuple[int, ...]
    is_single: bool


def angle(node: tree.Expression, scope: Scope) -> Angle:
    """The expression's value, affine where it can be; raises BAD_NUMBER and what unknown names raise."""
    try:
        value = _angle(node, scope)
        finite = math.isfinite(value.constant) and all(math.isfinite(factor) for _, factor in value.terms)
    except ZeroDivisionError:
        raise error(Code.BAD_NUMBER, "this divides by zero", scope.span(node), _FINITE) from None
    except (ArithmeticError, ValueError):
        raise error(Code.BAD_NUMBER, "this has no finite real value", scope.span(node), _FINITE) from None
    if not finite:
        raise error(Code.BAD_NUMBER, "this is too large for a number", scope.span(node), _FINITE)
    return value


def constant(node: tree.Expression, scope: Scope, role: str) -> float:
    """A real number known now; `role` says what for."""
    return _known(angle(node, scope), node, scope, role)


def integer(node: tree.Expression, scope: Scope, role: str) -> int:
    """A whole number known now; `role` says what for."""
    if isinstance(node, tree.Number) and node.text.isdecimal():
        if len(node.text) < 16:
            return int(node.text)
        label = f"{role} has {len(node.text)} digits"
        raise error(Code.TOO_LARGE, label, scope.span(node), f"stay below {MAX_WIRES}")
    return _whole(angle(node, scope), node, scope, role)


def remainder(left: Angle, right: Angle, factor: tree.Expression, scope: Scope) -> Angle:
    """left % right of whole numbers known now; it has the sign of the right one, as in Python."""
    dividend, divisor = (_whole(value, factor, scope, REMAINDER) for value in (left, right))
    if divisor == 0:
        raise error(Code.BAD_NUMBER, "this divides by zero", scope.span(factor), "divide by something else")
    return number(float(dividend % divisor))


def bounds(node: tree.Range, scope: Scope, role: str) -> range:
    """first:last or first:step:last as Python's range."""
    first, last = integer(node.first, scope, role), integer(node.last, scope, role)
    step = 1 if node.step is None else integer(node.step, scope, role)
    if step == 0:
        advice = "a range is `start:step:end`, the end exclusive"
        raise error(Code.INDEX_RANGE, "the step is zero", scope.span(node), advice)
    return range(first, last, step)


def wires(operand: tree.Operand, scope: Scope) -> Wires:
    """The quantum wires that the operand names."""
    return _numbers(operand, scope, quantum=True)


def cells(operand: tree.Operand, scope: Scope) -> Wires:
    """The classical cells that the operand names."""
    return _numbers(operand, scope, quantum=False)


def is_cells(operand: tree.Operand, scope: Scope) -> bool:
    entity = scope.lookup(operand.name if isinstance(operand, tree.Item) else operand)
    return isinstance(entity, Place) and not entity.register.is_quantum


def element(operand: tree.Operand, scope: Scope) -> Angle:
    """A scalar parameter or an entry of an array parameter."""
    name = operand.name if isinstance(operand, tree.Item) else operand
    entity = scope.lookup(name)
    match entity:
        case Angle() if isinstance(operand, tree.Name):
            return entity
        case Parameter(text, size):
            return _entry(operand, text, size, scope)
        case Place(register) if not register.is_quantum:
            label = f"`{name.text}` is measured when the program runs"
            advice = "angles are numbers and parameters; results steer `if (c[0]) { … }`"
            raise error(Code.WRONG_KIND, label, scope.span(operand), advice)
        case Place():
            advice = "wires stand after the angles: `rx(theta) q[0];`"
            label = f"`{name.text}` is {describe(entity)}, not a number"
            raise error(Code.WRONG_KIND, label, scope.span(operand), advice)
        case Operator():
            advice = "observables stand in `expect` and `var`"
            label = f"`{name.text}` is an observable, not a number"
            raise error(Code.BAD_OBSERVABLE, label, scope.span(operand), advice)
        case _:
            label = f"`{name.text}` is {describe(entity)}, without entries"
            raise error(Code.INDEX_RANGE, label, scope.span(operand), f"write `{name.text}`")


def position(index: tree.Expression, length: int, scope: Scope, what: str) -> int:
    """An index from 0, or from the end when negative; raises INDEX_RANGE."""
    value = integer(index, scope, "this index")
    if not -length <= value < length:
        label = f"{what} has {counted(length, 'entry', 'entries')}, and none is number {value}"
        advice = f"indices run from 0 to {length - 1}" if length > 1 else "the only index is 0"
        raise error(Code.INDEX_RANGE, label, scope.span(index), advice)
    return value % length


def _known(value: Angle, node: tree.Expression, scope: Scope, role: str) -> float:
    if value.terms:
        name = str(value.terms[0][0])
        advice = _FIXED.get(role, f"parameters stand in angles; write a number for {role}")
        raise error(Code.NOT_CONSTANT, f"{role} depends on `{name}`, which is set later", scope.span(node), advice)
    return float(value.constant)


def _whole(angle: Angle, node: tree.Expression, scope: Scope, role: str) -> int:
    value = _known(angle, node, scope, role)
    if not value.is_integer():
        raise error(Code.NOT_WHOLE, f"{role} is {value:g} here", scope.span(node), "write a whole number")
    if abs(value) >= _EXACT:
        raise error(Code.TOO_LARGE, f"{role} is {value:.3g} here", scope.span(node), f"stay below {MAX_WIRES}")
    return int(value)


def _numbers(operand: tree.Operand, scope: Scope, quantum: bool) -> Wires:
    name = operand.name if isinstance(operand, tree.Item) else operand
    place = scope.lookup(name)
    if not isinstance(place, Place) or place.register.is_quantum != quantum:
        needed = "wires: a qubit or qumode register" if quantum else "bits, ints or reals"
        label = f"`{name.text}` is {describe(place)}"
        is_wire = isinstance(place, Place) and place.register.is_quantum
        advice = "measure first: `c[0] = measure q[0];`" if is_wire else f"name {needed}"
        raise error(Code.WRONG_KIND, label, scope.span(operand), advice)
    length = place.register.length
    if isinstance(operand, tree.Name):
        return Wires(tuple(range(place.first, place.first + length)), length == 1)
    if place.register.size is None:
        label = f"`{name.text}` is {describe(place)}, without entries"
        raise error(Code.INDEX_RANGE, label, scope.span(operand), f"write `{name.text}`")
    if not isinstance(operand.place, tree.Range):
        return Wires((place.first + position(operand.place, length, scope, f"`{name.text}`"),), True)
    chosen = _slice(operand.place, length, scope, f"`{name.text}`")
    return Wires(tuple(place.first + number for number in chosen), False)


def _slice(node: tree.Range, length: int, scope: Scope, what: str) -> range:
    chosen = bounds(node, scope, "this index")
    if not chosen:
        advice = "the end is exclusive, and the ends count from 0: `q[0:2]` has two"
        raise error(Code.INDEX_RANGE, "this range is empty", scope.span(node), advice)
    if min(chosen) < 0 or max(chosen) >= length:
        label = f"{what} has {counted(length, 'entry', 'entries')}, and this range leaves them"
        raise error(Code.INDEX_RANGE, label, scope.span(node), f"ranges run from 0 to at most {length}, end exclusive")
    return chosen


def _entry(operand: tree.Operand, text: str, size: int | None, scope: Scope) -> Angle:
    if isinstance(operand, tree.Name):
        if size is None:
            return parameter(text)
        label = f"`{text}` has {size} entries; an angle takes one of them"
        raise error(Code.INDEX_RANGE, label, scope.span(operand), f"write `{text}[0]` or another entry")
    if size is None:
        label = f"`{text}` is a single parameter, without entries"
        raise error(Code.INDEX_RANGE, label, scope.span(operand), f"write `{text}`, or declare `param {text}[…];`")
    if isinstance(operand.place, tree.Range):
        label = "an angle is one number, and this is a range"
        raise error(Code.INDEX_RANGE, label, scope.span(operand), f"write `{text}[0]` or another entry")
    return parameter(text, position(operand.place, size, scope, f"`{text}`"))


@lru_cache(maxsize=4096)
def _literal(text: str) -> Angle:
    value = float(text)
    if not math.isfinite(value):
        raise OverflowError("the number is too large")
    return number(value)


def _angle(node: tree.Expression, scope: Scope) -> Angle:
    match node:
        case tree.Number(text):
            return _literal(text)
        case tree.Name(text):
            return _CONSTANTS[text] if text in _CONSTANTS else element(node, scope)
        case tree.Item():
            return element(node, scope)
        case tree.Group(inner):
            return _angle(inner, scope)
        case tree.Negated(odd, operand):
            return -_angle(operand, scope) if odd else _angle(operand, scope)
        case tree.Total(terms):
            total = _angle(terms[0][1], scope)
            for negative, term in terms[1:]:
                total = total - _angle(term, scope) if negative else total + _angle(term, scope)
            return total
        case tree.Times():
            return _product(node, scope)
        case tree.Raised(base, exponents):
            return raised(_angle(base, scope), [(odd, _angle(exponent, scope)) for odd, exponent in exponents])
        case tree.Call():
            return _call(node, scope)
        case _:
            assert_never(node)


def _product(node: tree.Times, scope: Scope) -> Angle:
    total = _angle(node.factors[0][1], scope)
    for sign, factor in node.factors[1:]:
        if not sign:
            advice = factor_hint(factor.text if isinstance(factor, tree.Name) else "")
            raise error(Code.SYNTAX, "`*` is missing before this", scope.span(factor), advice)
        value = _angle(factor, scope)
        match sign:
            case "/":
                total = total / value
            case "%":
                total = remainder(total, value, node, scope)
            case _:
                total = total * value
    return total


def raised(base: Angle, exponents: list[tuple[bool, Angle]]) -> Angle:
    """base ** exponents, from the right."""
    *most, (odd, power) = exponents
    power = -power if odd else power
    for odd, exponent in reversed(most):
        power = -(exponent**power) if odd else exponent**power
    return base**power


def _call(node: tree.Call, scope: Scope) -> Angle:
    name = node.function.text
    if name not in CALLABLE:
        advice = function_hint(name, CALLABLE)
        raise error(Code.UNKNOWN_NAME, f"no function is called `{name}`", scope.span(node.function), advice)
    if len(node.arguments) != 1:
        label = f"`{name}` takes one argument, not {len(node.arguments)}"
        raise error(Code.WRONG_ANGLES, label, scope.span(node), f"write `{name}(…)` with one expression")
    return call(name, _angle(node.arguments[0], scope))

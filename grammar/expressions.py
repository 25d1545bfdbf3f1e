"""Expressions to angles and whole numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import assert_never

from qcompile.angle import Angle, call, number, parameter, pi_times
from qcompile.diagnostics import Code, CompileError, error
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_WIRES, counted
from qcompile.grammar.entities import TYPES, Later, Place, Type, Value, describe
from qcompile.grammar.hints import factor_hint, function_hint
from qcompile.grammar.scope import CALLABLE, Scope, declared_at
from qcompile.ir import Parameter
from qcompile.operator import Operator

LOOP_BOUND = "a loop bound"
REMAINDER = "an operand of `%`"
_NUMBERS = {"pi": pi_times(1), "tau": pi_times(2), "euler": number(math.e)}
_TRUTHS = {"true": Value.of("bool", 1), "false": Value.of("bool", 0)}
_EXACT = 2**53
_FINITE = "angles are finite real numbers"
_FIXED = {
    LOOP_BOUND: "loops are unrolled when the program is compiled: write a number, and train the angles inside",
    REMAINDER: "`%` takes whole numbers, as in the index `q[(i + 1) % 4]`",
    "this power": "gates with one angle take a parameter there: `rx(k*theta)` is `rx(theta)` to the power k",
}


def angle(node: tree.Expression, scope: Scope) -> Angle:
    """The expression's value, affine where it can be; raises BAD_NUMBER, WRONG_TYPE and what unknown names raise."""
    return finite(lambda: _angle(node, scope), node, scope)


def finite(compute: Callable[[], Angle], node: tree.Expression, scope: Scope) -> Angle:
    """What is computed for the node; raises BAD_NUMBER where that is no finite number."""
    try:
        value = compute()
        is_finite = math.isfinite(value.constant) and all(math.isfinite(factor) for _, factor in value.terms)
    except ZeroDivisionError:
        raise error(Code.BAD_NUMBER, "this divides by zero", scope.span(node), _FINITE) from None
    except (ArithmeticError, ValueError):
        raise error(Code.BAD_NUMBER, "this has no finite real value", scope.span(node), _FINITE) from None
    if not is_finite:
        raise error(Code.BAD_NUMBER, "this is too large for a number", scope.span(node), _FINITE)
    return value


def constant(node: tree.Expression, scope: Scope, role: str) -> float:
    """A real number known now; `role` says what for."""
    return known(angle(node, scope), node, scope, role)


def integer(node: tree.Expression, scope: Scope, role: str) -> int:
    """A whole number known now; `role` says what for."""
    match node:
        case tree.Number(text) if text.isdecimal():
            if len(text) < 16:
                return int(text)
            label = f"{role} has {len(text)} digits"
            raise error(Code.TOO_LARGE, label, scope.span(node), f"stay below {MAX_WIRES}")
        case tree.Name(text):
            match scope.names.get(text):
                case Value("int", (), (entry,)):
                    return int(entry.constant.plain)
                case _:
                    pass
        case _:
            pass
    return _whole(angle(node, scope), node, scope, role)


def remainder(left: Angle, right: Angle, factor: tree.Expression, scope: Scope) -> Angle:
    """left % right of whole numbers known now; it has the sign of the right one, as in Python."""
    dividend, divisor = (_whole(value, factor, scope, REMAINDER) for value in (left, right))
    if divisor == 0:
        raise error(Code.BAD_NUMBER, "this divides by zero", scope.span(factor), "divide by something else")
    return number(float(dividend % divisor))


def bounds(node: tree.Range, scope: Scope, role: str) -> range:
    """first:last or first:step:last as Python's range."""
    if node.first is None or node.last is None:
        raise AssertionError("a loop's range has both ends")
    first, last = integer(node.first, scope, role), integer(node.last, scope, role)
    step = 1 if node.step is None else integer(node.step, scope, role)
    if step == 0:
        advice = "a range is `start:step:end`, the end exclusive"
        raise error(Code.INDEX_RANGE, "the step is zero", scope.span(node), advice)
    return range(first, last, step)


def position(index: tree.Expression, length: int, scope: Scope, what: str) -> int:
    """An index from 0, or from the end when negative; raises INDEX_RANGE."""
    value = integer(index, scope, "this index")
    if not -length <= value < length:
        label = f"{what} has {counted(length, 'entry', 'entries')}, and none is number {value}"
        advice = f"indices run from 0 to {length - 1}" if length > 1 else "the only index is 0"
        raise error(Code.INDEX_RANGE, label, scope.span(index), advice)
    return value % length


def element(operand: tree.Operand | tree.Entry, scope: Scope) -> Angle:
    """A scalar parameter or constant, or an entry of an array of them."""
    if isinstance(operand, tree.Name):
        entity = _TRUTHS.get(operand.text) or scope.lookup(operand)
        if isinstance(entity, Value) and not entity.shape and entity.type != "bool":
            return entity.entries[0]
        if isinstance(entity, Parameter) and entity.size is None:
            return parameter(entity.name)
    if isinstance(operand, tree.Item) and not isinstance(operand.place, tree.Range):
        entity = scope.lookup(operand.name)
        if isinstance(entity, Parameter) and entity.size is not None:
            return parameter(entity.name, position(operand.place, entity.size, scope, f"`{entity.name}`"))
    value = data(operand, scope)
    if value.shape:
        name = operand.text if isinstance(operand, tree.Name) else operand.name.text
        what = f"`{name}`" if isinstance(operand, tree.Name) else "this"
        label = f"{what} has {counted(value.shape[0], 'entry', 'entries')}; an angle takes one of them"
        raise error(Code.INDEX_RANGE, label, scope.span(operand), f"write `{name}[0]` or another entry")
    if value.type == "bool":
        label = "this is a truth value, and a number belongs here"
        raise error(Code.WRONG_TYPE, label, scope.span(operand), "truth values steer `if` and `while`")
    return value.entries[0]


def data(operand: tree.Operand | tree.Entry, scope: Scope) -> Value:
    """The numbers or truth values that a name stands for, or a part of them."""
    name = operand if isinstance(operand, tree.Name) else operand.name
    entity = _TRUTHS.get(name.text) or scope.lookup(name)
    match entity:
        case Value():
            value = entity
        case Parameter():
            shape = () if entity.size is None else (entity.size,)
            value = Value("angle", shape, tuple(parameter(e.name, e.index) for e in entity.elements()), "a parameter")
        case _:
            raise _no_number(name, entity, operand, scope)
    places = (
        () if isinstance(operand, tree.Name) else (operand.place,) if isinstance(operand, tree.Item) else operand.places
    )
    for place in places:
        value = _part(value, place, name.text, scope)
    return value


def sliced(node: tree.Range, length: int, scope: Scope, what: str) -> range:
    """The entries of a slice: an open end reaches to the end, a negative one counts from there, as in Python."""
    step = 1 if node.step is None else integer(node.step, scope, "this step")
    if step == 0:
        advice = "a slice is `start:end`, or `start:step:end` with the step in the middle, or `start::step`"
        raise error(Code.INDEX_RANGE, "the step is zero", scope.span(node), advice)
    ends = [None if end is None else integer(end, scope, "this index") for end in (node.first, node.last)]
    if any(end is not None and not -length <= end <= length for end in ends) or ends[0] == length:
        label = f"{what} has {counted(length, 'entry', 'entries')}, and this range leaves them"
        advice = f"ranges run from 0 to at most {length}, end exclusive; negative ends count from the end"
        raise error(Code.INDEX_RANGE, label, scope.span(node), advice)
    chosen = range(length)[slice(ends[0], ends[1], step)]
    if not chosen:
        advice = "the end is exclusive, and a negative one counts from the end: `q[0:2]` has two, `q[:-1]` all but one"
        raise error(Code.INDEX_RANGE, "this range is empty", scope.span(node), advice)
    return chosen


def known(value: Angle, node: tree.Expression, scope: Scope, role: str) -> float:
    """The number, where no parameter is in it; else raises NOT_CONSTANT."""
    if value.terms:
        name = str(value.terms[0][0])
        advice = _FIXED.get(role, f"parameters stand in angles; write a number for {role}")
        raise error(Code.NOT_CONSTANT, f"{role} depends on `{name}`, which is set later", scope.span(node), advice)
    return float(value.constant)


def fraction(node: tree.Expression, scope: Scope) -> tree.Name | None:
    """The first name in the expression that was declared a real or an angle."""
    match node:
        case tree.Name() | tree.Item() | tree.Entry():
            name = node if isinstance(node, tree.Name) else node.name
            entity = scope.find(name.text)
            return name if isinstance(entity, Value) and entity.type in ("real", "angle") else None
        case tree.Group(inner) | tree.Negated(_, inner):
            parts: tuple[tree.Expression, ...] = (inner,)
        case tree.Total(terms):
            parts = tuple(term for _, term in terms)
        case tree.Times(factors):
            parts = tuple(factor for _, factor in factors)
        case tree.Raised(base, exponents):
            parts = (base, *(exponent for _, exponent in exponents))
        case _:
            return None
    return next((found for part in parts if (found := fraction(part, scope))), None)


def _whole(value: Angle, node: tree.Expression, scope: Scope, role: str) -> int:
    plain = known(value, node, scope, role)
    named = fraction(node, scope) if scope.shared.fractions else None
    if named:
        kind = scope.find(named.text)
        found: Type = kind.type if isinstance(kind, Value) else "real"
        label = f"`{named.text}` is {TYPES[found]}, and {role} is an int"
        advice = f"declare it as one: `const int {named.text} = …;`"
        notes = declared_at(scope.places.get(named.text))
        raise error(Code.WRONG_TYPE, label, scope.span(node), advice, notes)
    if not plain.is_integer():
        raise error(Code.NOT_WHOLE, f"{role} is {plain:g} here", scope.span(node), "write a whole number")
    if abs(plain) >= _EXACT:
        raise error(Code.TOO_LARGE, f"{role} is {plain:.3g} here", scope.span(node), f"stay below {MAX_WIRES}")
    return int(plain)


def _part(value: Value, place: tree.Expression | tree.Range, name: str, scope: Scope) -> Value:
    """One row or entry of a table, or several."""
    if not value.shape:
        label = f"`{name}` is a single {value.role.removeprefix('a ')}, without entries"
        advice = f"write `{name}`" + (f", or declare `param {name}[…];`" if value.role == "a parameter" else "")
        raise error(Code.INDEX_RANGE, label, scope.span(place), advice)
    length, *rest = value.shape
    width = math.prod(rest)
    if isinstance(place, tree.Range):
        chosen = sliced(place, length, scope, f"`{name}`")
        entries = tuple(entry for k in chosen for entry in value.entries[k * width : (k + 1) * width])
        return Value(value.type, (len(chosen), *rest), entries, value.role)
    at = position(place, length, scope, f"`{name}`")
    return Value(value.type, tuple(rest), value.entries[at * width : (at + 1) * width], value.role)


def _no_number(name: tree.Name, entity: object, operand: tree.Operand | tree.Entry, scope: Scope) -> CompileError:
    span = scope.span(operand)
    notes = declared_at(scope.places.get(name.text))
    match entity:
        case Place() if not entity.is_quantum:
            label = f"`{name.text}` is measured when the program runs"
            advice = "angles are numbers and parameters; results steer `if (c[0]) { … }`"
            return error(Code.WRONG_KIND, label, span, advice)
        case Place():
            label = f"`{name.text}` is {describe(entity)}, not a number"
            return error(Code.WRONG_KIND, label, span, "wires stand after the angles: `rx(theta) q[0];`", notes)
        case Operator() | Later():
            advice = "observables stand in `expect` and `var`"
            return error(Code.BAD_OBSERVABLE, f"`{name.text}` is an observable, not a number", span, advice, notes)
        case _:
            raise AssertionError(f"{entity} has no number")


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
            return _NUMBERS[text] if text in _NUMBERS else element(node, scope)
        case tree.Item() | tree.Entry():
            return element(node, scope)
        case tree.Group(inner):
            return _angle(inner, scope)
        case tree.Negated(odd, operand):
            return -_angle(operand, scope) if odd else _angle(operand, scope)
        case tree.Total():
            return _total(node, scope)
        case tree.Times():
            return _product(node, scope)
        case tree.Raised(base, exponents):
            return raised(_angle(base, scope), [(odd, _angle(exponent, scope)) for odd, exponent in exponents])
        case tree.Call():
            return _call(node, scope)
        case tree.Comprehension():
            return _comprehension(node, scope)
        case tree.Inverted() | tree.Compared() | tree.Joined():
            raise _no_angle(node, scope)
        case _:
            assert_never(node)


def _no_angle(node: tree.Truth, scope: Scope) -> CompileError:
    is_power = isinstance(node, tree.Joined) and node.sign == "^"
    advice = "powers are written `**`" if is_power else "truth values steer `if` and `while`"
    return error(Code.WRONG_TYPE, "this is a truth value, and a number belongs here", scope.span(node), advice)


def _total(node: tree.Total, scope: Scope) -> Angle:
    total = _angle(node.terms[0][1], scope)
    for negative, term in node.terms[1:]:
        total = total - _angle(term, scope) if negative else total + _angle(term, scope)
    return total


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
    if name == "sizeof":
        from qcompile.grammar.values import size_of  # which asks for angles

        return number(float(size_of(node, scope)))
    if name not in CALLABLE:
        advice = function_hint(name, (*CALLABLE, "sizeof", "sum", "product"))
        raise error(Code.UNKNOWN_NAME, f"no function is called `{name}`", scope.span(node.function), advice)
    if len(node.arguments) != 1:
        label = f"`{name}` takes one argument, not {len(node.arguments)}"
        raise error(Code.WRONG_ANGLES, label, scope.span(node), f"write `{name}(…)` with one expression")
    return call(name, _angle(node.arguments[0], scope))


def _comprehension(node: tree.Comprehension, scope: Scope) -> Angle:
    from qcompile.grammar.values import is_sum, turns  # which ask for angles

    adds = is_sum(node, scope)
    found = [_angle(node.term, scope) for _ in turns(node.clauses, scope)]
    return sum(found, Angle()) if adds else reduce(lambda a, b: a * b, found, number(1))

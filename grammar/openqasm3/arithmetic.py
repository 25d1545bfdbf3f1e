"""Operators on values: the type of the result, and how an entry is computed."""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qcompile.angle import Angle, number
from qcompile.grammar.classical import Table, combine
from qcompile.grammar.openqasm3.types import (
    ANGLE,
    BIT,
    BOOL,
    COMPLEX,
    DURATION,
    FLOAT,
    INT,
    UINT,
    Scalar,
    SizeFaultError,
    TypeFaultError,
    Value,
    convert,
    known,
    pattern,
    radians,
    scalar,
    wrapped,
)

_MAX_SHIFT = 4096
_ORDER: dict[str, Callable[[Any, Any], object]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_BITWISE: dict[str, Callable[[int, int], int]] = {
    "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
}  # fmt: skip
_REAL: dict[str, Callable[[Angle, Angle], Angle]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": lambda a, b: a / b, "**": lambda a, b: a**b,
}  # fmt: skip
_COMPLEX: dict[str, Callable[[complex, complex], complex]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": lambda a, b: a / b, "**": lambda a, b: a**b,
}  # fmt: skip


def unary(sign: str, value: Value) -> Value:
    """Raises TypeFaultError, UnknownError, TooWideError, ArithmeticError, ValueError."""
    type_ = value.type
    match sign:
        case "!":
            return truth(value).map(BOOL, lambda entry: not entry)
        case "~" if type_ == BOOL:
            return value.map(BOOL, lambda entry: not entry)
        case "~" if type_.kind == "bit":
            return Value(type_, tuple(combine(lambda bit: 1 - bit, table) for table in value.tables))
        case "~" if type_.width is not None and (type_.is_integer or type_.kind == "angle"):
            full = (1 << type_.width) - 1
            return value.map(type_, lambda entry: _rewrapped(full ^ pattern(entry, type_), type_))
        case "-" if type_.is_integer or type_ in (BIT, BOOL):
            kind = type_ if type_.is_integer else INT
            return replace(value.map(kind, lambda entry: wrapped(-int(entry), kind)), is_literal=value.is_literal)
        case "-" if type_.kind == "angle" and type_.width is not None:
            return value.map(type_, lambda e: -e if isinstance(e, Angle) else -e % (1 << (type_.width or 0)))
        case "-" if type_.kind in ("float", "angle", "complex", "duration"):
            return value.map(type_, operator.neg)
        case _:
            advice = "bits are turned over in `bit`, `bool` and types with a width" if sign == "~" else _NUMBERS
            raise TypeFaultError(f"`{sign}` does not apply to `{type_}`", advice)


def binary(sign: str, left: Value, right: Value) -> Value:
    """Raises TypeFaultError, SizeFaultError, UnknownError, TooWideError, ArithmeticError, ValueError."""
    if sign in ("&&", "||"):
        join: Callable[[Any, Any], object] = (lambda a, b: a and b) if sign == "&&" else (lambda a, b: a or b)
        return scalar(BOOL, combine(join, truth(left).table, truth(right).table))
    if sign in _ORDER:
        return _compared(sign, left, right)
    if sign in _BITWISE:
        return _bitwise(sign, left, right)
    if sign in ("<<", ">>"):
        return _shifted(sign, left, right)
    return _calculated(sign, left, right)


def truth(value: Value) -> Value:
    """The value as a condition: a bit or a bool."""
    if value.type == BOOL or (value.type.kind == "bit" and (value.type.width or 1) == 1):
        return value.map(BOOL, bool)
    advice = "compare it: `x != 0`"
    if value.type.is_register:
        advice = "test one bit, `c[0]`, or compare the register: `c == 2`"
    raise TypeFaultError(f"this is `{value.type}`, and a condition is `bool` or `bit`", advice)


# ---- operators

_NUMBERS = "arithmetic takes numbers and angles"


def _compared(sign: str, left: Value, right: Value) -> Value:
    compare = _ORDER[sign]
    if left.type.kind == "bit" and right.type.kind == "bit" and (left.type.width or 1) != (right.type.width or 1):
        raise SizeFaultError(f"`{left.type}` is compared with `{right.type}`", "compare registers of one size")
    whole = ("bit", "bool", "int", "uint")
    if left.type.kind in whole and right.type.kind in whole:
        first, second = left.table, right.table
        if sign in ("==", "!="):
            first, second = _pattern(left, right), _pattern(right, left)
        return scalar(BOOL, combine(lambda a, b: compare(int(a), int(b)), first, second))
    if "complex" in (left.type.kind, right.type.kind) and sign in ("==", "!="):
        sides = convert(left, COMPLEX).table, convert(right, COMPLEX).table
        return scalar(BOOL, combine(compare, *sides))
    if left.type.kind == "angle" or right.type.kind == "angle":
        type_ = left.type if left.type.kind == "angle" else right.type
        left, right = convert(left, type_), convert(right, type_)
    for side in (left, right):
        if side.type.kind not in ("float", "angle", "int", "uint", "bool"):
            raise TypeFaultError(f"`{left.type}` and `{right.type}` have no order", "compare numbers, angles or bits")
    first, second = (_as_float(side).table for side in (left, right))
    return scalar(BOOL, combine(lambda a, b: compare(known(a), known(b)), first, second))


def _pattern(value: Value, other: Value) -> Table:
    """An integer literal is read in the width of what it is compared with, so that `int[2](c) == 3` can hold."""
    width = other.type.width
    if value.is_literal and other.type.is_integer and width is not None:
        return combine(lambda entry: wrapped(entry, other.type) if 0 <= entry < 1 << width else entry, value.table)
    return value.table


def _bitwise(sign: str, left: Value, right: Value) -> Value:
    apply = _BITWISE[sign]
    left, right = _adapted(left, right)
    type_ = left.type
    if type_.kind == "bit" and right.type.kind == "bit":
        if len(left.tables) != len(right.tables):
            raise SizeFaultError(f"`{left.type}` {sign} `{right.type}`", "registers side by side have one size")
        return Value(type_, tuple(map(lambda a, b: combine(apply, a, b), left.tables, right.tables)))
    if {type_, right.type} <= {BOOL, BIT}:
        return scalar(BOOL, combine(apply, truth(left).table, truth(right).table))
    if type_ != right.type or not (type_.is_integer or type_.kind == "angle"):
        advice = "both sides have one type with a width, such as `uint[8]` or `bit[8]`"
        raise TypeFaultError(f"`{sign}` does not join `{left.type}` and `{right.type}`", advice)

    def joined(a: Any, b: Any) -> int:
        return _rewrapped(apply(pattern(a, type_), pattern(b, type_)), type_)

    return scalar(type_, combine(joined, left.table, right.table))


def _shifted(sign: str, left: Value, right: Value) -> Value:
    type_ = left.type
    if not (right.type.is_integer and (type_.kind in ("bit", "angle") or type_.is_integer)):
        advice = "bits, integers and angles are shifted, by an integer"
        raise TypeFaultError(f"`{left.type}` {sign} `{right.type}`", advice)
    if type_.is_register and right.table.is_constant:
        count = _shift(right.table.constant)
        zeros = (Table((), (0,)),) * min(count, len(left.tables))
        kept = left.tables[: max(0, len(left.tables) - count)] if sign == "<<" else left.tables[count:]
        return Value(type_, (*zeros, *kept) if sign == "<<" else (*kept, *zeros))
    if type_.width is None and type_.kind == "angle":
        raise TypeFaultError("an angle without a width has no bits", "declare it as `angle[32]`")

    def shifted(a: Any, b: int) -> int:
        bits, count = pattern(a, type_), _shift(b)
        return _rewrapped(bits << count if sign == "<<" else bits >> count, type_)

    return scalar(type_, combine(shifted, left.table, right.table))


def _calculated(sign: str, left: Value, right: Value) -> Value:
    left, right = (_counted(side) for side in _adapted(left, right))
    kinds = {left.type.kind, right.type.kind}
    if kinds <= {"int", "uint"}:
        type_ = _common(left.type, right.type)
        made = scalar(type_, combine(lambda a, b: wrapped(_integer(sign, a, b, type_), type_), left.table, right.table))
        return replace(made, is_literal=left.is_literal and right.is_literal)
    if not kinds <= {"int", "uint", "float", "angle", "complex", "duration"}:
        raise TypeFaultError(f"`{left.type}` {sign} `{right.type}`", _NUMBERS)
    if "duration" in kinds:
        return _timed(sign, left, right)
    if "complex" in kinds:
        if sign == "%":
            raise TypeFaultError("complex numbers have no remainder", _NUMBERS)
        sides = convert(left, COMPLEX).table, convert(right, COMPLEX).table
        return scalar(COMPLEX, combine(lambda a, b: finite(_COMPLEX[sign](a, b)), *sides))
    if "angle" in kinds and any(side.type.width is not None for side in (left, right) if side.type.kind == "angle"):
        fixed = _fixed_point(sign, left, right)
        if fixed is not None:
            return fixed
    return _in_radians(sign, left, right, ANGLE if "angle" in kinds and sign in ("+", "-", "*", "/") else FLOAT)


def _in_radians(sign: str, left: Value, right: Value, type_: Scalar) -> Value:
    first, second = _as_float(left).table, _as_float(right).table
    return scalar(type_, combine(lambda a, b: _real(sign, a, b), first, second))


def _as_float(value: Value) -> Value:
    return value.map(FLOAT, lambda entry: radians(entry, value.type))


def _fixed_point(sign: str, left: Value, right: Value) -> Value | None:
    """What the specification says of angles with a width; None where it says nothing, as of an angle by a float."""
    if sign in ("+", "-") and {left.type.kind, right.type.kind} <= {"angle", "float"}:
        type_ = left.type if left.type.kind == "angle" and left.type.width else right.type
        left, right = convert(left, type_), convert(right, type_)
        step = _REAL[sign]
        return scalar(type_, combine(lambda a, b: _angles(step, a, b, type_), left.table, right.table))
    if sign == "*" and (left.type.is_integer or right.type.is_integer):
        angle, count = (right, left) if left.type.is_integer else (left, right)
        type_ = angle.type
        return scalar(type_, combine(lambda a, n: _scaled(a, n, type_), angle.table, count.table))
    if sign == "/" and right.type.is_integer:
        return scalar(left.type, combine(_divided, left.table, right.table))
    if sign == "/" and left.type == right.type:
        patterns = (side.map(UINT, lambda entry: pattern(entry, left.type)).table for side in (left, right))
        return scalar(Scalar("uint", left.type.width), combine(_quotient, *patterns))
    return None


def _timed(sign: str, left: Value, right: Value) -> Value:
    kinds = (left.type.kind, right.type.kind)
    sums = sign in ("+", "-") and kinds == ("duration", "duration")
    scales = (sign in ("*", "/") and kinds[1] in ("int", "uint", "float")) or (sign == "*" and kinds[0] != "duration")
    if not (sums or scales) or "complex" in kinds or "angle" in kinds:
        raise TypeFaultError(f"`{left.type}` {sign} `{right.type}`", "durations are added, and multiplied by numbers")
    return _in_radians(sign, left, right, DURATION)


def _adapted(left: Value, right: Value) -> tuple[Value, Value]:
    """An integer literal takes the type of an integer beside it that can hold it."""
    if left.is_literal and not right.is_literal:
        left = _literal_as(left, right.type)
    elif right.is_literal and not left.is_literal:
        right = _literal_as(right, left.type)
    return left, right


def _literal_as(value: Value, type_: Scalar) -> Value:
    entry = value.table.constant
    if not type_.is_integer or entry < 0 or (type_.width is not None and entry >> type_.width):
        return value
    return convert(value, type_)


def _counted(value: Value) -> Value:
    """Bits and truth values count as integers in arithmetic."""
    return value.map(UINT, int) if value.type in (BIT, BOOL) else value


def _common(left: Scalar, right: Scalar) -> Scalar:
    if left == right:
        return left
    signed = left.kind == "int" or right.kind == "int"
    widths = [type_.width for type_ in (left, right)]
    width = None if None in widths else max(width or 0 for width in widths)
    return Scalar("int" if signed else "uint", width)


# ---- entries


def _integer(sign: str, a: int, b: int, type_: Scalar) -> int:
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return _quotient(a, b)
        case "%":
            return a - b * _quotient(a, b)
        case _:
            return _power(a, b, type_)


def _quotient(a: int, b: int) -> int:
    """Division of integers cuts towards zero, as in C."""
    if b == 0:
        raise ZeroDivisionError
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _power(a: int, b: int, type_: Scalar) -> int:
    if b < 0:
        raise ValueError("an integer has whole powers from 0 only: write the base as a float")
    if type_.width is not None:
        return pow(a, b, 1 << type_.width)
    if abs(a) > 1 and b > 64:
        raise OverflowError
    return int(a**b)


def _real(sign: str, a: Angle, b: Angle) -> Angle:
    if sign == "%":
        return number(finite(math.fmod(known(a), known(b))).real)
    if sign == "/" and b.is_zero:
        raise ZeroDivisionError
    made = _REAL[sign](a, b)
    if not math.isfinite(made.constant):
        raise OverflowError
    return made


def _angles(step: Callable[[Any, Any], Any], a: Any, b: Any, type_: Scalar) -> object:
    if isinstance(a, Angle) or isinstance(b, Angle):
        return step(radians(a, type_), radians(b, type_))
    return step(a, b) % (1 << (type_.width or 0))


def _divided(a: Any, count: int) -> object:
    if isinstance(a, Angle):
        return _real("/", a, number(count))
    return _quotient(a, count)


def _scaled(a: Any, count: int, type_: Scalar) -> object:
    return a * number(count) if isinstance(a, Angle) else a * count % (1 << (type_.width or 0))


def _rewrapped(bits: int, type_: Scalar) -> int:
    if type_.kind in ("angle", "bit"):
        return bits & ((1 << (type_.width or 1)) - 1)
    return wrapped(bits, type_)


def _shift(count: int) -> int:
    if count < 0:
        raise ValueError("a shift is by 0 or more")
    return min(count, _MAX_SHIFT)


def finite(value: complex) -> complex:
    if not cmath.isfinite(value):
        raise OverflowError
    return value

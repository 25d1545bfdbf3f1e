"""The built-in functions."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from qcompile.angle import call, number
from qcompile.grammar.classical import combine
from qcompile.grammar.openqasm3.arithmetic import binary, finite
from qcompile.grammar.openqasm3.types import (
    COMPLEX,
    FLOAT,
    UINT,
    TypeFaultError,
    Value,
    convert,
    known,
    pattern,
    radians,
    scalar,
)


def _function(name: str, values: Sequence[Value]) -> Value:
    value = values[0]
    if value.type.kind == "complex":
        apply = {"exp": cmath.exp, "sqrt": cmath.sqrt, "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan}.get(name)
        if apply is None:
            raise TypeFaultError(f"`{name}` does not take a complex number", "take its `real` or `imag` part")
        of_complex = apply
        return value.map(COMPLEX, lambda entry: finite(of_complex(entry)))
    if value.type.kind not in ("float", "angle", "int", "uint"):
        raise TypeFaultError(f"`{name}` does not take `{value.type}`", "give it a number")
    return value.map(FLOAT, lambda entry: call(name, radians(entry, value.type)))


def _rounded(round_: Callable[[float], int], value: Value) -> Value:
    return convert(value, FLOAT).map(FLOAT, lambda entry: number(round_(known(entry))))


def _rotated(value: Value, count: Value, direction: int) -> Value:
    width, type_ = value.type.width, value.type
    if width is None or not (type_.kind in ("bit", "angle", "uint") and count.type.is_integer):
        raise TypeFaultError(f"`{type_}` cannot be rotated by `{count.type}`", "rotate `bit[n]` or `uint[n]`")
    if type_.is_register and count.table.is_constant:
        shift = -direction * count.table.constant % width
        return Value(type_, value.tables[shift:] + value.tables[:shift])

    def turn(entry: Any, steps: int) -> int:
        left = direction * steps % width
        bits = pattern(entry, type_)
        return (bits << left | bits >> (width - left)) & ((1 << width) - 1)

    return scalar(type_, combine(turn, value.table, count.table))


def _popcount(value: Value) -> Value:
    if value.type.kind not in ("bit", "uint", "angle"):
        raise TypeFaultError(f"`popcount` does not take `{value.type}`", "give it `bit[n]` or `uint[n]`")
    return value.map(UINT, lambda entry: pattern(entry, value.type).bit_count())


def _part(name: str, value: Value) -> Value:
    return convert(value, COMPLEX).map(FLOAT, lambda entry: number(getattr(entry, name)))


_TAKEN: dict[str, tuple[int, Callable[[Sequence[Value]], Value]]] = {
    **{
        name: (1, partial(_function, name))
        for name in ("arccos", "arcsin", "arctan", "cos", "exp", "log", "sin", "sqrt", "tan")
    },
    "ceiling": (1, lambda values: _rounded(math.ceil, values[0])),
    "floor": (1, lambda values: _rounded(math.floor, values[0])),
    "mod": (2, lambda values: binary("%", *values)),
    "pow": (2, lambda values: binary("**", *values)),
    "popcount": (1, lambda values: _popcount(values[0])),
    "rotl": (2, lambda values: _rotated(values[0], values[1], 1)),
    "rotr": (2, lambda values: _rotated(values[0], values[1], -1)),
    "real": (1, lambda values: _part("real", values[0])),
    "imag": (1, lambda values: _part("imag", values[0])),
}
FUNCTIONS: dict[str, tuple[int, Callable[[Sequence[Value]], Value]]] = dict(sorted(_TAKEN.items()))
"""By name, how many values it takes and what it makes of them; raises what `binary` does."""

"""Angles: affine forms in the parameters, exact in multiples of pi, with hash-consed expressions for the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.number import ONE, ZERO, Number, addends

Value: TypeAlias = float | NDArray[np.float64]
MAX_CALLS = 2000  # functions in one expression, shared ones counted each time: its text and slope are as long
MAX_DEPTH = 79  # functions within functions, whose brackets are read again below the limit of brackets


@dataclass(frozen=True, slots=True)
class Element:
    """A scalar parameter, or one entry of an array parameter."""

    name: str
    index: int | None = None

    def __str__(self) -> str:
        return self.name if self.index is None else f"{self.name}[{self.index}]"


class Call:
    """A function of angles that is not affine. Equal calls are one object, so comparing them is comparing pointers."""

    __slots__ = ("__weakref__", "arguments", "depth", "function", "size", "text")
    function: str
    arguments: tuple[Angle, ...]
    size: int
    depth: int
    text: str

    def __new__(cls, function: str, *arguments: Angle) -> Call:
        key = (function, *arguments)
        known = _POOL.get(key)
        if known is not None:
            return known
        inner = [atom for angle in arguments for atom, _ in angle.terms if isinstance(atom, Call)]
        call = super().__new__(cls)
        call.function, call.arguments = function, arguments
        call.size = 1 + sum(atom.size for atom in inner)
        call.depth = 1 + max((atom.depth for atom in inner), default=0)
        if call.size > MAX_CALLS or call.depth > MAX_DEPTH:
            label = f"an expression of over {MAX_CALLS} functions, or over {MAX_DEPTH} within each other"
            raise error(Code.TOO_LARGE, label, help="compute it outside the program, and give its value as a parameter")
        call.text = _call_text(function, arguments)
        _POOL[key] = call
        return call

    def __repr__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Call], tuple[object, ...]]:
        return Call, (self.function, *self.arguments)


Atom: TypeAlias = Element | Call
_POOL: WeakValueDictionary[tuple[object, ...], Call] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Angle:
    """constant + Σ coefficient · atom. Terms are sorted and non-zero, so equal angles are equal records."""

    constant: Number = ZERO
    terms: tuple[tuple[Atom, Number], ...] = ()

    @property
    def is_constant(self) -> bool:
        return not self.terms

    @property
    def is_zero(self) -> bool:
        return not self.terms and not self.constant

    @property
    def is_linear(self) -> bool:
        """A sum of multiples of parameters and nothing else?"""
        return not self.constant and all(isinstance(atom, Element) for atom, _ in self.terms)

    def __add__(self, other: Angle) -> Angle:
        if not other.terms:
            return Angle(self.constant + other.constant, self.terms)
        total = dict(self.terms)
        for atom, coefficient in other.terms:
            total[atom] = total.get(atom, ZERO) + coefficient
        return Angle(self.constant + other.constant, _sorted(total))

    def __neg__(self) -> Angle:
        return Angle(-self.constant, tuple((atom, -coefficient) for atom, coefficient in self.terms))

    def __sub__(self, other: Angle) -> Angle:
        return self + (-other)

    def __mul__(self, other: Angle) -> Angle:
        if other.is_constant:
            return self.scaled(other.constant)
        if self.is_constant:
            return other.scaled(self.constant)
        first, second = sorted((self, other), key=str)
        return call("mul", first, second)

    def __truediv__(self, other: Angle) -> Angle:
        if not other.is_constant:
            return call("div", self, other)
        if self.is_constant and self.constant.pi and not other.constant.pi and other.constant.plain.is_integer():
            divisor = other.constant.plain
            return Angle(Number.of(self.constant.plain / divisor, self.constant.pi / Fraction(divisor)))
        if self.is_constant:
            return number(float(self.constant) / float(other.constant))
        return Angle(
            (Angle(self.constant) / other).constant,
            tuple((atom, (Angle(factor) / other).constant) for atom, factor in self.terms),
        )

    def __pow__(self, other: Angle) -> Angle:
        if other.is_constant and other.constant == ONE:
            return self
        if other.is_zero:
            return number(1.0)
        return call("pow", self, other)

    def scaled(self, factor: Number) -> Angle:
        if not factor:
            return Angle()
        return Angle(self.constant * factor, tuple((atom, coefficient * factor) for atom, coefficient in self.terms))

    def __float__(self) -> float:
        if self.terms:
            raise AssertionError(f"{self} is not a constant")
        return float(self.constant)

    def __str__(self) -> str:
        return _sum_text(self)


def number(value: float) -> Angle:
    return Angle(Number(float(value)))


def pi_times(numerator: int, denominator: int = 1) -> Angle:
    return Angle(Number(0.0, Fraction(numerator, denominator)))


def parameter(name: str, index: int | None = None) -> Angle:
    return Angle(ZERO, ((Element(name, index), ONE),))


def call(function: str, *arguments: Angle) -> Angle:
    """A function applied to angles; folded when all are constants.

    Raises:
        ArithmeticError, ValueError: a constant result is not a finite real number.
    """
    if all(argument.is_constant for argument in arguments):
        with np.errstate(all="raise", under="ignore"):
            return number(_finite(_computed(function, [float(argument) for argument in arguments])))
    return Angle(ZERO, ((Call(function, *arguments), ONE),))


def evaluate(angle: Angle, values: Mapping[Element, Value], memo: dict[Call, Value] | None = None) -> Value:
    """The angle's value; arrays in `values` broadcast against each other.

    Args:
        memo: values of calls already met under the same `values`; shared sub-expressions are computed once.
    """
    memo = {} if memo is None else memo
    total: Value = float(angle.constant)
    for atom, coefficient in angle.terms:
        part = values[atom] if isinstance(atom, Element) else _evaluate_call(atom, values, memo)
        total = total + float(coefficient) * part
    return total


def derivative(angle: Angle, element: Element) -> Angle:
    """d angle / d element, by the chain rule."""
    total = Angle()
    for atom, coefficient in angle.terms:
        if isinstance(atom, Element):
            total += Angle(coefficient if atom == element else ZERO)
            continue
        for position, argument in enumerate(atom.arguments):
            inner = derivative(argument, element)
            if not inner.is_zero:
                total += (_slope(atom, position) * inner).scaled(coefficient)
    return total


def substitute(angle: Angle, replacement: Mapping[Element, Angle]) -> Angle:
    """The angle with elements replaced; elements not named stay."""
    if not angle.terms:
        return angle
    total = Angle(angle.constant)
    for atom, coefficient in angle.terms:
        if isinstance(atom, Element):
            part = replacement.get(atom)
            part = Angle(ZERO, ((atom, ONE),)) if part is None else part
        else:
            part = _apply(atom.function, *(substitute(argument, replacement) for argument in atom.arguments))
        total += part.scaled(coefficient)
    return total


def elements(angle: Angle) -> Iterator[Element]:
    """Every parameter element the angle depends on; repeats are possible."""
    for atom, _ in angle.terms:
        if isinstance(atom, Element):
            yield atom
        else:
            for argument in atom.arguments:
                yield from elements(argument)


@dataclass(frozen=True, slots=True)
class Function:
    """What a function of one angle computes, and its slope."""

    evaluate: Callable[[Value], Value]
    slope: Callable[[Angle], Angle]


@dataclass(frozen=True, slots=True)
class BinaryFunction:
    """What a function of two angles computes, and its slope in each."""

    evaluate: Callable[[Value, Value], Value]
    slopes: tuple[Callable[[Angle, Angle], Angle], Callable[[Angle, Angle], Angle]]


def _square(x: Angle) -> Angle:
    return x ** number(2)


_ONE = Angle(ONE)
FUNCTIONS: dict[str, Function] = {
    "sin": Function(np.sin, lambda x: call("cos", x)),
    "cos": Function(np.cos, lambda x: -call("sin", x)),
    "tan": Function(np.tan, lambda x: _ONE + _square(call("tan", x))),
    "exp": Function(np.exp, lambda x: call("exp", x)),
    "log": Function(np.log, lambda x: _ONE / x),
    "sqrt": Function(np.sqrt, lambda x: number(0.5) / call("sqrt", x)),
    "sinh": Function(np.sinh, lambda x: call("cosh", x)),
    "cosh": Function(np.cosh, lambda x: call("sinh", x)),
    "tanh": Function(np.tanh, lambda x: _ONE - _square(call("tanh", x))),
    "arcsin": Function(np.arcsin, lambda x: _ONE / call("sqrt", _ONE - _square(x))),
    "arccos": Function(np.arccos, lambda x: -(_ONE / call("sqrt", _ONE - _square(x)))),
    "arctan": Function(np.arctan, lambda x: _ONE / (_ONE + _square(x))),
}
BINARY_FUNCTIONS: dict[str, BinaryFunction] = {
    "mul": BinaryFunction(lambda a, b: a * b, (lambda a, b: b, lambda a, b: a)),
    "div": BinaryFunction(lambda a, b: a / b, (lambda a, b: _ONE / b, lambda a, b: -(a / _square(b)))),
    "pow": BinaryFunction(
        lambda a, b: np.float64(a) ** b if isinstance(a, float) else a**b,
        (lambda a, b: b * a ** (b - _ONE), lambda a, b: a**b * call("log", a)),
    ),
}
INFIX = {"mul": "*", "div": "/", "pow": "**"}


def _apply(function: str, *arguments: Angle) -> Angle:
    match function:
        case "mul":
            return arguments[0] * arguments[1]
        case "div":
            return arguments[0] / arguments[1]
        case "pow":
            return arguments[0] ** arguments[1]
        case _:
            return call(function, *arguments)


def _evaluate_call(atom: Call, values: Mapping[Element, Value], memo: dict[Call, Value]) -> Value:
    if atom not in memo:
        memo[atom] = _computed(atom.function, [evaluate(argument, values, memo) for argument in atom.arguments])
    return memo[atom]


def _computed(function: str, arguments: list[Value]) -> Value:
    if function in BINARY_FUNCTIONS:
        return BINARY_FUNCTIONS[function].evaluate(arguments[0], arguments[1])
    return FUNCTIONS[function].evaluate(arguments[0])


def _slope(atom: Call, position: int) -> Angle:
    if atom.function in BINARY_FUNCTIONS:
        return BINARY_FUNCTIONS[atom.function].slopes[position](atom.arguments[0], atom.arguments[1])
    return FUNCTIONS[atom.function].slope(atom.arguments[0])


def _finite(value: Value) -> float:
    result = float(value)
    if not math.isfinite(result):
        raise ValueError("the result is not a finite real number")
    return result


def _sort_key(term: tuple[Atom, Number]) -> tuple[int, str, int]:
    atom = term[0]
    if isinstance(atom, Call):
        return (1, atom.text, 0)
    return (0, atom.name, -1 if atom.index is None else atom.index)


def _sorted(total: Mapping[Atom, Number]) -> tuple[tuple[Atom, Number], ...]:
    return tuple(sorted((term for term in total.items() if term[1]), key=_sort_key))


def _term_text(atom: Atom, coefficient: Number) -> str:
    text = str(atom) if isinstance(atom, Element) else atom.text
    if coefficient == ONE:
        return text
    if coefficient == Number(-1.0):
        return f"-{text}"
    factor = " + ".join(addends(coefficient))
    return f"({factor})*{text}" if coefficient.pi and coefficient.plain else f"{factor}*{text}"


def _sum_text(angle: Angle) -> str:
    parts = [_term_text(atom, coefficient) for atom, coefficient in angle.terms]
    parts += addends(angle.constant)
    if not parts:
        return "0"
    return parts[0] + "".join(f" - {part[1:]}" if part.startswith("-") else f" + {part}" for part in parts[1:])


def _is_atomic(angle: Angle) -> bool:
    if angle.terms:
        return not angle.constant and len(angle.terms) == 1 and angle.terms[0][1] == ONE
    return not angle.constant.pi and angle.constant.plain >= 0


def _call_text(function: str, arguments: tuple[Angle, ...]) -> str:
    if function not in INFIX:
        return f"{function}({', '.join(map(str, arguments))})"
    shown = [str(argument) if _is_atomic(argument) else f"({argument})" for argument in arguments]
    return f"({shown[0]}{INFIX[function]}{shown[1]})"

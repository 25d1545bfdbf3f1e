"""Expressions of Quil: complex numbers, affine in parameters and places in memory where they can be."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from typing import assert_never

from qcompile.angle import Angle, Element, call, number, parameter, pi_times
from qcompile.diagnostics import Code, CompileError, Source, Span, did_you_mean, error
from qcompile.grammar.quil import tree
from qcompile.operator import Complex

_ZERO = Angle()
_FINITE = "angles are finite numbers"
_NEGLIGIBLE = 1e-12
_MAX_POWER = 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """What names stand for where a statement stands: at the top, in a circuit's expansion, or in a gate's definition.

    Attributes:
        locate: the place in memory that a reference names.
        parameters: values of the formal parameters.
        targets: what formal qubits stand for: what is written where the circuit is used, and the frame of that place.
        names: the formal qubits of a gate's definition, whose wires they are; None outside of one.
    """

    source: Source
    locate: Callable[[tree.Reference, Frame], Element]
    parameters: Mapping[str, Complex] = field(default_factory=dict[str, Complex])
    targets: Mapping[str, tuple[tree.Reference, Frame]] = field(
        default_factory=dict[str, "tuple[tree.Reference, Frame]"]
    )
    names: tuple[str, ...] | None = None

    def span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)


def angle(node: tree.Expression, frame: Frame) -> Angle:
    """A real value; raises BAD_NUMBER, NOT_UNITARY, and what names raise."""
    if type(node) is tree.Number:
        return _number(node, frame)
    real, imaginary = value(node, frame)
    if not (imaginary.is_zero or (imaginary.is_constant and abs(float(imaginary)) < _NEGLIGIBLE)):
        label = f"this angle has the imaginary part {imaginary}"
        raise error(Code.NOT_UNITARY, label, frame.span(node), "gates are unitary at real angles only")
    return real


def value(node: tree.Expression, frame: Frame) -> Complex:
    """Real and imaginary part; raises BAD_NUMBER, TOO_LARGE, OUT_OF_REACH, and what names raise."""
    try:
        made = _value(node, frame)
        finite = all(
            math.isfinite(part.constant) and all(math.isfinite(factor) for _, factor in part.terms) for part in made
        )
    except ZeroDivisionError:
        raise error(Code.BAD_NUMBER, "this divides by zero", frame.span(node), _FINITE) from None
    except (ArithmeticError, ValueError):
        raise error(Code.BAD_NUMBER, "this has no finite value", frame.span(node), _FINITE) from None
    except CompileError as fault:
        found = (d if d.span else replace(d, span=frame.span(node)) for d in fault.diagnostics)
        raise CompileError(found) from None
    if not finite:
        raise error(Code.BAD_NUMBER, "this is too large for a number", frame.span(node), _FINITE)
    return made


def multiply(a: Complex, b: Complex) -> Complex:
    if a[1].is_zero and b[1].is_zero:
        return a[0] * b[0], _ZERO
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _value(node: tree.Expression, frame: Frame) -> Complex:
    match node:
        case tree.Number():
            return _number(node, frame), _ZERO
        case tree.Imaginary(text):
            return _ZERO, _literal(text)
        case tree.Parameter(text):
            return _formal(node, text, frame)
        case tree.Reference():
            return _named(node, frame)
        case tree.Group(inner):
            return _value(inner, frame)
        case tree.Signed(odd, operand):
            real, imaginary = _value(operand, frame)
            return (-real, -imaginary) if odd else (real, imaginary)
        case tree.Total(terms):
            return _sum([(negative, _value(term, frame)) for negative, term in terms])
        case tree.Times(factors):
            return _product([(divides, _value(factor, frame)) for divides, factor in factors])
        case tree.Raised(operands):
            return reduce(lambda a, b: _raised(a, b, node, frame), [_value(operand, frame) for operand in operands])
        case tree.Call():
            return _call(node, frame)
        case _:
            assert_never(node)


@lru_cache(maxsize=4096)
def _literal(text: str) -> Angle:
    found = float(text)
    if not math.isfinite(found):
        raise OverflowError("the number is too large")
    return number(found)


def _number(node: tree.Number, frame: Frame) -> Angle:
    try:
        return _literal(node.text)
    except OverflowError:
        raise error(Code.BAD_NUMBER, "this is too large for a number", frame.span(node), _FINITE) from None


def _formal(node: tree.Parameter, text: str, frame: Frame) -> Complex:
    found = frame.parameters.get(text)
    if found is not None:
        return found
    known = did_you_mean(text, frame.parameters).replace("`", "`%", 1)
    advice = known or "parameters stand in the parentheses after a definition's name: `DEFGATE G(%theta):`"
    raise error(Code.UNKNOWN_NAME, f"`%{text}` is no parameter here", frame.span(node), advice)


def _named(node: tree.Reference, frame: Frame) -> Complex:
    if node.entry is None and node.name == "pi":
        return pi_times(1), _ZERO
    if node.entry is None and node.name == "i":
        return _ZERO, number(1.0)
    if node.name.lower() in ("nan", "inf", "infinity"):
        raise error(Code.BAD_NUMBER, f"`{node.name}` is not a finite number", frame.span(node), _FINITE)
    place = frame.locate(node, frame)
    return parameter(place.name, place.index), _ZERO


def _sum(terms: list[tuple[bool, Complex]]) -> Complex:
    total: Complex = (_ZERO, _ZERO)
    for negative, (real, imaginary) in terms:
        total = (total[0] - real, total[1] - imaginary) if negative else (total[0] + real, total[1] + imaginary)
    return total


def _product(factors: list[tuple[bool, Complex]]) -> Complex:
    total = factors[0][1]
    for divides, factor in factors[1:]:
        total = _quotient(total, factor) if divides else multiply(total, factor)
    return total


def _quotient(a: Complex, b: Complex) -> Complex:
    if b[1].is_zero:
        return a[0] / b[0], (_ZERO if a[1].is_zero else a[1] / b[0])
    real, imaginary = multiply(a, (b[0], -b[1]))
    size = b[0] * b[0] + b[1] * b[1]
    return real / size, imaginary / size


def _constant(value: Complex) -> complex:
    return complex(float(value[0]), float(value[1]))


def _of(value: complex) -> Complex:
    return number(value.real), number(value.imag)


def _raised(base: Complex, exponent: Complex, node: tree.Expression, frame: Frame) -> Complex:
    if all(part.is_constant for part in (*base, *exponent)):
        if base[1].is_zero and exponent[1].is_zero and float(base[0]) > 0:
            return base[0] ** exponent[0], _ZERO
        power = _constant(exponent)
        whole = power.imag == 0 and power.real.is_integer() and abs(power.real) <= _MAX_POWER
        return _of(_constant(base) ** (int(power.real) if whole else power))
    if base[1].is_zero and exponent[1].is_zero:
        return base[0] ** exponent[0], _ZERO
    raise _out_of_reach("a power", node, frame)


def _call(node: tree.Call, frame: Frame) -> Complex:
    name = node.function.text.lower()
    if name not in _FUNCTIONS:
        label = f"no function is called `{node.function.text}`"
        advice = did_you_mean(name, _FUNCTIONS) or f"the functions are {', '.join(_FUNCTIONS)}"
        raise error(Code.UNKNOWN_NAME, label, frame.span(node.function), advice)
    real, imaginary = argument = _value(node.argument, frame)
    if name == "cis":
        name, real, imaginary = "exp", -imaginary, real
        argument = real, imaginary
    if real.is_constant and imaginary.is_constant:
        if imaginary.is_zero and (name != "sqrt" or float(real) >= 0):
            return call(name, real), _ZERO
        return _of(_FUNCTIONS[name](_constant(argument)))
    if name == "exp":
        return multiply((call("exp", real), _ZERO), (call("cos", imaginary), call("sin", imaginary)))
    if imaginary.is_zero:
        return call(name, real), _ZERO
    raise _out_of_reach(f"`{name}`", node, frame)


def _out_of_reach(what: str, node: tree.Expression, frame: Frame) -> CompileError:
    advice = "write its real and imaginary parts out"
    return error(Code.OUT_OF_REACH, f"{what} of a complex value with parameters", frame.span(node), advice)


_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "sqrt": cmath.sqrt, "exp": cmath.exp, "cis": cmath.exp,
}  # fmt: skip

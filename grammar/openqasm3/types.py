"""Classical types, and how a value of one becomes a value of another.

A value is held as: `bit` and integers, an int; `bool`, a bool; `float`, `duration` and `angle`, an `Angle` (so that
multiples of pi and parameters stay exact); `angle[n]`, the int k of the angle 2πk/2ⁿ, or an `Angle` where it depends
on a parameter; `complex`, a complex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from qcompile.angle import Angle, number, pi_times
from qcompile.grammar.classical import Table, combine

Kind: TypeAlias = Literal["bit", "bool", "int", "uint", "float", "angle", "complex", "duration"]
MAX_WIDTH = 1024
_MACHINE = 64  # the width of an integer that states none
_INTEGERS = ("int", "uint")


class TypeFaultError(Exception):
    """A value is of the wrong type: what is wrong, and what to write instead."""

    def __init__(self, label: str, help: str) -> None:
        super().__init__(label)
        self.label = label
        self.help = help


class SizeFaultError(TypeFaultError):
    """Two registers have different sizes."""


class UnknownError(Exception):
    """A value depends on a parameter where it must be known."""


@dataclass(frozen=True, slots=True)
class Scalar:
    kind: Kind
    width: int | None = None

    def __str__(self) -> str:
        return self.kind if self.width is None else f"{self.kind}[{self.width}]"

    @property
    def is_integer(self) -> bool:
        return self.kind in _INTEGERS

    @property
    def is_register(self) -> bool:
        """Is it a register of bits, which has a table for each?"""
        return self.kind == "bit" and self.width is not None


BIT, BOOL, INT, UINT, FLOAT, ANGLE, COMPLEX, DURATION = (
    Scalar("bit"), Scalar("bool"), Scalar("int"), Scalar("uint"), Scalar("float"), Scalar("angle"), Scalar("complex"),
    Scalar("duration"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar: one table, or of a register of bits one for each bit.

    Attributes:
        is_literal: an integer written as such, which takes the width of what it meets.
    """

    type: Scalar
    tables: tuple[Table, ...]
    is_literal: bool = False

    @property
    def table(self) -> Table:
        """The value as one table; raises TooWideError."""
        if not self.type.is_register:
            return self.tables[0]
        return combine(lambda *bits: sum(bit << place for place, bit in enumerate(bits)), *self.tables)

    def map(self, type: Scalar, function: Callable[[Any], object]) -> Value:
        return scalar(type, combine(function, self.table))


@dataclass(frozen=True, slots=True)
class ArrayValue:
    """Elements in row-major order."""

    type: Scalar
    sizes: tuple[int, ...]
    tables: tuple[Table, ...]


def scalar(type: Scalar, table: Table) -> Value:
    """The value that one table stands for."""
    if not type.is_register:
        return Value(type, (table,))
    return Value(type, tuple(combine(lambda bits, k=place: bits >> k & 1, table) for place in range(type.width or 0)))


def constant(type: Scalar, entry: object) -> Value:
    return scalar(type, Table((), (entry,)))


def default(type: Scalar) -> object:
    """What a variable holds that nothing has been assigned to."""
    match type.kind:
        case "bool":
            return False
        case "bit" | "int" | "uint":
            return 0
        case "angle":
            return Angle() if type.width is None else 0
        case "float" | "duration":
            return Angle()
        case "complex":
            return 0j


def convert(value: Value, type: Scalar, explicit: bool = False) -> Value:
    """The value in another type.

    Args:
        explicit: by a cast, which may lose digits.

    Raises:
        TypeFaultError, UnknownError, TooWideError, and ValueError where the value itself does not fit.
    """
    source = value.type
    if source == type:
        return Value(type, value.tables)
    if source.kind == type.kind == "bit" and (source.width or 1) == (type.width or 1):
        return Value(type, value.tables)
    change = _change(source, type, explicit)
    return scalar(type, combine(change, value.table))


def _change(source: Scalar, type: Scalar, explicit: bool) -> Callable[[Any], object]:
    made: Callable[[Any], object] | None = None
    match type.kind:
        case "bool":
            made = _to_bool(source, explicit)
        case "bit":
            made = _to_bits(source, type, explicit)
        case "int" | "uint":
            made = _to_integer(source, type, explicit)
        case "float":
            made = _to_float(source, explicit)
        case "angle":
            made = _to_angle(source, type, explicit)
        case "complex":
            made = _to_complex(source)
        case "duration":
            made = None
    if made is None:
        advice = f"write `{type}(…)` around it" if _change_exists(source, type, explicit) else f"give `{type}` here"
        raise TypeFaultError(f"this is `{source}`, and `{type}` is needed", advice)
    return made


def _change_exists(source: Scalar, type: Scalar, explicit: bool) -> bool:
    try:
        return not explicit and bool(_change(source, type, True))
    except TypeFaultError:
        return False


def _to_bool(source: Scalar, explicit: bool) -> Callable[[Any], object] | None:
    if source == BIT or (explicit and (source.kind == "bit" or source.is_integer)):
        return bool
    if explicit and source.kind in ("float", "angle"):
        return lambda entry: bool(known(radians(entry, source)))
    return None


def _to_bits(source: Scalar, type: Scalar, explicit: bool) -> Callable[[Any], object] | None:
    width = type.width or 1
    if source.kind == "bit":
        if not explicit:
            advice = "registers side by side have one size; take a part: `c[0:1]`"
            raise SizeFaultError(f"this has {source.width or 1} bits, and {width} are needed", advice)
        return lambda entry: entry & ((1 << width) - 1)
    if source == BOOL and width == 1:
        return int
    if source.is_integer:
        return lambda entry: _masked(entry, type) if explicit else _fitting(entry, type)
    if source.kind == "angle" and explicit and source.width == width:
        return lambda entry: pattern(entry, source)
    return None


def _to_integer(source: Scalar, type: Scalar, explicit: bool) -> Callable[[Any], object] | None:
    if not explicit and type.width is not None and source.is_register and (source.width or 0) > type.width:
        advice = f"write `{type}(…)` around it to cut it"
        raise SizeFaultError(f"this has {source.width} bits, and `{type}` holds {type.width}", advice)
    if source.kind in ("bit", "bool", "int", "uint"):
        return lambda entry: wrapped(int(entry), type)
    if source.kind == "float":
        return lambda entry: wrapped(_whole(known(entry), explicit), type)
    return None


def _to_float(source: Scalar, explicit: bool) -> Callable[[Any], object] | None:
    if source == BOOL or source.is_integer:
        return lambda entry: number(float(entry))
    if source.kind == "float":
        return lambda entry: entry
    if source.kind == "angle" and explicit:
        return lambda entry: radians(entry, source)
    return None


def _to_angle(source: Scalar, type: Scalar, explicit: bool) -> Callable[[Any], object] | None:
    if source.kind in ("float", "int", "uint") or (source.kind == "angle" and source.width is None):
        return lambda entry: as_angle(radians(entry, source), type)
    if source.kind == "angle":
        return lambda entry: _resized(entry, source, type)
    if source.kind == "bit" and explicit and (source.width or 1) == type.width:
        return int
    return None


def _to_complex(source: Scalar) -> Callable[[Any], object] | None:
    if source.kind == "complex":
        return lambda entry: entry
    if source.kind in ("int", "uint", "float"):
        return lambda entry: complex(known(radians(entry, source)))
    return None


# ---- entries


def known(angle: Angle) -> float:
    """Raises UnknownError where the number depends on a parameter."""
    if not angle.is_constant:
        raise UnknownError(str(angle.terms[0][0]))
    return float(angle)


def radians(entry: Any, type: Scalar) -> Angle:
    """A number of any type but complex as an angle of a gate."""
    if isinstance(entry, Angle):
        return entry
    if type.kind == "angle" and type.width is not None:
        return pi_times(2 * entry, 1 << type.width)
    return number(float(entry))


def as_angle(angle: Angle, type: Scalar) -> object:
    """The entry of an angle type, rounded to its width where it has one and the value is known."""
    if type.width is None or not angle.is_constant:
        return angle
    if angle.constant.plain == 0.0:  # an exact multiple of π
        turns = angle.constant.pi / 2 * (1 << type.width)
        return round(turns) % (1 << type.width)
    return round(float(angle) / 6.283185307179586 * (1 << type.width)) % (1 << type.width)


def pattern(entry: Any, type: Scalar) -> int:
    """The bits of an integer, angle or register."""
    if isinstance(entry, Angle):
        known(entry)
        raise TypeFaultError("an angle without a width has no bits", "declare it as `angle[32]`")
    return int(entry) & ((1 << type.width) - 1) if type.width is not None else int(entry)


def wrapped(value: int, type: Scalar) -> int:
    """The value modulo the type's width; raises ValueError where the type states none and the value is too large."""
    if type.width is None:
        low = -(1 << (_MACHINE - 1)) if type.kind == "int" else 0
        if not low <= value < 1 << (_MACHINE - (type.kind == "int")):
            raise ValueError(f"this does not fit in `{type}` of {_MACHINE} bits")
        return value
    value &= (1 << type.width) - 1
    return value - (1 << type.width) if type.kind == "int" and value >> (type.width - 1) else value


def _masked(value: int, type: Scalar) -> int:
    return value & ((1 << (type.width or 1)) - 1)


def _fitting(value: int, type: Scalar) -> int:
    if not 0 <= value < 1 << (type.width or 1):
        raise ValueError(f"{value} does not fit in `{type}`")
    return value


def _whole(value: float, explicit: bool) -> int:
    if not explicit and not value.is_integer():
        raise ValueError(f"{value:g} is no whole number: write `int({value:g})` to cut it")
    return int(value)


def _resized(entry: Any, source: Scalar, type: Scalar) -> object:
    if isinstance(entry, Angle):
        return entry
    if type.width is None:
        return radians(entry, source)
    shift = type.width - (source.width or 0)
    return entry << shift if shift >= 0 else entry >> -shift

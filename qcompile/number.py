"""Real constants: a float and an exact multiple of π, kept apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_NO_PI = Fraction(0)
_READABLE = 2**53  # beyond it a whole number does not read back from text


@dataclass(frozen=True, slots=True)
class Number:
    """plain + pi * π, the multiple of π exact."""

    plain: float = 0.0
    pi: Fraction = _NO_PI

    @classmethod
    def of(cls, plain: float, pi: Fraction) -> Number:
        """plain + pi * π, with the multiple of π exact only where its text reads back."""
        if max(abs(pi.numerator), pi.denominator) <= _READABLE:
            return cls(plain, pi)
        return cls(plain + math.pi * (pi.numerator / pi.denominator))

    def __add__(self, other: Number) -> Number:
        if not (other.pi or self.pi):
            return Number(self.plain + other.plain)
        return Number.of(self.plain + other.plain, self.pi + other.pi)

    def __neg__(self) -> Number:
        return Number(0.0 - self.plain, -self.pi if self.pi else _NO_PI)

    def __mul__(self, other: Number) -> Number:
        if self.pi and other.pi:
            return Number(float(self) * float(other))
        if other.pi:
            self, other = other, self
        if not self.pi:
            return Number(self.plain * other.plain)
        if Fraction(other.plain).denominator <= 64:
            return Number.of(self.plain * other.plain, self.pi * Fraction(other.plain))
        return Number(float(self) * other.plain)

    def __float__(self) -> float:
        return self.plain + math.pi * self.pi.numerator / self.pi.denominator if self.pi else self.plain

    def __bool__(self) -> bool:
        return self.plain != 0.0 or bool(self.pi)


ZERO = Number()
ONE = Number(1.0)


def plain_text(value: float) -> str:
    """The shortest decimal that reads back as the same float; whole numbers without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _pi_text(multiple: Fraction) -> str:
    top = {1: "pi", -1: "-pi"}.get(multiple.numerator, f"{multiple.numerator}*pi")
    return top if multiple.denominator == 1 else f"{top}/{multiple.denominator}"


def addends(value: Number) -> Iterator[str]:
    """The texts of what the number is a sum of; none for zero."""
    if value.pi:
        yield _pi_text(value.pi)
    if value.plain:
        yield plain_text(value.plain)

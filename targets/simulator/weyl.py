"""Weyl symbols: an operator in x, p and n as an ordinary polynomial, its expectation the polynomial's mean."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import comb, perm

from qcompile.operator import Letters, Word, letters_by_wire, monomials

Monomial = tuple[int, ...]  # indices of quadratures in xxpp order, sorted, repeated by power


@lru_cache(maxsize=4096)
def symbol(word: Word, modes: int) -> tuple[tuple[Monomial, complex], ...]:
    """The Weyl symbol of a product of x, p and n, as Σ c · monomial; wire w is quadratures w and modes + w."""
    wires = letters_by_wire(word)
    total: dict[Monomial, complex] = {}
    for choice in product(*(_mode_symbol(letters) for letters in wires.values())):
        monomial: Monomial = ()
        coefficient = 1.0 + 0j
        for wire, ((a, b), factor) in zip(wires, choice, strict=True):
            monomial += (wire,) * a + (wire + modes,) * b
            coefficient *= factor
        key = tuple(sorted(monomial))
        total[key] = total.get(key, 0.0) + coefficient
    return tuple((key, value) for key, value in total.items() if value)


def _mode_symbol(letters: Letters) -> tuple[tuple[tuple[int, int], complex], ...]:
    """xᵃpᵇ has the symbol Σ iᵏ k! C(a,k) C(b,k) xᵃ⁻ᵏpᵇ⁻ᵏ: the star product at hbar = 2."""
    total: dict[tuple[int, int], complex] = {}
    for (a, b), coefficient in monomials(letters):
        for k in range(min(a, b) + 1):
            key = (a - k, b - k)
            total[key] = total.get(key, 0.0) + coefficient * 1j**k * perm(a, k) * comb(b, k)
    return tuple(total.items())

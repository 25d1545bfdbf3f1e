"""Excitations for libraries that have none."""

from __future__ import annotations

from workloads import Gate

# exp(-iθG), G a sum of commuting words: the rotation of each word by the factor times θ, rotations being exp(-iθP/2).
ROTATIONS: dict[str, tuple[tuple[float, str], ...]] = {
    "single_excitation": ((0.5, "YX"), (-0.5, "XY")),
    "double_excitation": (
        *((0.125, word) for word in ("XYXX", "YXXX", "YYXY", "YYYX")),
        *((-0.125, word) for word in ("XXXY", "XXYX", "XYYY", "YXYY")),
    ),
}


def rotations(gate: Gate) -> tuple[tuple[float, str], ...]:
    """The factors and words of a gate that rotates Pauli words."""
    if gate.name in ROTATIONS:
        return ROTATIONS[gate.name]
    return ((1.0, gate.name[1:].upper()),)

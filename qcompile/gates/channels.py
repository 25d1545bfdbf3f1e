"""Noise channels, as words of their dilations: the hidden wires b, c start in |0⟩ or the vacuum and are discarded.

The conventions are those of Nielsen and Chuang (Quantum Computation and Quantum Information, section 8.3) on qubits and
of Strawberry Fields on qumodes. A channel is linear in the state, so shift rules hold for the gates around it.
"""

from __future__ import annotations

import math

from qcompile.diagnostics import Code, Span, error
from qcompile.gates.row import Gate, Kind, Spelling

_QUBIT: tuple[Kind, ...] = ("qubit",)
_QUMODE: tuple[Kind, ...] = ("qumode",)
_SHARE = ((0.0, 1.0),)
ROUNDING = 1e-12  # rows of derivatives set a strength p to 1 by adding 1 − p

GATES = (
    # ρ to (1 − p)ρ + p PρP for a Pauli letter P: b is |1⟩ with probability p
    Gate("bit_flip", _QUBIT, ("p",), word="ry(2*arcsin(sqrt(p))) b; cx b, a;", hidden=_QUBIT, bounds=_SHARE),
    Gate("phase_flip", _QUBIT, ("p",), word="ry(2*arcsin(sqrt(p))) b; cz b, a;", hidden=_QUBIT, bounds=_SHARE),
    Gate("bit_phase_flip", _QUBIT, ("p",), word="ry(2*arcsin(sqrt(p))) b; cy b, a;", hidden=_QUBIT, bounds=_SHARE),
    # ρ to (1 − p)ρ + p·1/2, where 1/2 = (ρ + XρX + YρY + ZρZ)/4: each of X, Y, Z with probability p/4
    Gate(
        "depolarizing", _QUBIT, ("p",),
        word=(
            "ry(2*arcsin(sqrt(p/2))) b; negctrl @ ry(2*arcsin(sqrt(p/(4 - 2*p)))) b, c; ctrl @ ry(pi/2) b, c; "
            "cx b, a; cz c, a;"
        ),
        hidden=("qubit", "qubit"), bounds=_SHARE,
    ),
    # |1⟩ decays to |0⟩ with probability gamma
    Gate(
        "amplitude_damping", _QUBIT, ("gamma",), word="ctrl @ ry(2*arcsin(sqrt(gamma))) a, b; cx b, a;",
        hidden=_QUBIT, bounds=_SHARE,
    ),
    # coherences shrink by √(1 − gamma)
    Gate(
        "phase_damping", _QUBIT, ("gamma",), word="ctrl @ ry(2*arcsin(sqrt(gamma))) a, b;",
        hidden=_QUBIT, bounds=_SHARE,
    ),
    # a becomes √T a + √(1 − T) b, with b in the vacuum, or in a thermal state: half of a two-mode squeezed vacuum
    Gate(
        "loss", _QUMODE, ("transmissivity",), word="beamsplit(arccos(sqrt(transmissivity)), 0) a, b;",
        spelling=Spelling(blackbird="LossChannel"), hidden=_QUMODE, bounds=_SHARE,
    ),
    Gate(
        "thermal_loss", _QUMODE, ("transmissivity", "photons"),
        word=(
            "two_mode_squeeze(log(sqrt(photons) + sqrt(photons + 1)), 0) b, c; "
            "beamsplit(arccos(sqrt(transmissivity)), 0) a, b;"
        ),
        spelling=Spelling(blackbird="ThermalLossChannel"), hidden=("qumode", "qumode"),
        bounds=(*_SHARE, (0.0, math.inf)),
    ),
)  # fmt: skip


def check_strength(gate: Gate, index: int, value: float, span: Span | None = None) -> None:
    """Raises BAD_VALUE, where a parameter of a channel lies outside its bounds by more than rounding."""
    least, greatest = gate.bounds[index]
    if not least - ROUNDING <= value <= greatest + ROUNDING:
        limits = f"from {least:g} to {greatest:g}" if math.isfinite(greatest) else f"of {least:g} or more"
        label = f"`{gate.name}` with {gate.parameters[index]} {value:g}"
        raise error(Code.BAD_VALUE, label, span, f"give {gate.parameters[index]} a value {limits}")


def in_bounds(gate: Gate, index: int, value: float, span: Span | None = None) -> float:
    """The value less what rounding takes it out of bounds by; raises BAD_VALUE, where that is more."""
    check_strength(gate, index, value, span)
    least, greatest = gate.bounds[index]
    return min(max(value, least), greatest)

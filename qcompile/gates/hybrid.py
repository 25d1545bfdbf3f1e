"""Gates between qubits and qumodes, and gates on one photon number: a qubit steers a mode, or photons steer a phase.

As in Liu et al. 2024 (arXiv:2407.10381), with the signs of `rotate` and `displace` for |0⟩ of the qubit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from qcompile.angle import number
from qcompile.gates.row import Gate, Kind
from qcompile.operator import MAX_LEVEL, Operator, operator

_BOTH: tuple[Kind, ...] = ("qubit", "qumode")

GATES = (
    # rotate(-theta/2) where the qubit is 0, rotate(theta/2) where it is 1
    Gate("conditional_rotate", _BOTH, ("theta",), operator((0.5, "Z0 n1"))),
    Gate("conditional_shift_x", _BOTH, ("x",), operator((0.5, "Z0 p1"))),
    Gate("conditional_shift_p", _BOTH, ("p",), operator((-0.5, "Z0 x1"))),
    # displace(r, phi) where the qubit is 0, displace(-r, phi) where it is 1
    Gate(
        "conditional_displace", _BOTH, ("r", "phi"),
        word="rotate(-phi) b; conditional_shift_x(2*r) a, b; rotate(phi) b;",
    ),
)  # fmt: skip


@lru_cache(maxsize=1024)
def snap(level: int) -> Gate:
    """exp(iθ|n⟩⟨n|): a phase on n photons alone (Heeres et al. 2015, arXiv:1503.01496)."""
    return Gate(f"snap[{level}]", ("qumode",), ("theta",), Operator((((_photons(level, 0),), number(-1.0)),)))


@lru_cache(maxsize=1024)
def sqr_x(level: int) -> Gate:
    """rx(θ) where the mode has n photons."""
    word = ("X", 0), _photons(level, 1)
    return Gate(f"sqr_x[{level}]", _BOTH, ("theta",), Operator(((word, number(0.5)),)))


@lru_cache(maxsize=1024)
def sqr(level: int) -> Gate:
    """A rotation by θ about cos φ X + sin φ Y where the mode has n photons."""
    return Gate(f"sqr[{level}]", _BOTH, ("theta", "phi"), word=f"rz(-phi) a; sqr_x[{level}](theta) a, b; rz(phi) a;")


LEVELLED: Mapping[str, Callable[[int], Gate]] = {"snap": snap, "sqr_x": sqr_x, "sqr": sqr}


def levelled(name: str) -> Gate | None:
    """The gate of a name such as `snap[3]`."""
    family, _, rest = name.partition("[")
    digits = rest[:-1]
    known = family in LEVELLED and rest.endswith("]") and digits.isdecimal() and str(int(digits)) == digits
    return LEVELLED[family](int(digits)) if known and int(digits) <= MAX_LEVEL else None


def _photons(level: int, wire: int) -> tuple[str, int]:
    return f"n{level}", wire

"""Gates of quantum chemistry: rotations between occupied and empty orbitals, and the rotation of any Pauli word."""

from __future__ import annotations

from functools import lru_cache

from qcompile.gates.row import Gate, Kind
from qcompile.operator import PAULI_LETTERS, operator

_ONE: tuple[Kind, ...] = ("qubit",)

GATES = (
    # |10⟩ to cos(θ/2)|10⟩ − sin(θ/2)|01⟩
    Gate("single_excitation", _ONE * 2, ("theta",), operator((0.25, "Y0 X1"), (-0.25, "X0 Y1"))),
    # |1100⟩ to cos(θ/2)|1100⟩ − sin(θ/2)|0011⟩
    Gate(
        "double_excitation", _ONE * 4, ("theta",),
        operator(
            (-0.0625, "X0 X1 X2 Y3"), (-0.0625, "X0 X1 Y2 X3"), (0.0625, "X0 Y1 X2 X3"), (-0.0625, "X0 Y1 Y2 Y3"),
            (0.0625, "Y0 X1 X2 X3"), (-0.0625, "Y0 X1 Y2 Y3"), (0.0625, "Y0 Y1 X2 Y3"), (0.0625, "Y0 Y1 Y2 X3"),
        ),
        # between the cx, |1100⟩ is |1⟩ on a where b, c, d are 0, 1, 1, and |0011⟩ is |0⟩ there
        word="cx a, b; cx a, c; cx a, d; negctrl @ ctrl(2) @ ry(theta) b, c, d, a; cx a, d; cx a, c; cx a, b;",
    ),
    # the same single excitation in both spins, orbitals interleaved (up, down) as in Jordan-Wigner
    Gate(
        "orbital_rotation", _ONE * 4, ("theta",),
        operator(
            (0.25, "Y0 Z1 X2"), (-0.25, "X0 Z1 Y2"), (0.25, "Y1 Z2 X3"), (-0.25, "X1 Z2 Y3"),
        ),
        # cz b, c puts Z on c beside X and Y on b, and Z on b beside those on c: the orbital in between
        word="cz b, c; single_excitation(theta) a, c; single_excitation(theta) b, d; cz b, c;",
    ),
)  # fmt: skip


@lru_cache(maxsize=1024)
def pauli_rotation(letters: str) -> Gate:
    """exp(-iθP/2) for a word of X, Y, Z and I, written `pauli[XYZ](theta) q[0], q[1], q[2];`."""
    if not letters or set(letters) - set(PAULI_LETTERS + "I"):
        raise ValueError(f"not a Pauli word: {letters!r}")
    word = " ".join(f"{letter}{wire}" for wire, letter in enumerate(letters) if letter != "I")
    return Gate(f"pauli[{letters}]", _ONE * len(letters), ("theta",), operator((0.5, word)))

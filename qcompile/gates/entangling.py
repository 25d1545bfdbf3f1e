"""Gates on two and three qubits: controlled gates, swaps, two-qubit rotations."""

from __future__ import annotations

import math

from qcompile.gates.row import Gate, Kind, Matrix, Spelling
from qcompile.operator import operator

_R = 1 / math.sqrt(2)
_TWO: tuple[Kind, ...] = ("qubit", "qubit")
_THREE: tuple[Kind, ...] = ("qubit", "qubit", "qubit")


def _permutation(*image: int) -> Matrix:
    """The matrix that takes basis state k to basis state image[k]."""
    return tuple(tuple(complex(image[column] == row) for column in range(len(image))) for row in range(len(image)))


GATES = (
    Gate(
        "cx", _TWO, matrix=_permutation(0, 1, 3, 2), word="ctrl @ x a, b;", aliases=("CX", "cnot"),
        spelling=Spelling(openqasm3="cx", openqasm2="cx", quil="CNOT"),
    ),
    Gate(
        "cy", _TWO, matrix=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, -1j), (0, 0, 1j, 0)), word="ctrl @ y a, b;",
        spelling=Spelling(openqasm3="cy", openqasm2="cy"),
    ),
    Gate(
        "cz", _TWO, matrix=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, -1)), word="ctrl @ z a, b;",
        spelling=Spelling(openqasm3="cz", openqasm2="cz", quil="CZ"),
    ),
    Gate(
        "ch", _TWO, matrix=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, _R, _R), (0, 0, _R, -_R)), word="ctrl @ h a, b;",
        spelling=Spelling(openqasm3="ch", openqasm2="ch"),
    ),
    Gate(
        "cp", _TWO, ("lambda",), operator((-0.25, ""), (0.25, "Z0"), (0.25, "Z1"), (-0.25, "Z0 Z1")),
        aliases=("cphase", "cu1"), spelling=Spelling(openqasm3="cp", openqasm2="cu1", quil="CPHASE"),
    ),
    Gate(
        "crx", _TWO, ("theta",), operator((0.25, "X1"), (-0.25, "Z0 X1")),
        spelling=Spelling(openqasm3="crx"),
    ),
    Gate(
        "cry", _TWO, ("theta",), operator((0.25, "Y1"), (-0.25, "Z0 Y1")),
        spelling=Spelling(openqasm3="cry"),
    ),
    Gate(
        "crz", _TWO, ("theta",), operator((0.25, "Z1"), (-0.25, "Z0 Z1")),
        spelling=Spelling(openqasm3="crz", openqasm2="crz"),
    ),
    Gate(
        "cu", _TWO, ("theta", "phi", "lambda", "gamma"), word="p(gamma) a; ctrl @ u(theta, phi, lambda) a, b;",
        spelling=Spelling(openqasm3="cu"),
    ),
    Gate(
        "swap", _TWO, matrix=_permutation(0, 2, 1, 3), word="cx a, b; cx b, a; cx a, b;",
        spelling=Spelling(openqasm3="swap", quil="SWAP"),
    ),
    Gate(
        "iswap", _TWO, matrix=((1, 0, 0, 0), (0, 0, 1j, 0), (0, 1j, 0, 0), (0, 0, 0, 1)), word="xy(pi) a, b;",
        spelling=Spelling(quil="ISWAP"),
    ),
    Gate(
        "siswap", _TWO, matrix=((1, 0, 0, 0), (0, _R, 1j * _R, 0), (0, 1j * _R, _R, 0), (0, 0, 0, 1)),
        word="xy(pi/2) a, b;",
    ),
    Gate(
        "ecr", _TWO,
        matrix=((0, 0, _R, 1j * _R), (0, 0, 1j * _R, _R), (_R, -1j * _R, 0, 0), (-1j * _R, _R, 0, 0)),
        word="rzx(pi/4) a, b; x a; rzx(-pi/4) a, b;",
    ),
    Gate("rxx", _TWO, ("theta",), operator((0.5, "X0 X1")), spelling=Spelling(quil="RXX")),
    Gate("ryy", _TWO, ("theta",), operator((0.5, "Y0 Y1")), spelling=Spelling(quil="RYY")),
    Gate("rzz", _TWO, ("theta",), operator((0.5, "Z0 Z1")), spelling=Spelling(quil="RZZ")),
    Gate("rzx", _TWO, ("theta",), operator((0.5, "Z0 X1"))),
    Gate("xy", _TWO, ("theta",), operator((-0.25, "X0 X1"), (-0.25, "Y0 Y1")), spelling=Spelling(quil="XY")),
    Gate(
        "xx_plus_yy", _TWO, ("theta", "beta"), word="rz(beta) a; xy(-theta) a, b; rz(-beta) a;",
    ),
    Gate("xx_minus_yy_real", _TWO, ("theta",), operator((0.25, "X0 X1"), (-0.25, "Y0 Y1"))),
    Gate(
        "xx_minus_yy", _TWO, ("theta", "beta"), word="rz(-beta) b; xx_minus_yy_real(theta) a, b; rz(beta) b;",
    ),
    Gate("fsim", _TWO, ("theta", "phi"), word="xy(theta) a, b; cp(phi) a, b;", spelling=Spelling(quil="FSIM")),
    Gate(
        "ccx", _THREE, matrix=_permutation(0, 1, 2, 3, 4, 5, 7, 6), word="ctrl(2) @ x a, b, c;",
        aliases=("toffoli",), spelling=Spelling(openqasm3="ccx", openqasm2="ccx", quil="CCNOT"),
    ),
    Gate(
        "cswap", _THREE, matrix=_permutation(0, 1, 2, 3, 4, 6, 5, 7), word="ctrl @ swap a, b, c;",
        aliases=("fredkin",), spelling=Spelling(openqasm3="cswap", quil="CSWAP"),
    ),
)  # fmt: skip

"""Gates on one qubit, and the global phase. Qubit rotations are exp(-iθP/2)."""

from __future__ import annotations

import cmath
import math

from qcompile.gates.row import Gate, Kind, Spelling
from qcompile.operator import operator

_R = 1 / math.sqrt(2)
_T = cmath.exp(0.25j * math.pi)
_ONE: tuple[Kind, ...] = ("qubit",)

GATES = (
    Gate("gphase", (), ("gamma",), operator((-1, "")), spelling=Spelling(openqasm3="gphase")),
    Gate(
        "rx", _ONE, ("theta",), operator((0.5, "X0")),
        spelling=Spelling(openqasm3="rx", openqasm2="rx", quil="RX"),
    ),
    Gate(
        "ry", _ONE, ("theta",), operator((0.5, "Y0")),
        spelling=Spelling(openqasm3="ry", openqasm2="ry", quil="RY"),
    ),
    Gate(
        "rz", _ONE, ("theta",), operator((0.5, "Z0")),
        spelling=Spelling(openqasm3="rz", openqasm2="rz", quil="RZ"),
    ),
    Gate(
        "p", _ONE, ("lambda",), operator((-0.5, ""), (0.5, "Z0")), aliases=("phase", "u1"),
        spelling=Spelling(openqasm3="p", openqasm2="u1", quil="PHASE"),
    ),
    Gate(
        "id", _ONE, matrix=((1, 0), (0, 1)), word="rx(0) a;",
        spelling=Spelling(openqasm3="id", openqasm2="id", quil="I"),
    ),
    Gate(
        "x", _ONE, matrix=((0, 1), (1, 0)), word="gphase(pi/2); rx(pi) a;",
        spelling=Spelling(openqasm3="x", openqasm2="x", quil="X"),
    ),
    Gate(
        "y", _ONE, matrix=((0, -1j), (1j, 0)), word="gphase(pi/2); ry(pi) a;",
        spelling=Spelling(openqasm3="y", openqasm2="y", quil="Y"),
    ),
    Gate(
        "z", _ONE, matrix=((1, 0), (0, -1)), word="p(pi) a;",
        spelling=Spelling(openqasm3="z", openqasm2="z", quil="Z"),
    ),
    Gate(
        "h", _ONE, matrix=((_R, _R), (_R, -_R)), word="ry(pi/2) a; x a;",
        spelling=Spelling(openqasm3="h", openqasm2="h", quil="H"),
    ),
    Gate(
        "s", _ONE, matrix=((1, 0), (0, 1j)), word="p(pi/2) a;", inverse="sdg",
        spelling=Spelling(openqasm3="s", openqasm2="s", quil="S"),
    ),
    Gate(
        "sdg", _ONE, matrix=((1, 0), (0, -1j)), word="p(-pi/2) a;", inverse="s",
        spelling=Spelling(openqasm3="sdg", openqasm2="sdg"),
    ),
    Gate(
        "t", _ONE, matrix=((1, 0), (0, _T)), word="p(pi/4) a;", inverse="tdg",
        spelling=Spelling(openqasm3="t", openqasm2="t", quil="T"),
    ),
    Gate(
        "tdg", _ONE, matrix=((1, 0), (0, _T.conjugate())), word="p(-pi/4) a;", inverse="t",
        spelling=Spelling(openqasm3="tdg", openqasm2="tdg"),
    ),
    Gate(
        "sx", _ONE, matrix=((0.5 + 0.5j, 0.5 - 0.5j), (0.5 - 0.5j, 0.5 + 0.5j)),
        word="gphase(pi/4); rx(pi/2) a;", inverse="sxdg", spelling=Spelling(openqasm3="sx"),
    ),
    Gate(
        "sxdg", _ONE, matrix=((0.5 - 0.5j, 0.5 + 0.5j), (0.5 + 0.5j, 0.5 - 0.5j)),
        word="gphase(-pi/4); rx(-pi/2) a;", inverse="sx",
    ),
    Gate(
        "u", _ONE, ("theta", "phi", "lambda"), word="p(lambda) a; ry(theta) a; p(phi) a;", aliases=("U",),
        spelling=Spelling(openqasm3="U", openqasm2="u3"),
    ),
    Gate("u2", _ONE, ("phi", "lambda"), word="gphase(-phi/2 - lambda/2); u(pi/2, phi, lambda) a;"),
    Gate(
        "u3", _ONE, ("theta", "phi", "lambda"), word="gphase(-phi/2 - lambda/2); u(theta, phi, lambda) a;",
    ),
)  # fmt: skip

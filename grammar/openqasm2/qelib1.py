"""The gates of `qelib1.inc`, and what Qiskit takes beside them: as Qiskit's own gates are, global phase included."""

from __future__ import annotations

from qcompile.gates import NAMES, Gate, Kind

_ONE: tuple[Kind, ...] = ("qubit",)

# The same here and there, in the paper's file and in Qiskit's.
_PAPER = (
    "u1", "cx", "id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cz", "cy", "ch", "ccx", "crz",
    "cu1",
)  # fmt: skip
_LATER = ("u", "p", "sx", "sxdg", "swap", "cswap", "crx", "cry", "cp", "cu", "rxx", "rzz")

# Told by words of our gates.
_PAPER_WORDS = (
    Gate("u3", _ONE, ("theta", "phi", "lambda"), word="u(theta, phi, lambda) a;"),
    Gate("u2", _ONE, ("phi", "lambda"), word="u(pi/2, phi, lambda) a;"),
    Gate("u0", _ONE, ("gamma",), word="id a;"),
    Gate("cu3", _ONE * 2, ("theta", "phi", "lambda"), word="ctrl @ u(theta, phi, lambda) a, b;"),
)
_LATER_WORDS = (
    Gate("csx", _ONE * 2, word="ctrl @ sx a, b;"),
    Gate("c3x", _ONE * 4, word="ctrl(3) @ x a, b, c, d;"),
    Gate("c4x", _ONE * 5, word="ctrl(4) @ x a, b, c, d, e;"),
    Gate("c3sqrtx", _ONE * 4, word="ctrl(3) @ sx a, b, c, d;"),
    Gate("rccx", _ONE * 3, word="h c; t c; cx b, c; tdg c; cx a, c; t c; cx b, c; tdg c; h c;"),
    Gate(
        "rc3x", _ONE * 4,
        word="h d; t d; cx c, d; tdg d; h d; cx a, d; t d; cx b, d; tdg d; cx a, d; t d; cx b, d; tdg d;"
        " h d; t d; cx c, d; tdg d; h d;",
    ),
)  # fmt: skip

BUILT_IN = {"U": NAMES["u"], "CX": NAMES["cx"]}
LATER = {name: NAMES[name] for name in _LATER} | {gate.name: gate for gate in _LATER_WORDS}
QELIB1 = {name: NAMES[name] for name in _PAPER} | {gate.name: gate for gate in _PAPER_WORDS} | LATER

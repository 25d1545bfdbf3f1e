"""Photonic gates and preparations, as Strawberry Fields defines them: hbar = 2, vacuum covariance 1.

The rows in one parameter carry the generators; the rows with a phase are words around them, and where only the row
with a phase has a name elsewhere, the row without one says so by its own word.
"""

from __future__ import annotations

from qcompile.gates.row import Gate, Kind, Spelling
from qcompile.operator import operator

_ONE: tuple[Kind, ...] = ("qumode",)
_TWO: tuple[Kind, ...] = ("qumode", "qumode")

GATES = (
    Gate("rotate", _ONE, ("phi",), operator((-1, "n0")), spelling=Spelling(blackbird="Rgate")),
    Gate("fourier", _ONE, word="rotate(pi/2) a;"),
    Gate("shift_x", _ONE, ("x",), operator((0.5, "p0")), spelling=Spelling(blackbird="Xgate")),
    Gate("shift_p", _ONE, ("p",), operator((-0.5, "x0")), spelling=Spelling(blackbird="Zgate")),
    Gate(
        "displace", _ONE, ("r", "phi"), word="rotate(-phi) a; shift_x(2*r) a; rotate(phi) a;",
        spelling=Spelling(blackbird="Dgate"),
    ),
    Gate("squeeze_x", _ONE, ("r",), operator((-0.25, "x0 p0"), (-0.25, "p0 x0")), word="squeeze(r, 0) a;"),
    Gate(
        "squeeze", _ONE, ("r", "phi"), word="rotate(-phi/2) a; squeeze_x(r) a; rotate(phi/2) a;",
        spelling=Spelling(blackbird="Sgate"),
    ),
    Gate("quadratic_phase", _ONE, ("s",), operator((-0.25, "x0 x0")), spelling=Spelling(blackbird="Pgate")),
    Gate(
        "beamsplit_real", _TWO, ("theta",), operator((0.5, "x0 p1"), (-0.5, "p0 x1")),
        word="beamsplit(theta, 0) a, b;",
    ),
    Gate(
        "beamsplit", _TWO, ("theta", "phi"), word="rotate(phi) a; beamsplit_real(theta) a, b; rotate(-phi) a;",
        spelling=Spelling(blackbird="BSgate"),
    ),
    Gate(
        "two_mode_squeeze_real", _TWO, ("r",), operator((0.5, "x0 p1"), (0.5, "p0 x1")),
        word="two_mode_squeeze(r, 0) a, b;",
    ),
    Gate(
        "two_mode_squeeze", _TWO, ("r", "phi"),
        word="rotate(-phi) a; two_mode_squeeze_real(r) a, b; rotate(phi) a;",
        spelling=Spelling(blackbird="S2gate"),
    ),
    Gate(
        "mach_zehnder", _TWO, ("phi_in", "phi_ex"),
        word="rotate(phi_ex) a; beamsplit(pi/4, pi/2) a, b; rotate(phi_in) a; beamsplit(pi/4, pi/2) a, b;",
        spelling=Spelling(blackbird="MZgate"),
    ),
    Gate("controlled_x", _TWO, ("s",), operator((0.5, "x0 p1")), spelling=Spelling(blackbird="CXgate")),
    Gate("controlled_z", _TWO, ("s",), operator((-0.5, "x0 x1")), spelling=Spelling(blackbird="CZgate")),
    Gate("cubic", _ONE, ("gamma",), operator((-1 / 6, "x0 x0 x0")), spelling=Spelling(blackbird="Vgate")),
    Gate("kerr", _ONE, ("kappa",), operator((-1, "n0 n0")), spelling=Spelling(blackbird="Kgate")),
    Gate("cross_kerr", _TWO, ("kappa",), operator((-1, "n0 n1")), spelling=Spelling(blackbird="CKgate")),
    Gate("vacuum", _ONE, prepares="vacuum", spelling=Spelling(blackbird="Vacuum")),
    Gate("fock", _ONE, ("n",), prepares="number", spelling=Spelling(blackbird="Fock")),
    Gate("thermal", _ONE, ("n",), prepares="thermal", spelling=Spelling(blackbird="Thermal")),
    Gate(
        "coherent", _ONE, ("r", "phi"), word="vacuum a; displace(r, phi) a;", prepares="word",
        spelling=Spelling(blackbird="Coherent"),
    ),
    Gate(
        "squeezed", _ONE, ("r", "phi"), word="vacuum a; squeeze(r, phi) a;", prepares="word",
        spelling=Spelling(blackbird="Squeezed"),
    ),
)  # fmt: skip

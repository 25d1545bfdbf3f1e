"""The gates of `stdgates.inc`, which are rows of the gate table with the same meaning."""

from __future__ import annotations

from qcompile.gates import NAMES

STDGATES = {
    name: NAMES[name]
    for name in (
        "p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "cx", "cy", "cz", "cp", "crx", "cry",
        "crz", "ch", "swap", "ccx", "cswap", "cu", "CX", "phase", "cphase", "id", "u1", "u2", "u3",
    )
}  # fmt: skip

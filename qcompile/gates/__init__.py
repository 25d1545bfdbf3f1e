"""The gate table: one row per gate, the only place that is told a fact about it."""

from __future__ import annotations

from qcompile.gates import channels, chemistry, entangling, hybrid, photonic, qubit
from qcompile.gates.chemistry import pauli_rotation
from qcompile.gates.hybrid import LEVELLED, levelled
from qcompile.gates.row import WIRE_NAMES, Gate, Kind, Matrix, Spelling

TABLE: dict[str, Gate] = {
    gate.name: gate for family in (qubit, entangling, chemistry, photonic, hybrid, channels) for gate in family.GATES
}
NAMES: dict[str, Gate] = {name: gate for gate in TABLE.values() for name in (gate.name, *gate.aliases)}

__all__ = [
    "LEVELLED", "NAMES", "TABLE", "WIRE_NAMES", "Gate", "Kind", "Matrix", "Spelling", "levelled", "pauli_rotation",
]  # fmt: skip

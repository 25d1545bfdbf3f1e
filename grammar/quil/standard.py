"""Quil's standard gates: the gate table's own, and those that are told here in Quil."""

from __future__ import annotations

from functools import lru_cache

from qcompile.diagnostics import Source
from qcompile.gates import TABLE, Gate
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.syntax import read_module

# Other names of rows of the table, with the same matrix, angles and order of qubits.
_ALIASES = {"U": "u", "PISWAP": "xy", "SQISW": "siswap", "SQISWAP": "siswap"}
GATES: dict[str, Gate] = {gate.spelling.quil: gate for gate in TABLE.values() if gate.spelling.quil} | {
    alias: TABLE[name] for alias, name in _ALIASES.items()
}

# CPHASE00, CPHASE01, CPHASE10, PSWAP and PHASEDFSIM as in pyQuil's matrices, CAN and BLOCH as in quilc's stdgates.quil.
_PRELUDE = """
DEFGATE CPHASE00(%theta) p q AS SEQUENCE:
    X p; X q; CPHASE(%theta) p q; X p; X q

DEFGATE CPHASE01(%theta) p q AS SEQUENCE:
    X p; CPHASE(%theta) p q; X p

DEFGATE CPHASE10(%theta) p q AS SEQUENCE:
    X q; CPHASE(%theta) p q; X q

DEFGATE PSWAP(%theta) p q AS SEQUENCE:
    SWAP p q; CNOT p q; PHASE(%theta) q; CNOT p q

DEFGATE PHASEDFSIM(%theta, %zeta, %chi, %gamma, %phi) p q AS SEQUENCE:
    PHASE((%zeta + %chi - %gamma)/2) p; PHASE((-%gamma - %zeta - %chi)/2) q
    FSIM(%theta, %phi) p q
    PHASE((%zeta - %chi - %gamma)/2) p; PHASE((%chi - %gamma - %zeta)/2) q

DEFGATE CAN(%alpha, %beta, %gamma) p q AS PAULI-SUM:
    XX(%alpha/2) p q
    YY(%beta/2) p q
    ZZ(%gamma/2) p q

DEFGATE BLOCH(%alpha, %beta, %gamma) q AS PAULI-SUM:
    X(%alpha) q
    Y(%beta) q
    Z(%gamma) q
"""
SOURCE = Source("<standard gates>", _PRELUDE)
TOLD = ("CPHASE00", "CPHASE01", "CPHASE10", "PSWAP", "PHASEDFSIM", "CAN", "BLOCH")


@lru_cache(maxsize=1)
def told() -> dict[str, tree.BodyDefinition]:
    """The definitions by name."""
    made = (node for node in read_module(SOURCE) if isinstance(node, tree.BodyDefinition))
    return {node.name.text: node for node in made}

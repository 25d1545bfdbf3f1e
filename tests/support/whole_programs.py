"""Hypothesis strategies for programs of every statement and every kind of definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from random_programs import PARAMETERS, QUBIT_GATES, angles, pauli_sums
from scipy.linalg import qr

from qcompile.angle import call, number, parameter, pi_times
from qcompile.gates import TABLE, Gate, Kind, Matrix
from qcompile.grammar import invert
from qcompile.ir import (
    Barrier,
    Covariance,
    Definition,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Postselect,
    Probabilities,
    Program,
    Register,
    Reset,
    Samples,
    Statement,
    Variance,
)
from qcompile.operator import Operator

_Draw = st.DrawFn
REGISTERS = (
    Register("q", "qubit", 2),
    Register("c", "bit", 3),
    Register("m", "qumode", 2),
    Register("a", "qubit"),
    Register("k", "int"),
    Register("r", "real", 4),
    Register("done", "bit"),
)
QUBIT_WIRES, QUMODE_WIRES = (0, 1, 4), (2, 3)
CHANNELS = [gate for gate in TABLE.values() if gate.channel]
PHOTONIC = [gate for gate in TABLE.values() if set(gate.wires) == {"qumode"}]


@st.composite
def matrices(draw: _Draw, rows: int, columns: int) -> Matrix:
    """Matrices with orthonormal columns."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    made = qr(rng.normal(size=(rows, columns)) + 1j * rng.normal(size=(rows, columns)), mode="economic")[0]
    return tuple(tuple(complex(entry) for entry in row) for row in made)


@st.composite
def hamiltonians(draw: _Draw) -> Operator:
    """Of two qubits, with words that do not commute; linear in s and t, affine, or another function of them."""
    s, t = parameter("s"), parameter("t")
    forms = [s, t, s + t * number(2.0), s - number(0.5), call("sin", t) * s, number(0.25)]
    first, second, third = (draw(st.sampled_from(forms)) for _ in range(3))
    terms = ((("X", 0),), s), ((("Z", 0),), first), ((("Y", 1),), second), ((("Z", 0), ("X", 1)), third)
    return Operator() + Operator(terms)


@st.composite
def definitions(draw: _Draw) -> tuple[Definition, ...]:
    """One of each kind, the body using those before."""
    wires = draw(st.integers(1, 2))
    kinds: tuple[Kind, ...] = ("qubit",) if wires == 1 else ("qubit", "qubit")
    unitary = Gate("v", kinds, matrix=draw(matrices(2**wires, 2**wires)))
    count = draw(st.integers(1, 3))
    stacked = draw(matrices(2 * count, 2))
    channel = Gate("flip", ("qubit",), kraus=tuple(stacked[2 * k : 2 * k + 2] for k in range(count)))
    generated = Gate("g", ("qubit", "qubit"), ("t",), generator=draw(pauli_sums(2)))
    driven = Gate("driven", ("qubit", "qubit"), ("s", "t"), hamiltonian=draw(hamiltonians()))
    opaque = Gate("phony", ("qubit", "qubit"), ("s", "t"), opaque=True)
    body = (Op(unitary, tuple(range(wires))), Op(generated, (1, 0), (pi_times(1, 2),)))
    return (
        Definition(unitary),
        Definition(channel),
        Definition(generated),
        Definition(driven),
        Definition(opaque),
        Definition(Gate("joint", ("qubit", "qubit")), body),
    )


@st.composite
def ops(draw: _Draw, defined: Sequence[Gate]) -> Op:
    gate = draw(st.sampled_from([*QUBIT_GATES[:12], *CHANNELS, *PHOTONIC, *defined]))
    pool = QUMODE_WIRES if "qumode" in gate.wires else QUBIT_WIRES
    wires = tuple(draw(st.permutations(pool))[: len(gate.wires)])
    op = Op(gate, wires, tuple(draw(angles()) for _ in gate.parameters))
    return invert(op) if gate.is_unitary and not gate.opaque and draw(st.booleans()) else op


@st.composite
def measures(draw: _Draw) -> Measure:
    match draw(st.integers(0, 3)):
        case 0:
            return Measure("z", draw(st.sampled_from(QUBIT_WIRES)), (draw(st.sampled_from([0, 1, 2, 8])),))
        case 1:
            return Measure("fock", draw(st.sampled_from(QUMODE_WIRES)), (3,))
        case 2:
            return Measure("homodyne", draw(st.sampled_from(QUMODE_WIRES)), (draw(st.integers(4, 7)),), draw(angles()))
        case _:
            cells = draw(st.permutations(range(4, 8)))[:2]
            return Measure("heterodyne", draw(st.sampled_from(QUMODE_WIRES)), tuple(cells))


@st.composite
def bodies(draw: _Draw, defined: Sequence[Gate], depth: int = 2) -> tuple[Statement, ...]:
    """Statements of every kind on bits 0, 1, 2 and 8, which are measured before."""
    made: list[Statement] = []
    for _ in range(draw(st.integers(0, 4))):
        bits = draw(st.lists(st.sampled_from([0, 1, 2, 8]), min_size=1, max_size=3, unique=True))
        condition = tuple((bit, draw(st.booleans())) for bit in bits)
        match draw(st.integers(0, 6)):
            case 0:
                made.append(draw(measures()))
            case 1:
                made.append(Reset(draw(st.integers(0, 4))))
            case 2:
                made.append(Barrier(tuple(draw(st.permutations(range(5)))[: draw(st.integers(1, 5))])))
            case 3:
                made.append(Postselect(condition))
            case 4 if depth:
                made.append(If(condition, draw(bodies(defined, depth - 1)), draw(bodies(defined, depth - 1))))
            case _:
                made.append(draw(ops(defined)))
    return tuple(made)


@st.composite
def whole_programs(draw: _Draw) -> Program:
    """Programs of every statement; the bits that conditions read are measured first."""
    defined = draw(definitions())
    start = tuple(Measure("z", 0, (cell,)) for cell in (0, 1, 2, 8))
    body = (*start, *draw(bodies([definition.gate for definition in defined])))
    named = Observable(draw(pauli_sums(2)), draw(st.sampled_from(["", "H"])))
    other = Observable(draw(pauli_sums(2)))
    outputs = (
        Expectation(named), Variance(named), Covariance(other, named), Probabilities((4, 0)),
        Samples((2, 3), (8, 0, 1, 2)),
    )  # fmt: skip
    return Program(REGISTERS, PARAMETERS, defined, body, outputs[: draw(st.integers(0, 5))])

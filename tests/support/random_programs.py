"""Hypothesis strategies for programs over the whole gate table, and values for their parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from qcompile.angle import Angle, call, number, parameter, pi_times
from qcompile.gates import TABLE, Gate, Kind, pauli_rotation
from qcompile.grammar import invert
from qcompile.ir import Expectation, Observable, Op, Parameter, Program, Register
from qcompile.operator import Operator, Word, collect

PARAMETERS = (Parameter("theta"), Parameter("w", 3), Parameter("data", None, "input"))
ELEMENTS = tuple(element for p in PARAMETERS for element in p.elements())
QUBIT_GATES = [gate for gate in TABLE.values() if set(gate.wires) <= {"qubit"} and gate.is_unitary]
GAUSSIAN_GATES = [
    TABLE[name]
    for name in (
        "rotate", "fourier", "shift_x", "shift_p", "displace", "squeeze_x", "squeeze", "quadratic_phase",
        "beamsplit_real", "beamsplit", "two_mode_squeeze_real", "two_mode_squeeze", "mach_zehnder", "controlled_x",
        "controlled_z",
    )
]  # fmt: skip
_Draw = st.DrawFn


def values_for(program: Program, seed: int, scale: float = 1.0) -> dict[str, NDArray[np.float64]]:
    """Uniform values in ±scale for every parameter, by name."""
    rng = np.random.default_rng(seed)
    return {p.name: rng.uniform(-scale, scale, () if p.size is None else p.size) for p in program.parameters}


@st.composite
def angles(draw: _Draw, affine: bool = False, small: bool = False) -> Angle:
    """Constants, multiples of pi, affine forms that share and scale parameters, and functions of them.

    Args:
        small: below about 1/2 for small values of the parameters; squeezing by more loses digits that tests compare.
    """
    choice = draw(st.integers(0, 3 if affine else 5))
    if choice == 0 and not small:
        return pi_times(draw(st.integers(-4, 4)), draw(st.sampled_from([1, 2, 3, 4])))
    if choice <= 1:
        return number(draw(st.integers(-20, 20)) / (40 if small else 8))
    element = draw(st.sampled_from(ELEMENTS))
    form = parameter(element.name, element.index)
    scaled = form * number(draw(st.sampled_from([1.0, -1.0, 2.0, -0.5])))
    if choice == 2:
        return scaled
    other = draw(st.sampled_from(ELEMENTS))
    total = scaled + parameter(other.name, other.index)
    total += Angle() if small else pi_times(draw(st.integers(-2, 2)), 4)
    if choice == 3:
        return total
    return call(draw(st.sampled_from(["sin", "tanh"])), total) if choice == 4 else scaled * total


@st.composite
def ops(draw: _Draw, wires: int, gates: Sequence[Gate], affine: bool) -> Op:
    """An op of these gates; with controls and Pauli words too where they are all the qubit gates."""
    controls = gates is QUBIT_GATES
    usable = [gate for gate in gates if len(gate.wires) <= wires]
    gate = draw(st.sampled_from(usable))
    if controls and draw(st.integers(0, 9)) == 0:
        letters = draw(st.text("IXYZ", min_size=1, max_size=wires))
        gate = pauli_rotation(letters)
    spare = wires - len(gate.wires)
    polarities = tuple(draw(st.lists(st.booleans(), max_size=min(spare, 2)))) if controls else ()
    order = draw(st.permutations(range(wires)))
    chosen = tuple(order[: len(polarities) + len(gate.wires)])
    arguments = tuple(draw(angles(affine, small=gates is GAUSSIAN_GATES)) for _ in gate.parameters)
    op = Op(gate, chosen, arguments, polarities)
    return invert(op) if draw(st.integers(0, 3)) == 0 else op


@st.composite
def pauli_sums(draw: _Draw, wires: int) -> Operator:
    count = draw(st.integers(1, 3))
    terms: list[tuple[tuple[Angle, Angle], Word]] = []
    for _ in range(count):
        letters = draw(st.text("IXYZ", min_size=wires, max_size=wires).filter(lambda text: set(text) != {"I"}))
        word = tuple((letter, wire) for wire, letter in enumerate(letters) if letter != "I")
        terms.append(((number(draw(st.integers(1, 8)) / 4), Angle()), word))
    return collect(terms)[0]


@st.composite
def quadrature_sums(draw: _Draw, wires: int) -> Operator:
    words: list[Word] = [((letter, wire),) for wire in range(wires) for letter in "xpn"]
    words += [(("x", wire), ("x", wire)) for wire in range(wires)]
    words += [(("x", 0), ("p", wires - 1))] if wires > 1 else []
    chosen = draw(st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True))
    return collect(((number(draw(st.integers(1, 8)) / 4), Angle()), word) for word in chosen)[0]


@st.composite
def qubit_programs(draw: _Draw, max_wires: int = 4, max_ops: int = 8, affine: bool = False) -> Program:
    """Programs of any qubit gates, with controls and inverses, that return one expectation."""
    wires = draw(st.integers(1, max_wires))
    body = draw(st.lists(ops(wires, QUBIT_GATES, affine), min_size=1, max_size=max_ops))
    return _program("qubit", wires, body, draw(pauli_sums(wires)))


@st.composite
def gaussian_programs(draw: _Draw, max_wires: int = 3, max_ops: int = 6) -> Program:
    """Gaussian programs that return one expectation of degree at most 2."""
    wires = draw(st.integers(1, max_wires))
    body = draw(st.lists(ops(wires, GAUSSIAN_GATES, False), min_size=1, max_size=max_ops))
    return _program("qumode", wires, body, draw(quadrature_sums(wires)))


def _program(kind: Kind, wires: int, body: list[Op], operator: Operator) -> Program:
    register = Register("q" if kind == "qubit" else "m", kind, wires)
    return Program((register,), PARAMETERS, (), tuple(body), (Expectation(Observable(operator)),))


def coefficient_sum(program: Program) -> float:
    """Σ|coefficients| of the first output's observable: the scale of its expectation."""
    output = program.outputs[0]
    if not isinstance(output, Expectation):
        raise TypeError("the program returns no expectation")
    return sum(abs(float(c)) for _, c in output.observable.operator.terms)

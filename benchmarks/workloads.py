"""What the benchmarks run, as lists of gates that every peer builds its own circuit from.

    W1-n-L    n qubits, L layers of RY and RZ on each and a ring of CNOTs; ΣZ + ΣXX over neighbours
    W2-n      QAOA with p = 4 for the cuts of a random 3-regular graph; ΣZZ over its edges
    W3        H2 with two single excitations and a double one, 15 terms
    W4-b      RX(input) on 8 qubits, three layers of W1; the gradient of the mean of ⟨Z0⟩ over b rows of inputs
    ansatz-n, qft-n, volume-n, random-n    the state of W1-n-4, a Fourier transform, quantum volume, a random circuit

Rotations are exp(-iθP/2), and the first wire is the most significant in a matrix and in a state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from math import pi
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Word: TypeAlias = tuple[tuple[str, int], ...]
SEED = 0
LAYERS = 4  # of W1 where none are named, and p of W2


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate by its OpenQASM name, `unitary`, or an excitation; at most one of `angle`, `parameter`, `data`, `matrix`.

    `parameter` and `data` number an entry of the parameters and of a row of inputs, whose value is the angle.
    """

    name: str
    wires: tuple[int, ...]
    angle: float | None = None
    parameter: int | None = None
    data: int | None = None
    matrix: Array | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Gates and the terms of what is measured; without terms, the state is what is wanted."""

    name: str
    qubits: int
    gates: tuple[Gate, ...]
    terms: tuple[tuple[float, Word], ...] = ()
    parameters: int = 0
    inputs: int = 0
    batch: int = 0

    @property
    def task(self) -> str:
        if not self.terms:
            return "state"
        return "batch" if self.batch else "gradient"

    def angles(self, turn: int = 0) -> Array:
        """The parameters, shape (parameters,), others each turn."""
        return np.random.default_rng(SEED + turn).uniform(0, 2 * pi, self.parameters)

    def data(self) -> Array:
        """The inputs, shape (batch, inputs)."""
        return np.random.default_rng(SEED).uniform(0, 2 * pi, (self.batch, self.inputs))


def workload(name: str) -> Workload:
    family, *numbers = name.split("-")
    return FAMILIES[family](*map(int, numbers))


def hardware_efficient(qubits: int, layers: int = LAYERS) -> Workload:
    terms: list[tuple[float, Word]] = [(1.0, (("Z", k),)) for k in range(qubits)]
    terms += [(1.0, (("X", k), ("X", k + 1))) for k in range(qubits - 1)]
    name, gates = f"W1-{qubits}-{layers}", tuple(_layers(qubits, layers))
    return Workload(name, qubits, gates, tuple(terms), 2 * qubits * layers)


def _layers(qubits: int, layers: int) -> Iterator[Gate]:
    for layer in range(layers):
        for wire in range(qubits):
            first = 2 * (layer * qubits + wire)
            yield Gate("ry", (wire,), parameter=first)
            yield Gate("rz", (wire,), parameter=first + 1)
        yield from (Gate("cx", (wire, (wire + 1) % qubits)) for wire in range(qubits))


def alternating(qubits: int) -> Workload:
    # networkx is loaded here, since what is resident before a library is loaded counts as the interpreter's.
    graph: Any = import_module("networkx").random_regular_graph(3, qubits, seed=SEED)
    edges = sorted((min(edge), max(edge)) for edge in graph.edges)
    gates = [Gate("h", (wire,)) for wire in range(qubits)]
    for layer in range(LAYERS):
        gates += [Gate("rzz", (a, b), parameter=2 * layer) for a, b in edges]
        gates += [Gate("rx", (wire,), parameter=2 * layer + 1) for wire in range(qubits)]
    terms = tuple((1.0, (("Z", a), ("Z", b))) for a, b in edges)
    return Workload(f"W2-{qubits}", qubits, tuple(gates), terms, 2 * LAYERS)


# At 0.7414 angstrom in STO-3G by Jordan-Wigner, in hartree: the Hamiltonian of examples/h2.qc.
HYDROGEN = """
    -0.09886397745767511        0.1711977493802634 Z0         0.17119774938026341 Z1        -0.22278592618845972 Z2
    -0.22278592618845972 Z3     0.1686221919601558 Z0 Z1      0.12054482197285082 Z0 Z2      0.16586702387479024 Z0 Z3
    0.16586702387479024 Z1 Z2   0.12054482197285082 Z1 Z3     0.174348441083318 Z2 Z3
    0.04532220190193944 Y0 X1 X2 Y3     -0.04532220190193944 Y0 Y1 X2 X3
    -0.04532220190193944 X0 X1 Y2 Y3    0.04532220190193944 X0 Y1 Y2 X3
"""


def hydrogen() -> Workload:
    gates = (
        Gate("x", (0,)),
        Gate("x", (1,)),
        Gate("single_excitation", (0, 2), parameter=0),
        Gate("single_excitation", (1, 3), parameter=1),
        Gate("double_excitation", (0, 1, 2, 3), parameter=2),
    )
    terms = list[tuple[float, Word]]()
    for item in HYDROGEN.split():
        if item[0] in "XYZ":
            coefficient, word = terms[-1]
            terms[-1] = coefficient, (*word, (item[0], int(item[1:])))
        else:
            terms.append((float(item), ()))
    return Workload("W3", 4, gates, tuple(terms), 3)


def classifier(batch: int, qubits: int = 8, layers: int = 3) -> Workload:
    gates = [Gate("rx", (wire,), data=wire) for wire in range(qubits)]
    gates += _layers(qubits, layers)
    terms = ((1.0, (("Z", 0),)),)
    return Workload(f"W4-{batch}", qubits, tuple(gates), terms, 2 * qubits * layers, qubits, batch)


def ansatz(qubits: int) -> Workload:
    whole = hardware_efficient(qubits)
    return Workload(f"ansatz-{qubits}", qubits, whole.gates, parameters=whole.parameters)


def fourier(qubits: int) -> Workload:
    """The transform of a product state, so that no amplitude stays zero."""
    gates = [Gate("ry", (wire,), angle=0.1 + 0.2 * wire) for wire in range(qubits)]
    for wire in range(qubits):
        gates.append(Gate("h", (wire,)))
        gates += [Gate("cp", (wire, other), angle=pi / 2 ** (other - wire)) for other in range(wire + 1, qubits)]
    gates += [Gate("swap", (wire, qubits - 1 - wire)) for wire in range(qubits // 2)]
    return Workload(f"qft-{qubits}", qubits, tuple(gates))


def volume(qubits: int) -> Workload:
    """As many layers as qubits; in each, Haar-random unitaries on random pairs."""
    source = np.random.default_rng(SEED)
    gates = list[Gate]()
    for _ in range(qubits):
        order = source.permutation(qubits)
        for k in range(0, qubits - 1, 2):
            gates.append(Gate("unitary", (int(order[k]), int(order[k + 1])), matrix=_haar(source, 4)))
    return Workload(f"volume-{qubits}", qubits, tuple(gates))


def _haar(source: np.random.Generator, size: int) -> Array:
    """Mezzadri, arXiv:math-ph/0609050: QR of a Ginibre matrix, the phases of R's diagonal put back."""
    ginibre = source.normal(size=(size, size)) + 1j * source.normal(size=(size, size))
    q, r = np.linalg.qr(ginibre)
    phases: Array = np.diagonal(r)
    return np.asarray(q * (phases / np.abs(phases)))


def scrambled(qubits: int) -> Workload:
    """As many layers as qubits; in each a random rotation on every qubit, then CX or CZ on random pairs."""
    source = np.random.default_rng(SEED)
    gates = list[Gate]()
    for _ in range(qubits):
        for wire in range(qubits):
            gates.append(Gate(str(source.choice(["rx", "ry", "rz"])), (wire,), angle=float(source.uniform(0, 2 * pi))))
        order = source.permutation(qubits)
        for k in range(0, qubits - 1, 2):
            gates.append(Gate(str(source.choice(["cx", "cz"])), (int(order[k]), int(order[k + 1]))))
    return Workload(f"random-{qubits}", qubits, tuple(gates))


FAMILIES: dict[str, Callable[..., Workload]] = {
    "W1": hardware_efficient,
    "W2": alternating,
    "W3": hydrogen,
    "W4": classifier,
    "ansatz": ansatz,
    "qft": fourier,
    "volume": volume,
    "random": scrambled,
}

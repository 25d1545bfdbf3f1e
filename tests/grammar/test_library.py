"""The library: each circuit against an independent construction in NumPy, and what its comments promise."""

from __future__ import annotations

from functools import reduce
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from dense import element_values, unitary
from numpy.typing import NDArray
from scipy.linalg import expm

from qcompile.angle import evaluate
from qcompile.diagnostics import Source
from qcompile.gates.algebra import quadrature_action
from qcompile.grammar import parse, tree
from qcompile.grammar.comments import doc_comment
from qcompile.grammar.decompose import decompose
from qcompile.grammar.imports import LIBRARY
from qcompile.grammar.syntax import read_module
from qcompile.ir import Op, Program

Matrix = NDArray[np.complex128]
RNG = np.random.default_rng(7)
X, Y, Z = (np.array(rows, dtype=complex) for rows in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]))


def on(matrix: Matrix, wire: int, count: int) -> Matrix:
    factors = [matrix if k == wire else np.eye(2, dtype=complex) for k in range(count)]
    return reduce(np.kron, factors, np.eye(1, dtype=complex))


def turn(pauli: Matrix, angle: float, wire: int, count: int) -> Matrix:
    return on(expm(-0.5j * angle * pauli), wire, count)


def cx(control: int, target: int, count: int) -> Matrix:
    up, down = np.diag([1, 0]).astype(complex), np.diag([0, 1]).astype(complex)
    return on(up, control, count) + on(down, control, count) @ on(X, target, count)


def read(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def matrix(text: str, values: dict[str, NDArray[np.float64]]) -> Matrix:
    """The unitary of a program of gates."""
    made = read(text)
    return unitary(made.body, len(made.kinds), element_values(made, values))


@pytest.mark.parametrize(("n", "ring"), [(1, True), (2, True), (3, True), (3, False)])
def test_hardware_efficient(n: int, ring: bool) -> None:
    """Catches angles in another order, a missing last layer, and a ring that is closed on two qubits."""
    depth = 2
    w = RNG.uniform(-3, 3, 2 * n * (depth + 1))
    expected = np.eye(2**n, dtype=complex)
    for layer in range(depth + 1):
        for k in range(n):
            expected = turn(Y, w[2 * n * layer + k], k, n) @ expected
            expected = turn(Z, w[2 * n * layer + n + k], k, n) @ expected
        if layer < depth:
            for k in range(n - 1):
                expected = cx(k, k + 1, n) @ expected
            if ring and n > 2:
                expected = cx(n - 1, 0, n) @ expected
    text = f"import ansatz; qubit q[{n}]; param w[{len(w)}]; hardware_efficient(w, {depth}, {str(ring).lower()}) q;"
    assert np.allclose(matrix(text, {"w": w}), expected)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_strongly_entangling(n: int) -> None:
    """Catches a rotation in the reverse order, and entangling ranges that do not grow."""
    depth = 3
    w = RNG.uniform(-3, 3, (depth, n, 3))
    expected = np.eye(2**n, dtype=complex)
    for layer in range(depth):
        for k in range(n):
            for pauli, angle in zip((Z, Y, Z), w[layer, k], strict=True):
                expected = turn(pauli, angle, k, n) @ expected
        reach = layer % (n - 1) + 1 if n > 1 else 0
        for k in range(n if n > 2 else n - 1):
            expected = cx(k, (k + reach) % n, n) @ expected
    text = f"import ansatz; qubit q[{n}]; param w[{w.size}]; strongly_entangling(w, {depth}) q;"
    assert np.allclose(matrix(text, {"w": w.ravel()}), expected)


def test_qaoa() -> None:
    """Catches a cost layer of another sign or scale, a mixer of half the angle, and layers in the wrong order."""
    edges, n = [(0, 1), (1, 2), (2, 0), (2, 3)], 4
    gamma, beta = RNG.uniform(-2, 2, 2), RNG.uniform(-2, 2, 2)
    bits = np.array(list(product([0, 1], repeat=n)))
    cut = np.sum([bits[:, a] != bits[:, b] for a, b in edges], axis=0)
    mixer: Matrix = np.sum([on(X, k, n) for k in range(n)], axis=0)
    expected: Matrix = np.full(2**n, 2 ** (-n / 2), dtype=complex)
    for g, b in zip(gamma, beta, strict=True):
        mixed: Matrix = expm(-1j * float(b) * mixer)
        expected = mixed @ (np.exp(-1j * g * cut) * expected)
    listed = str([list(edge) for edge in edges])
    text = f"import qaoa; qubit q[{n}]; param g[2]; param b[2]; qaoa(g, b, {listed}) q;"
    assert np.allclose(matrix(text, {"g": gamma, "b": beta})[:, 0], expected)


def test_ucc() -> None:
    """Catches excitations on the wrong qubits, and one that is not exp of what moves electrons."""
    s, d = RNG.uniform(-2, 2, 2), RNG.uniform(-2, 2, 1)
    singles, doubles, n = [(0, 2), (3, 1)], [(0, 1, 2, 3)], 4
    state = np.zeros(2**n, dtype=complex)
    state[0b1100] = 1
    for angle, (i, j, a, b) in zip(d, doubles, strict=True):
        state = rotated(state, angle, (i, j), (a, b), n)
    for angle, (i, a) in zip(s, singles, strict=True):
        state = rotated(state, angle, (i,), (a,), n)
    text = (
        f"import chemistry; qubit q[{n}]; param s[2]; param d[1]; hartree_fock(2) q;"
        f"ucc(s, d, {[list(row) for row in singles]}, {[list(row) for row in doubles]}) q;"
    )
    assert np.allclose(matrix(text, {"s": s, "d": d})[:, 0], state)


def rotated(state: Matrix, angle: float, out: tuple[int, ...], into: tuple[int, ...], n: int) -> Matrix:
    """Mixes each |…1…0…⟩ (ones on `out`) with the |…0…1…⟩ that it excites to: cos |out⟩ − sin |into⟩."""
    made = state.copy()
    for index in range(2**n):
        bits = [index >> (n - 1 - k) & 1 for k in range(n)]
        if all(bits[k] for k in out) and not any(bits[k] for k in into):
            other = index ^ sum(1 << (n - 1 - k) for k in (*out, *into))
            c, s = np.cos(angle / 2), np.sin(angle / 2)
            made[index] = c * state[index] + s * state[other]
            made[other] = c * state[other] - s * state[index]
    return made


def passive(made: Program, values: dict[str, NDArray[np.float64]], modes: int) -> Matrix:
    """What the program does to amplitudes, from the table's generators: a → U a."""
    elements = element_values(made, values)
    total = np.eye(2 * modes)
    todo = [op for op in made.body if isinstance(op, Op)]
    while todo:
        op = todo.pop(0)
        if op.gate.generator is None:
            todo[:0] = decompose(op)
            continue
        action, _ = quadrature_action(op.gate.generator.on(op.wires), modes)
        total = expm(float(evaluate(op.angles[0], elements)) * action) @ total
    return np.asarray(total[:modes, :modes] + 1j * total[modes:, :modes])


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_interferometer(n: int) -> None:
    """Catches beam splitters that are skipped or on the wrong qumodes, and angles in another order."""
    count = n * (n - 1) // 2
    theta, phi, turns = RNG.uniform(-2, 2, count), RNG.uniform(-2, 2, count), RNG.uniform(-2, 2, n)
    expected = np.eye(n, dtype=complex)
    k = 0
    for layer in range(n):
        for i in range(layer % 2, n - 1, 2):
            c, s = np.cos(theta[k]), np.sin(theta[k])
            block = np.eye(n, dtype=complex)
            block[i : i + 2, i : i + 2] = [[c, -np.exp(-1j * phi[k]) * s], [np.exp(1j * phi[k]) * s, c]]
            expected, k = block @ expected, k + 1
    assert k == count
    expected = np.diag(np.exp(1j * turns)) @ expected
    text = (
        f"import photonics; qumode m[{n}]; param t[{count}]; param p[{count}]; param r[{n}]; interferometer(t, p, r) m;"
    )
    assert np.allclose(passive(read(text), {"t": theta, "p": phi, "r": turns}, n), expected)


def test_cv_layer() -> None:
    """Catches parts of the layer that are missing, or in another order."""
    declared = " ".join(f"param {name}[3];" for name in "tprsuvxadk")
    made = read(f"import photonics; qumode m[3]; {declared} cv_layer(t, p, r, s, u, v, x, a, d, k) m;")
    names = [op.gate.name for op in made.body if isinstance(op, Op)]
    mesh = ["beamsplit"] * 3 + ["rotate"] * 3
    assert names == [*mesh, *["squeeze_x"] * 3, *mesh, *["displace", "kerr"] * 3]
    used = [str(angle) for op in made.body if isinstance(op, Op) for angle in op.angles]
    assert sorted(used) == sorted(f"{name}[{k}]" for name in "tprsuvxadk" for k in range(3))


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.qc")), ids=lambda path: path.stem)
def test_every_definition_has_a_comment(path: Path) -> None:
    """Catches a library circuit that the editor has nothing to show for."""
    source = Source(path.name, path.read_text(encoding="utf-8"))
    named = [node for node in read_module(source) if isinstance(node, tree.Definition | tree.Subcircuit)]
    assert named
    assert all(doc_comment(source.text, node.start) for node in named)


def test_the_page_lists_the_library(root: Path) -> None:
    """Catches a library circuit that the page does not tell of."""
    page = (root / "docs" / "language.md").read_text(encoding="utf-8")
    for path in LIBRARY.glob("*.qc"):
        source = Source(path.name, path.read_text(encoding="utf-8"))
        names = [node.name.text for node in read_module(source) if isinstance(node, tree.Subcircuit)]
        assert f"| `import {path.stem};` | {' '.join(f'`{name}`' for name in names)} |" in page

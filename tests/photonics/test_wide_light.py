"""Gaussian programs on many modes, held against products of dense exponentials, and the sizes of what they allocate."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

import qcompile as qc
from qcompile.angle import number, parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Op, Program
from qcompile.targets.simulator import bind, gaussian_forward
from qcompile.targets.simulator.angle_table import AngleTable

RealArray = NDArray[np.float64]
Gate = tuple[str, tuple[int, ...], int]  # its name, wires, and the entry of t that it turns by
# d(x, p)/dθ = A(x, p) + b of each gate on its own wires, in xxpp order, by the conventions of Strawberry Fields.
FLOWS: dict[str, tuple[list[list[float]], list[float]]] = {
    "rotate": ([[0, -1], [1, 0]], [0, 0]),
    "squeeze_x": ([[-1, 0], [0, 1]], [0, 0]),
    "shift_x": ([[0, 0], [0, 0]], [1, 0]),
    "shift_p": ([[0, 0], [0, 0]], [0, 1]),
    "quadratic_phase": ([[0, 0], [1, 0]], [0, 0]),
    "beamsplit_real": ([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]], [0, 0, 0, 0]),
    "two_mode_squeeze_real": ([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, -1, 0]], [0, 0, 0, 0]),
    "controlled_z": ([[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]], [0, 0, 0, 0]),
}
TRANSMISSIVITY, PARAMETERS = 0.8, 5


def program(source: str) -> Program:
    module = parse(source)
    assert isinstance(module, Program)
    return module


def gates(modes: int, count: int, seed: int, losses: bool) -> list[Gate]:
    """Of all kinds, on wires far apart and in any order."""
    random = np.random.default_rng(seed)
    names = [*FLOWS, *(["loss"] if losses else [])]
    found: list[Gate] = []
    for _ in range(count):
        name = str(random.choice(names))
        size = 1 if name == "loss" else len(FLOWS[name][1]) // 2
        wires = tuple(int(wire) for wire in random.choice(modes, size, replace=False))
        found.append((name, wires, int(random.integers(PARAMETERS))))
    return found


def text(modes: int, circuit: list[Gate], outputs: str) -> str:
    lines = [
        f"{name}({TRANSMISSIVITY if name == 'loss' else f't[{k}]'}) {', '.join(f'm[{w}]' for w in wires)};"
        for name, wires, k in circuit
    ]
    return f"qumode m[{modes}]; param t[{PARAMETERS}]; {' '.join(lines)} return {outputs};"


def dense(modes: int, circuit: list[Gate], t: RealArray) -> tuple[RealArray, RealArray]:
    """Means and covariance by one exponential of a (2m + 1)-square matrix per gate."""
    means: RealArray = np.zeros(2 * modes)
    covariance: RealArray = np.eye(2 * modes)
    for name, wires, k in circuit:
        rows = np.array([*wires, *(wire + modes for wire in wires)])
        if name == "loss":
            scale = np.ones(2 * modes)
            scale[rows] = np.sqrt(TRANSMISSIVITY)
            means, covariance = scale * means, np.outer(scale, scale) * covariance
            covariance[rows, rows] += 1 - TRANSMISSIVITY
            continue
        flow = np.zeros((2 * modes + 1, 2 * modes + 1))
        flow[rows[:, None], rows], flow[rows, -1] = FLOWS[name]
        whole: RealArray = np.asarray(expm(t[k] * flow), dtype=float)
        means = whole[:-1, :-1] @ means + whole[:-1, -1]
        covariance = whole[:-1, :-1] @ covariance @ whole[:-1, :-1].T
    return means, covariance


@pytest.mark.parametrize(("modes", "count", "losses"), [(3, 60, True), (110, 90, True), (150, 60, False)])
def test_states_of_many_modes_are_products_of_exponentials(modes: int, count: int, losses: bool) -> None:
    """Catches a block on the wrong rows, gates of a block out of order, a layer that overtakes another."""
    circuit, t = gates(modes, count, 4, losses), np.random.default_rng(1).uniform(-0.4, 0.4, PARAMETERS)
    found = qc.simulate(qc.parse(text(modes, circuit, "state()")))(t=t)
    means, covariance = dense(modes, circuit, t)
    np.testing.assert_allclose(found[0], means, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(found[1:], covariance, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize(("modes", "count", "losses"), [(4, 50, True), (30, 80, True), (40, 60, False)])
def test_gradients_of_many_modes_are_slopes_of_the_dense_states(modes: int, count: int, losses: bool) -> None:
    """Catches a gradient that is read before later gates are undone, and rows that come back wrong from a channel."""
    circuit, t = gates(modes, count, 6, losses), np.random.default_rng(2).uniform(-0.3, 0.3, PARAMETERS)
    total = " + ".join(f"n[{k}]" for k in range(modes))
    outputs = f"expect({total} + 0.5*x[0]), expect(p[1] + x[2]), expect(0.3*x[0] x[{modes - 1}] + p[0] p[1]), var(x[1])"
    _, slopes = qc.value_and_grad(program(text(modes, circuit, outputs)), "adjoint")(t=t)
    step = 1e-3
    for k in range(PARAMETERS):
        shifts = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
        expected = sum(w * read(*dense(modes, circuit, t + s * step * np.eye(PARAMETERS)[k])) for s, w in shifts) / step
        np.testing.assert_allclose([slope["t"][k] for slope in slopes], expected, rtol=1e-7, atol=1e-7)


def read(means: RealArray, covariance: RealArray) -> RealArray:
    """The four outputs above, by their definitions."""
    modes, second = len(means) // 2, covariance + np.outer(means, means)
    photons = (np.trace(second) - 2 * modes) / 4
    product = 0.3 * second[0, modes - 1] + second[modes, modes + 1]
    return np.array([photons + 0.5 * means[0], means[modes + 1] + means[2], product, covariance[1, 1]])


def test_parts_of_a_batch_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches rows that are lost or exchanged where a batch is too large for the cache, and angles of another row."""
    outputs = "expect(n[0] + x[1]), var(p[2])"
    source = program(text(6, gates(6, 60, 3, True), outputs))
    t = np.random.default_rng(5).uniform(-0.3, 0.3, (5, PARAMETERS))
    function = qc.value_and_grad(source, "adjoint")
    whole = [function(t=row) for row in t]
    for cached in (1, 1 << 24):
        monkeypatch.setattr(gaussian_forward, "_CACHED", cached)
        values, slopes = function(t=t)
        for k in range(2):
            np.testing.assert_allclose(values[k], [value[k] for value, _ in whole], rtol=0, atol=1e-12)
            np.testing.assert_allclose(slopes[k]["t"], [slope[k]["t"] for _, slope in whole], rtol=0, atol=1e-11)


def peak(function: Callable[..., object]) -> int:
    function(t=np.full(PARAMETERS, 0.1))  # what is planned once is kept
    tracemalloc.start()
    function(t=np.full(PARAMETERS, 0.1))
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def ladder(modes: int, layers: int, losses: int) -> Iterator[str]:
    yield f"qumode m[{modes}]; param t[5]; squeeze_x(t[0]) m[0];"
    for layer in range(layers):
        for k in range(layer % 2, modes - 1, 2):
            yield f"beamsplit_real(t[1]) m[{k}], m[{k + 1}]; rotate(t[2]) m[{k}];"
    for k in range(losses):
        yield f"loss(0.9) m[{k % modes}]; beamsplit_real(t[3]) m[{k % modes}], m[{(k + 1) % modes}];"
    yield f"return expect({' + '.join(f'n[{k}]' for k in range(modes))});"


def test_memory_is_that_of_a_few_covariances() -> None:
    """120 modes: four times the layers take no more, and a channel its rows. Catches a matrix for each gate or loss."""
    modes, covariance = 120, 8 * 240**2
    sizes = ((4, 0), (16, 0), (4, 60), (4, 180))
    peaks = {size: peak(qc.value_and_grad(program(" ".join(ladder(modes, *size))), "adjoint")) for size in sizes}
    assert peaks[4, 0] < 12 * covariance
    assert peaks[16, 0] < peaks[4, 0] + 2 * covariance
    assert peaks[4, 180] < peaks[4, 60] + 120 * 4 * (8 * 2 * 240)


def test_a_table_of_angles_is_each_angle() -> None:
    """Catches terms added to another row, a shared expression taken once too often, and constants dropped."""
    source = program("qumode m; param a; param w[2]; rotate(2*a + w[1] - pi/3) m; rotate(sin(a)*w[0] + 3*sin(a)) m;")
    angles = [*(op.angles[0] for op in source.body if isinstance(op, Op)), number(0.25), parameter("a")]
    a, w0, w1 = np.array([0.3, -0.7]), np.array([1.1, 0.2]), np.array([0.4, -2.0])
    elements = bind(source.parameters, {"a": a, "w": np.stack([w0, w1], axis=1)}).elements
    found = AngleTable.of([(angle, None) for angle in angles]).values(elements)
    expected = [2 * a + w1 - np.pi / 3, np.sin(a) * (w0 + 3), np.full(2, 0.25), a]
    np.testing.assert_allclose(found, np.stack(expected, axis=1), rtol=0, atol=1e-14)


def test_an_angle_without_a_value_is_named_where_it_stands() -> None:
    """Catches infinities that go into the moments, and a diagnostic at another gate."""
    source = program("qumode m; param a; rotate(a) m;\nshift_x(1/a) m; return expect(x[0]);")
    with pytest.raises(CompileError) as caught:
        qc.simulate(source)(a=0.0)
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.BAD_NUMBER
    assert fault.span is not None
    assert fault.span.record()["line"] == 2

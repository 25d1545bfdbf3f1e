"""How long light takes: Gaussian states of many modes, and layers of photonic networks in a cut Fock space.

    OPENBLAS_NUM_THREADS=1 python benchmarks/light.py [--batch 64] [MODES ...]

Gaussian: two layers of squeezers, a brick of beam splitters, rotations and displacements; the sum of all photon
numbers with a few quadratures. Fock: a layer of a network (interferometer, squeezers, interferometer, displacements,
Kerr gates). Least of three in milliseconds of processor time, after one call that plans. Ratios are to
the forward run of the peer, which gives a state and no gradient: Strawberry Fields' backends `gaussian` and `fock`
(engine time; its program is compiled before), called once for each row of a batch. Values are compared first.
The floor is what the gates of all layers read and write of the covariance at 10 GB/s, fused as the simulator does.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import qcompile as qc
from qcompile.gates import TABLE
from qcompile.ir import Program
from qcompile.targets.simulator import fock as matrices_of
from qcompile.targets.strawberryfields_import import import_strawberryfields

RealArray = NDArray[np.float64]
LAYERS, ROUNDS, BANDWIDTH, CLOSE = 2, 3, 10e9, 1e-8
MOST_PEER_MODES = 100  # a gate of the peer takes a product of whole matrices
FOCK = [(2, 8), (2, 10), (2, 20), (3, 8), (3, 10), (4, 8)]
Gate = tuple[str, tuple[int, ...], tuple[Any, ...]]  # its angles: numbers, or w for the next parameter


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("modes", nargs="*", type=int, default=[2, 10, 50, 100, 200, 400])
    parser.add_argument("--batch", type=int, default=64)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print("Gaussian states")
    print(f"{'modes':>6} {'angles':>7} {'batch':>6} {'value':>9} {'with grad':>9} {'times':>6} {'floor':>8}"
          f" {'SF value':>9} {'ratio':>7}")  # fmt: skip
    for modes in arguments.modes:
        for batch in (1, arguments.batch):
            if batch == 1 or modes <= MOST_PEER_MODES:
                gaussian(modes, batch)
    print("cut Fock spaces")
    print(f"{'modes':>6} {'cutoff':>7} {'batch':>6} {'value':>9} {'with grad':>9} {'times':>6} {'SF value':>9}"
          f" {'ratio':>7}")  # fmt: skip
    for modes, cutoff in FOCK:
        for batch in (1, arguments.batch) if cutoff**modes <= 1000 else (1,):
            fock(modes, cutoff, batch)
    print("matrices of gates, microseconds for one angle and per angle of the batch")
    print(f"{'gate':>20} {'cutoff':>7} {'one':>9} {'in batch':>9} {'The Walrus':>11}")
    for cutoff in (10, 20):
        matrices(cutoff, arguments.batch)


def gaussian(modes: int, batch: int) -> None:
    gates = list(brick(modes))
    observable = "+".join(f"n[{k}]" for k in range(modes))
    observable += f"+0.5*x[0]+0.3*p[{modes - 1}]+0.2*x[0] x[{modes - 1}]+0.1*p[0] p[1]"
    w = angles(gates, batch)
    text = program(modes, gates, observable)
    value, both = timed(text, w, {})
    theirs, spent = peer(modes, gates, w[0], "gaussian", {})
    means, covariance = theirs.means(), theirs.cov()
    second = covariance + np.outer(means, means)
    expected = (np.trace(second) - 2 * modes) / 4 + 0.5 * means[0] + 0.3 * means[-1]
    expected += 0.2 * second[0, modes - 1] + 0.1 * second[modes, modes + 1]
    agree(qc.simulate(qc.parse(text))(w=w[0]), expected)
    moved = 2 * LAYERS * 3 * 2 * 8 * (2 * modes) ** 2  # three fused layers each, rows and columns read and written
    floor = batch * moved / BANDWIDTH * 1e3
    print(f"{modes:6} {w.shape[1]:7} {batch:6} {value:9.2f} {both:9.2f} {both / value:6.1f} {floor:8.2f}"
          f" {spent * batch:9.1f} {spent * batch / both:7.1f}", flush=True)  # fmt: skip


def fock(modes: int, cutoff: int, batch: int) -> None:
    gates = list(network(modes))
    text = program(modes, gates, "+".join(f"x[{k}]+0.3*n[{k}]" for k in range(modes)))
    w = angles(gates, batch)
    value, both = timed(text, w, {"cutoff": cutoff})
    theirs, spent = peer(modes, gates, w[0], "fock", {"cutoff_dim": cutoff})
    expected = sum(float(theirs.quad_expectation(k)[0]) + 0.3 * float(theirs.mean_photon(k)[0]) for k in range(modes))
    agree(qc.simulate(qc.parse(text), cutoff=cutoff)(w=w[0]), expected)
    print(f"{modes:6} {cutoff:7} {batch:6} {value:9.2f} {both:9.2f} {both / value:6.1f} {spent * batch:9.1f}"
          f" {spent * batch / both:7.1f}", flush=True)  # fmt: skip


def brick(modes: int) -> Iterator[Gate]:
    for _ in range(LAYERS):
        yield from (("squeeze", (k,), ("w", 0.3)) for k in range(modes))
        yield from (("beamsplit", (k, k + 1), ("w", 0.4)) for start in (0, 1) for k in range(start, modes - 1, 2))
        yield from (("rotate", (k,), ("w",)) for k in range(modes))
        yield from (("displace", (k,), ("w", 0.2)) for k in range(modes))


def network(modes: int) -> Iterator[Gate]:
    for place in range(2):
        starts = (0, 1) if modes > 2 else (0,)
        yield from (("beamsplit", (k, k + 1), ("w", "w")) for start in starts for k in range(start, modes - 1, 2))
        yield from (("rotate", (k,), ("w",)) for k in range(modes))
        yield from (("displace" if place else "squeeze", (k,), ("w", "w")) for k in range(modes))
    yield from (("kerr", (k,), ("w",)) for k in range(modes))


def angles(gates: list[Gate], batch: int) -> RealArray:
    count = sum(angle == "w" for _, _, given in gates for angle in given)
    return np.random.default_rng(0).uniform(-0.15, 0.15, (batch, count))


def program(modes: int, gates: list[Gate], observable: str) -> str:
    numbers = iter(range(10**9))
    lines = list[str]()
    for name, wires, given in gates:
        filled = ", ".join(f"w[{next(numbers)}]" if angle == "w" else str(angle) for angle in given)
        lines.append(f"{name}({filled}) {', '.join(f'm[{wire}]' for wire in wires)};")
    return f"qumode m[{modes}]; param w[{next(numbers)}]; {' '.join(lines)} return expect({observable});"


def timed(text: str, w: RealArray, options: dict[str, Any]) -> tuple[float, float]:
    """Milliseconds of the value, and of the value with its gradient by all angles."""
    source = qc.parse(text)
    if not isinstance(source, Program):
        raise AssertionError("a derivative")
    found = list[float]()
    for function in (qc.simulate(source, **options), qc.value_and_grad(source, "adjoint", **options)):
        function(w=w)
        found.append(least(partial(function, w=w)) * 1e3)
    return found[0], found[1]


def peer(modes: int, gates: list[Gate], w: RealArray, backend: str, options: dict[str, Any]) -> tuple[Any, float]:
    """The state, and the milliseconds of one run."""
    sf: Any = import_strawberryfields()
    names = {"squeeze": "Sgate", "beamsplit": "BSgate", "rotate": "Rgate", "displace": "Dgate", "kerr": "Kgate"}
    source, values = sf.Program(modes), iter(w)
    with source.context as q:
        for name, wires, given in gates:
            filled = [float(next(values)) if angle == "w" else angle for angle in given]
            getattr(sf.ops, names[name])(*filled).__or__([q[wire] for wire in wires])
    compiled = source.compile(compiler=backend)
    engine = sf.Engine(backend, backend_options=options)
    state = engine.run(compiled).state

    def again() -> None:
        engine.reset()
        engine.run(compiled)

    return state, least(again) * 1e3


def matrices(cutoff: int, batch: int) -> None:
    from thewalrus import fock_gradients as walrus

    theirs: dict[str, Callable[[float], Any]] = {
        "shift_x": lambda t: walrus.displacement(t / 2, 0.0, cutoff),
        "squeeze_x": lambda t: walrus.squeezing(t, 0.0, cutoff),
        "beamsplit_real": lambda t: walrus.beamsplitter(t, 0.0, cutoff),
        "two_mode_squeeze_real": lambda t: walrus.two_mode_squeezing(t, 0.0, cutoff),
    }
    for name, made in theirs.items():
        matrix(name, cutoff, made, batch)


def matrix(name: str, cutoff: int, made: Callable[[float], Any], batch: int) -> None:
    wires = len(TABLE[name].wires)
    many = np.linspace(0.1, 0.6, batch if wires == 1 else 4)
    one = many[:1]
    mine, their = matrices_of.unitary(TABLE[name], one, cutoff)[0], np.asarray(made(float(one[0])))
    if np.abs(np.abs(mine) - np.abs(their.reshape(mine.shape))).max() > CLOSE:
        sys.exit(f"{name}: the matrices disagree")
    alone, in_batch = (least(partial(matrices_of.unitary, TABLE[name], a, cutoff)) * 1e6 / len(a) for a in (one, many))
    walrus = least(lambda: made(float(one[0]))) * 1e6
    print(f"{name:>20} {cutoff:7} {alone:9.1f} {in_batch:9.1f} {walrus:11.1f}", flush=True)


def agree(ours: float, theirs: float) -> None:
    if abs(ours - theirs) > CLOSE * max(1.0, abs(theirs)):
        sys.exit(f"the values disagree: {ours} and {theirs}")


def least(work: Callable[[], object]) -> float:
    """The least seconds of processor time."""
    work()
    times = list[float]()
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()

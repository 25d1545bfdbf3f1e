"""How long the exact gradient of a wide, shallow program takes from light-cone slices.

    python benchmarks/slices.py [QUBITS ...]

Four layers of RY and CZ with the ZZ of all neighbours. Each time is that of the whole call: from the program to the
value and the gradient by all its parameters; median of three. Up to 20 qubits, an adjoint sweep of the whole beside it.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from ansatz import brick

import qcompile as qc
from qcompile.ir import Shifted

LAYERS, SEED, ROUNDS, BUDGET = 4, 0, 3, 10.0
SWEPT = 20  # the most qubits that are also swept as a whole


def main() -> None:
    sizes = [int(argument) for argument in sys.argv[1:]] or [18, 20, 32, 64, 128]
    print(
        f"{'qubits':>6} {'slices':>7} {'widest':>7} {'rows':>6} {'sliced':>9} {'of 10 s':>8} {'swept':>9} {'ratio':>7}"
    )
    for qubits in sizes:
        measure(qubits)


def measure(qubits: int) -> None:
    """Print one line; stop where the two ways disagree, or `auto` does not slice."""
    program = brick(qubits, LAYERS)
    angles = np.random.default_rng(SEED).uniform(0, 2 * np.pi, qubits * LAYERS)
    derivative = qc.value_and_grad(program).derivative
    if not isinstance(derivative, Shifted):
        sys.exit(f"{qubits} qubits are swept as a whole: give a number above 16")
    widest = max(len(template.program.kinds) for template in derivative.templates)
    sliced = seconds(lambda: qc.value_and_grad(program)(w=angles))
    line = f"{qubits:6} {len(derivative.templates):7} {widest:7} {len(derivative.rows):6} {sliced:9.3f}"
    line += f" {sliced / BUDGET:8.3f}"
    if qubits <= SWEPT:
        swept = seconds(lambda: qc.value_and_grad(program, "adjoint")(w=angles))
        line += f" {swept:9.3f} {sliced / swept:7.3f}"
        one, other = (qc.value_and_grad(program, method)(w=angles)[1]["w"] for method in ("auto", "adjoint"))
        if np.abs(one - other).max() > 1e-10:
            sys.exit(f"{qubits} qubits: the slices and the sweep disagree")
    print(line, flush=True)


def seconds(work: Callable[[], object]) -> float:
    """The median."""
    times = list[float]()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()

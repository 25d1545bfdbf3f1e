"""How long it takes to differentiate a program by all its parameters and to write the bundle of the gradient.

    python benchmarks/bundles.py [LAYERS ...]

The hardware-efficient ansatz on 20 qubits, 40 parameters a layer; OpenQASM 3. Processor times, medians of five, with
the collector on, in a process that has imported all. The first run, which fills the tables of gates and rules, stands
apart.
"""

from __future__ import annotations

import statistics
import sys
import time

from ansatz import hardware_efficient

from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import differentiate
from qcompile.targets import bundle

QUBITS, ROUNDS, BUDGET = 20, 5, 0.5
LANGUAGE = "openqasm3"


def main() -> None:
    layers = [int(argument) for argument in sys.argv[1:]] or [5, 20]
    print(
        f"{'parameters':>10} {'rows':>6} {'KiB':>6} {'first':>8} {'differentiate':>14} {'bundle':>8} {'both':>8}"
        f" {'of ' + str(BUDGET) + ' s':>9}   in seconds"
    )
    for count in layers:
        measure(count)


def measure(layers: int) -> None:
    program = hardware_efficient(QUBITS, layers)
    runs = [run(program) for _ in range(1 + ROUNDS)]
    made, written, rows, size = (statistics.median(column) for column in zip(*runs[1:], strict=True))
    total = statistics.median(run[0] + run[1] for run in runs[1:])
    print(
        f"{2 * QUBITS * layers:10} {rows:6.0f} {size / 1024:6.0f} {runs[0][0] + runs[0][1]:8.3f} {made:14.3f}"
        f" {written:8.3f} {total:8.3f} {total / BUDGET:9.2f}",
        flush=True,
    )


def run(program: Program) -> tuple[float, float, int, int]:
    """Seconds to differentiate and to write, and how many rows and characters that makes."""
    start = time.process_time()
    derivative = differentiate(program)
    middle = time.process_time()
    files = bundle(derivative, LANGUAGE).files
    end = time.process_time()
    rows = len(derivative.rows) if isinstance(derivative, Shifted) else 0
    return middle - start, end - middle, rows, sum(map(len, files.values()))


if __name__ == "__main__":
    main()

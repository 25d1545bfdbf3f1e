"""How much of the time of a shifted row is Python, and not arithmetic on arrays.

    python benchmarks/rows.py [QUBITS ...]

The parameter-shift gradient of the hardware-efficient ansatz in four layers, all rows in one batch. Arrays: the time
inside `apply` (a gate on all rows) and `moments` (the observable in all rows). Python: the rest of the call, which
binds values, sets slots, builds the gates' matrices and recombines. Medians, in microseconds of processor time per row.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from ansatz import hardware_efficient

import qcompile as qc
from qcompile.ir import Shifted
from qcompile.targets.simulator import tensor_outputs, tensor_run

LAYERS, SEED, ROUNDS, BUDGET = 4, 0, 25, 50.0


def main() -> None:
    clock = Clock()
    for module, name in ((tensor_run, "apply"), (tensor_outputs, "moments")):
        setattr(module, name, clock.watched(getattr(module, name)))
    sizes = [int(argument) for argument in sys.argv[1:]] or [4, 6, 8]
    print(f"{'qubits':>6} {'rows':>6} {'all':>9} {'arrays':>9} {'Python':>9} {'of ' + str(BUDGET):>8}")
    for qubits in sizes:
        measure(qubits, clock)


class Clock:
    """The seconds spent in the functions that it watches."""

    def __init__(self) -> None:
        self.spent = 0.0

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = time.thread_time()
            result = function(*arguments)
            self.spent += time.thread_time() - start
            return result

        return timed


def measure(qubits: int, clock: Clock) -> None:
    function = qc.value_and_grad(hardware_efficient(qubits, LAYERS), "shift")
    if not isinstance(function.derivative, Shifted):
        sys.exit("shifting gave no shifted circuits")
    rows = len(function.derivative.rows)
    source = np.random.default_rng(SEED)
    values = {name: source.uniform(0, 2 * np.pi, qubits * LAYERS) for name in ("a", "b")}
    whole, arrays = list[float](), list[float]()
    for _ in range(ROUNDS):
        clock.spent = 0.0
        start = time.thread_time()
        function(**values)
        whole.append((time.thread_time() - start) / rows * 1e6)
        arrays.append(clock.spent / rows * 1e6)
    python = statistics.median(a - b for a, b in zip(whole, arrays, strict=True))
    print(
        f"{qubits:6} {rows:6} {statistics.median(whole):9.1f} {statistics.median(arrays):9.1f} {python:9.1f}"
        f" {python / BUDGET:8.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()

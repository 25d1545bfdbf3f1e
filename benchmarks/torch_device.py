"""The batch W4 as operations of PyTorch, on the device that it finds, beside the engine on the processor.

    python benchmarks/torch_device.py [--rows 256] [--device cuda] [--threads 1]

Values and gradients are compared first: to 1e-10 in double precision, to 1e-4 in single.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from programs import program
from workloads import workload

import qcompile as qc
from qcompile.targets.torch import lower

PRECISIONS = {torch.float64: 1e-10, torch.float32: 1e-4}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    task = workload(f"W4-{options.rows}")
    source = program(task)
    rows = np.concatenate([np.tile(task.angles(), (options.rows, 1)), task.data()], axis=1)
    engine, weights = qc.value_and_grad(source, threads=options.threads), np.full(options.rows, 1 / options.rows)
    _, expected = engine.at(rows, weights)
    lowered = lower(source)
    print(f"{torch.cuda.get_device_name() if options.device == 'cuda' else 'processor'}, {options.rows} rows")
    print(f"engine, double       {milliseconds(lambda: engine.at(rows, weights)):9.2f} ms")
    for dtype, tolerance in PRECISIONS.items():
        x = torch.tensor(rows, dtype=dtype, device=options.device, requires_grad=True)

        def step(x: torch.Tensor = x) -> torch.Tensor:
            (slopes,) = torch.autograd.grad(lowered(x)[:, 0].mean(), x)
            found: torch.Tensor = slopes.sum(dim=0).cpu()
            return found

        distance = float(np.abs(step().numpy() - expected)[: task.parameters].max())
        if distance > tolerance:
            raise SystemExit(f"gradients differ by {distance:.1e}")
        print(f"torch, {str(dtype).removeprefix('torch.'):13} {milliseconds(step):9.2f} ms, to {distance:.0e}")


def milliseconds(call: Callable[[], object]) -> float:
    """The median of ten calls, after two; a step ends on the processor, so that a device has ended it too."""
    samples: list[float] = []
    for _ in range(12):
        begin = time.perf_counter()
        call()
        samples.append(time.perf_counter() - begin)
    return 1000 * statistics.median(samples[2:])


if __name__ == "__main__":
    main()

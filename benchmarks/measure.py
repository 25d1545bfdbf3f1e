"""One library at one workload, in a process of its own: its answer is checked, then its calls are timed.

    python benchmarks/measure.py FOLDER SECONDS PEER WORKLOAD THREADS PRECISION

`compare.py` starts it with the threads pinned. The answers lie in FOLDER, and the result goes there; the first to
answer is what the others are compared with.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from peers import Prepared, Setting, peer
from results import Job, Memory, Result
from workloads import Array, Workload, workload

TOLERANCE = {"double": 1e-10, "single": 1e-5}
SAMPLES, FEWEST, SAMPLE = 25, 3, 0.02  # how many samples, how few of slow ones, and the seconds of one at least
TURNS = 8


def main() -> None:
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    job = Job(sys.argv[3], sys.argv[4], int(sys.argv[5]), sys.argv[6])
    result = measure(job, folder, seconds)
    (folder / "result.json").write_text(json.dumps(asdict(result)))


def measure(job: Job, folder: Path, seconds: float) -> Result:
    start = resident("VmRSS")
    task = workload(job.workload)
    clock = time.perf_counter()
    prepared = peer(job.peer).prepare(task, Setting(job.threads, job.precision))
    prepare, before = time.perf_counter() - clock, resident("VmRSS")
    clock = time.perf_counter()
    found = prepared.call(task.angles())
    first = time.perf_counter() - clock
    memory = Memory(start, before, resident("VmHWM"))
    distance = compared(folder / f"{task.name}.npy", prepared.read(found), job.precision)
    if not distance <= TOLERANCE[job.precision]:  # not a number is a fault too
        return Result(job, f"its answer is off by {distance:.1e}", distance)
    cpu, wall = zip(*samples(prepared, task, seconds), strict=True)
    return Result(job, "", distance, prepare, first, cpu, wall, memory)


def compared(path: Path, answer: Array, precision: str) -> float:
    """The distance from the reference: of states its norm, else the greatest of an entry. Leaves one where none is."""
    if not path.exists():
        if precision == "single":
            raise AssertionError("references are in double precision")
        np.save(path, answer)
        return 0.0
    reference = np.load(path)
    if reference.shape != answer.shape:
        return float("inf")
    difference = np.abs(reference - answer)
    return float(np.linalg.norm(difference) if np.iscomplexobj(reference) else difference.max())


def samples(prepared: Prepared, task: Workload, seconds: float) -> Iterator[tuple[float, float]]:
    """Processor and wall seconds a call, the angles others at each."""
    angles = [task.angles(turn) for turn in range(TURNS)]
    clock = time.perf_counter()
    prepared.call(angles[0])
    calls = max(1, int(SAMPLE / (time.perf_counter() - clock)))
    begin = time.perf_counter()
    for count in range(SAMPLES):
        if count >= FEWEST and time.perf_counter() - begin > seconds:
            return
        cpu, wall = time.process_time(), time.perf_counter()
        for call in range(calls):
            prepared.call(angles[(count + call) % TURNS])
        yield (time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls


def resident(entry: str) -> float:
    """MiB of this process now (VmRSS) or at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(entry))


if __name__ == "__main__":
    main()

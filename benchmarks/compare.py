"""Ours and other libraries side by side in one run: values first, then times.

    python benchmarks/compare.py [--only W1-4-4 qft ...] [--peers qcompile qsim ...] [--qubits 20] [--threads 1]
                                 [--seconds 1] [--limit 120]
    python benchmarks/compare.py --stored

Each library runs each workload in a process of its own, its threads pinned to as many cores. Any run prints its tables
and writes build/benchmarks.json; a run of all also writes docs/performance.md and its picture, which --stored makes
again from the last run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import report
from peers import OURS
from plan import jobs
from plots import draw
from results import Job, Result, read, result_of, write
from workloads import workload

ROOT = Path(__file__).parents[1]
STORED = ROOT / "build" / "benchmarks.json"
PAGE, PICTURE = ROOT / "docs" / "performance.md", ROOT / "docs" / "pictures" / "scaling.svg"
LIBRARIES = (
    "qcompile", "numpy", "numba", "qulacs", "pennylane", "pennylane-lightning", "pennylane-catalyst", "qujax", "jax",
    "qsimcirq", "qiskit-aer",
)  # fmt: skip
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main() -> None:
    options = arguments()
    facts, results = read(STORED) if options.stored else compare(options)
    text = report.written(facts, results)
    print(f"\n{text}")
    if {result.job for result in results} == set(jobs()):
        PAGE.write_text(text)
        draw(results, PICTURE)


def compare(options: argparse.Namespace) -> tuple[dict[str, str], list[Result]]:
    """Runs and stores all that the options choose."""
    chosen = [job for job in jobs() if matches(job, options)]
    if any(job.peer == OURS for job in chosen):
        subprocess.run([sys.executable, "-m", "qcompile", "warm", "--precision", "both"], check=True)
    facts, results, begin = about(), list[Result](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for count, job in enumerate(chosen, 1):
            results.append(measured(job, Path(folder), options.seconds, options.limit))
            passed = time.monotonic() - begin
            print(f"{count:4}/{len(chosen)} {passed:5.0f} s  {report.line(results[-1])}", flush=True)
    write(STORED, facts, results)
    return facts, results


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], help="workloads or their families: W1-4-4, W1, qft, …")
    parser.add_argument("--peers", nargs="*", default=[], help="libraries by the beginnings of their names")
    parser.add_argument("--qubits", type=int, default=sys.maxsize, help="at most so many")
    parser.add_argument("--threads", type=int, default=0, help="only so many")
    parser.add_argument("--seconds", type=float, default=1.0, help="to go on sampling each")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds after which a process is given up")
    parser.add_argument("--stored", action="store_true", help="measure nothing: tell of the last run again")
    return parser.parse_args()


def matches(job: Job, options: argparse.Namespace) -> bool:
    return (
        (not options.only or job.workload in options.only or job.workload.split("-")[0] in options.only)
        and (not options.peers or job.peer.startswith(tuple(options.peers)))
        and options.threads in (0, job.threads)
        and workload(job.workload).qubits <= options.qubits
    )


def measured(job: Job, folder: Path, seconds: float, limit: float) -> Result:
    """Runs one process. What it gives up on or fails with is in the result."""
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("measure.py")), str(folder), str(seconds)]
    command += [job.peer, job.workload, str(job.threads), job.precision]
    cores = sorted(os.sched_getaffinity(0))[: job.threads]
    if len(cores) < job.threads:
        return Result(job, f"there are only {len(cores)} cores")
    pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
    answer = folder / "result.json"
    answer.unlink(missing_ok=True)
    try:
        done = subprocess.run(
            pinned, env=environment(job.threads), timeout=limit, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return Result(job, f"not done after {limit:.0f} s")
    if not answer.exists():
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        return Result(job, last[:200])
    return result_of(json.loads(answer.read_text()))


def environment(threads: int) -> dict[str, str]:
    flags = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    pools = dict.fromkeys(POOLS, str(threads))
    return {**os.environ, **pools, "XLA_FLAGS": flags, "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}


def about() -> dict[str, str]:
    """The machine, the date and the versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f} GiB of memory",
        "system": f"Linux, Python {platform.python_version()}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "versions": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }


if __name__ == "__main__":
    main()

"""What one run of the comparison measures, and what it has to show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peers import OURS, PEERS
from results import Job
from workloads import workload


@dataclass(frozen=True, slots=True)
class Goal:
    """So many times the speed of the fastest of the peers whose name begins so."""

    workload: str
    ratio: float
    against: str = ""
    precision: str = "double"


GRADIENTS = (
    Goal("W1-4-4", 5),
    Goal("W1-8-4", 5),
    Goal("W1-12-4", 3),
    Goal("W1-16-4", 5),
    Goal("W1-20-4", 5),
    Goal("W1-10-50", 3),
    Goal("W2-10", 3),
    Goal("W2-16", 5),
    Goal("W2-20", 5),
    Goal("W3", 5),
    Goal("W4-256", 4, "Catalyst"),
)
STATES = tuple(
    Goal(name, ratio, "qsim", precision)
    for name in ("ansatz-20", "qft-20", "volume-20", "random-20")
    for precision, ratio in (("single", 1.0), ("double", 1 / 1.6))
)
# What two threads are measured on, and how many times one thread's speed ours must have on so many qubits.
THREADED = ("W1-20-4", "W2-20", "W4-256", "ansatz-20", "qft-20", "volume-20", "random-20")
TWO_THREADS, WIDE = 1.6, 20
MEMORY = "W1-20-4", 150  # MiB
# The lines of the plot: times against qubits, layers and rows, ours and some peers'.
SCALING = {
    "qubits": tuple(f"W1-{n}-4" for n in range(2, 23, 2)),
    "layers": tuple(f"W1-10-{count}" for count in (1, 2, 5, 10, 20, 50, 100)),
    "rows": tuple(f"W4-{count}" for count in (1, 4, 16, 64, 256, 1024)),
}
LINES = (OURS, "Qulacs", "Lightning engine", "Catalyst", "Catalyst, loop of gradients")
DENSE = (OURS, "Qulacs", "Catalyst, loop of gradients")  # the lines with points that nothing else needs
LARGEST = 20  # qubits of a peer's last point
UNTHREADED = ("Lightning",)  # measured as called on one thread only, since its engine is measured on two


def jobs() -> list[Job]:
    """Every job once, ours first at each workload, since the rest is compared with it."""
    found = [job for goal in GRADIENTS for job in _jobs(goal.workload)]
    found += [job for goal in STATES for job in _jobs(goal.workload)]
    found += [job for name in THREADED for job in _jobs(name, threads=2) if job.peer not in UNTHREADED]
    found += [job for names in SCALING.values() for name in names for job in _jobs(name) if _draws(job)]
    return list(dict.fromkeys(found))


def _jobs(name: str, threads: int = 1) -> Iterator[Job]:
    task = workload(name).task
    for precision in ("double", "single") if task == "state" else ("double",):
        for peer in PEERS:
            if task in peer.tasks and precision in peer.precisions:
                yield Job(peer.name, name, threads, precision)


def _draws(job: Job) -> bool:
    return job.peer == OURS or (job.peer in DENSE and workload(job.workload).qubits <= LARGEST)

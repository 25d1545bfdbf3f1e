"""What was measured, as records and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """One process."""

    peer: str
    workload: str
    threads: int = 1
    precision: str = "double"


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB resident: with Python and NumPy alone, with all prepared, and the most there was until the first answer."""

    start: float
    prepared: float
    peak: float


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds; those a call, one for each sample. Without samples, `fault` says why."""

    job: Job
    fault: str = ""
    distance: float = 0.0  # from the answer of the first peer that did the same
    prepare: float = 0.0
    first: float = 0.0
    cpu: tuple[float, ...] = ()
    wall: tuple[float, ...] = ()
    memory: Memory | None = None

    @property
    def times(self) -> tuple[float, ...]:
        """On one thread those of the processor, which other processes disturb least; else those that pass."""
        return self.cpu if self.job.threads == 1 else self.wall

    @property
    def time(self) -> float:
        return median(self.times)

    @property
    def spread(self) -> float:
        """Half of what lies between the fastest and the slowest sample, in parts of the median."""
        return (max(self.times) - min(self.times)) / 2 / self.time


def write(path: Path, about: dict[str, str], results: Sequence[Result]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": about, "results": [asdict(result) for result in results]}, indent=1))


def read(path: Path) -> tuple[dict[str, str], list[Result]]:
    stored = json.loads(path.read_text())
    return stored["about"], [result_of(entry) for entry in stored["results"]]


def result_of(entry: dict[str, Any]) -> Result:
    """A result from its JSON object."""
    fields = dict(entry)
    memory = fields.pop("memory")
    job, cpu, wall = Job(**fields.pop("job")), tuple(fields.pop("cpu")), tuple(fields.pop("wall"))
    return Result(job=job, cpu=cpu, wall=wall, memory=memory and Memory(**memory), **fields)


def fastest(results: Iterable[Result]) -> Result | None:
    return min((result for result in results if result.times), key=lambda result: result.time, default=None)

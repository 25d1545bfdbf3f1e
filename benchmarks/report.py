"""The tables of a run, as a line while it goes and as the page that it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import TypeAlias

from peers import OURS, PEERS
from plan import GRADIENTS, MEMORY, STATES, TWO_THREADS, WIDE, Goal
from results import Job, Result, fastest
from workloads import workload

HEAD = """# Performance

`make bench` measures qcompile and other libraries in one run and writes this page. Each library runs each workload in a
process of its own, with its threads pinned to as many cores. Its value and gradient, or its state, must first be ours:
to 1e-10, or to 1e-5 in single precision. Then its calls are timed, with other angles at each.
"""
EXPLAINED = """
Milliseconds a call: the median, and half of what lies between the fastest and the slowest sample. On one thread it is
processor time, on two the time that passes. What is done once (reading, compiling, the first call) is not in it.
"""
WORKLOADS = """
## What is run

| | |
|---|---|
| W1-n-L | n qubits from zero, L layers of RY and RZ on every qubit, each with its own parameter, and a ring of CNOTs; \
ΣZ + ΣXX of neighbours |
| W2-n | QAOA with p = 4 for a random 3-regular graph (networkx, seed 0); ΣZZ over its edges |
| W3 | H2, 4 qubits, 15 terms: two single excitations and a double one |
| W4-b | RX(input) on 8 qubits, three layers of W1; the gradient of the mean of ⟨Z0⟩ over b rows of inputs |
| ansatz-n | the state of W1-n-4 |
| qft-n | the Fourier transform of a product state, swaps included |
| volume-n | quantum volume: n layers of Haar-random unitaries on random pairs |
| random-n | n layers of a random rotation on every qubit, then CX or CZ on random pairs |

Angles are uniform from seed 0. `benchmarks/workloads.py` makes the gates that every library's circuit is built from.
*Lightning* is PennyLane as a user calls it, *Lightning engine* its device alone on a prepared tape, the angles bound.
*qsim engine* has its circuit translated before; qsim has single precision only. Aer's circuits are transpiled and bound
before. Qulacs fuses the gates of fixed circuits, and its value takes a run beside its backprop. Of Catalyst the faster
way to say a mean over inputs is in the table; the gradient of a loop over the inputs does not compile in it.
"""
SCALED = """
## Scaling

![times against qubits, layers and rows](pictures/scaling.svg)

Against qubits (four layers of W1), layers (W1 on 10 qubits) and rows of inputs (W4), one thread, double precision.
"""

Found: TypeAlias = dict[Job, Result]


def written(facts: dict[str, str], results: Sequence[Result]) -> str:
    """The page."""
    found = {result.job: result for result in results}
    where = f"{facts['machine']}; {facts['system']}; load before the run {facts['load']}"
    parts = [HEAD, f"\nOn {facts['date']}: {where}.\n{facts['versions']}.\n", EXPLAINED]
    parts += ["\n## Value and exact gradient, one thread\n\n", *_against(found, GRADIENTS), *_ways(found)]
    parts += ["\n## States, one thread\n\n", *_against(found, STATES)]
    parts += ["\n## Two threads\n\n", *_threads(found), *_memory(found), *_losses(found), SCALED, WORKLOADS]
    return "".join(parts)


def line(result: Result) -> str:
    job = result.job
    what = f"{job.workload:10} {job.peer:28} {job.threads} {job.precision:7}"
    return (
        f"{what} {cell(result):>12} ms, first call {result.first:.1f} s" if result.times else f"{what} {result.fault}"
    )


def cell(result: Result | None) -> str:
    if result is None:
        return ""
    return f"{_digits(result.time * 1e3)} ±{result.spread:.0%}" if result.times else "–"


def _digits(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def _against(found: Found, goals: Sequence[Goal]) -> Iterator[str]:
    """Ours and the others, the ratio to the fastest and what it should be."""
    jobs = {Job(OURS, goal.workload, 1, goal.precision): goal for goal in goals}

    def verdict(job: Job) -> list[str]:
        ratio, goal = compared(found, job, jobs[job].against), jobs[job].ratio
        return ["", ""] if ratio is None else [f"**{ratio:.2f}**", f"{goal:.3g}{'' if ratio >= goal else ' missed'}"]

    yield from _table(found, list(jobs), ["times as fast", "goal"], verdict)


def compared(found: Found, ours: Job, against: str = "") -> float | None:
    """How many times as fast as the fastest other; against qsim, which has no other, in whichever precision."""
    others = [
        result
        for job, result in found.items()
        if (job.workload, job.threads) == (ours.workload, ours.threads)
        and job.peer != OURS
        and job.peer.startswith(against)
        and (job.precision == ours.precision or against == "qsim")
    ]
    best, mine = fastest(others), found.get(ours)
    return best.time / mine.time if best and mine and mine.times else None


def _threads(found: Found) -> Iterator[str]:
    jobs = [job for job in found if job.peer == OURS and job.threads == 2]

    def verdict(job: Job) -> list[str]:
        ratio, gain = compared(found, job), _gain(found, job)
        goal = TWO_THREADS if workload(job.workload).qubits == WIDE else 0
        missed = " missed" if gain is not None and gain < goal else ""
        return [
            "" if ratio is None else f"{ratio:.2f}",
            "" if gain is None else f"**{gain:.2f}**",
            f"{goal}{missed}" if goal else "",
        ]

    yield from _table(found, jobs, ["times as fast", "times one thread", "goal"], verdict)


def _gain(found: Found, job: Job) -> float | None:
    one, two = found.get(Job(job.peer, job.workload, 1, job.precision)), found[job]
    return median(one.wall) / median(two.wall) if one and one.wall and two.wall else None


def _table(found: Found, jobs: list[Job], more: list[str], verdict: Callable[[Job], list[str]]) -> Iterator[str]:
    """A row for each job of ours that was run, a column for each library."""
    jobs = [job for job in jobs if any(_same(job, other) for other in found)]
    columns = [name for name in _libraries() if any(_same(job, other, name) for job in jobs for other in found)]
    yield f"| | {' | '.join([*columns, *more])} |\n|{'---|' * (1 + len(columns) + len(more))}\n"
    for job in jobs:
        label = f"{job.workload}, {job.precision}" if workload(job.workload).task == "state" else job.workload
        cells = [cell(_best(found, job, name)) for name in columns]
        yield f"| {label} | {' | '.join([*cells, *verdict(job)])} |\n"


def _libraries() -> list[str]:
    """Without the ways to say one thing in one of them."""
    return list(dict.fromkeys(peer.name.split(",")[0] for peer in PEERS))


def _same(job: Job, other: Job, library: str = "") -> bool:
    same = (job.workload, job.threads, job.precision) == (other.workload, other.threads, other.precision)
    return same and library in ("", other.peer.split(",")[0])


def _best(found: Found, job: Job, library: str) -> Result | None:
    results = [result for other, result in found.items() if _same(job, other, library)]
    return fastest(results) or next(iter(results), None)


def _ways(found: Found) -> Iterator[str]:
    ways = [result for job, result in found.items() if "," in job.peer and job.workload == GRADIENTS[-1].workload]
    told = [f"{way.job.peer.split(', ')[1]} {cell(way)}" for way in ways if way.job.threads == 1]
    if told:
        yield f"\nThe ways to say {GRADIENTS[-1].workload} in Catalyst: {'; '.join(told)}.\n"


def _memory(found: Found) -> Iterator[str]:
    name, goal = MEMORY
    results = [result for job, result in found.items() if (job.workload, job.threads) == (name, 1)]
    yield f"\n## Memory\n\nThe most MiB of {name} on one thread; ours should stay below {goal} over the interpreter.\n"
    yield "\n| | over the interpreter with NumPy | over what is resident before the first call |\n|---|---|---|\n"
    for result in results:
        if memory := result.memory:
            yield f"| {result.job.peer} | {memory.peak - memory.start:.0f} | {memory.peak - memory.prepared:.0f} |\n"


def _losses(found: Found) -> Iterator[str]:
    """Where another is faster, in the same precision, and what gave no time."""
    yield "\n## Where others are faster\n\n"
    losses = [f"{_said(job)}: {1 / ratio:.2f} times\n" for job, ratio in _ratios(found) if ratio < 1]
    yield from (f"- {loss}" for loss in losses)
    if not losses:
        yield "Nowhere in this run.\n"
    faults = [f"- {job.peer}, {_said(job)}: {result.fault}\n" for job, result in found.items() if result.fault]
    if faults:
        yield "".join(["\nWithout a time:\n\n", *faults])


def _ratios(found: Found) -> Iterator[tuple[Job, float]]:
    for job in found:
        ratio = compared(found, job) if job.peer == OURS else None
        if ratio is not None:
            yield job, ratio


def _said(job: Job) -> str:
    threads = "one thread" if job.threads == 1 else "two threads"
    return f"{job.workload}, {threads}, {job.precision} precision"

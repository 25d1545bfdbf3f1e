"""How long plain gate statements take from text to a verified program, beside the vendors' own readers.

    python benchmarks/reading.py [STATEMENTS ...]

The same program in three languages: Clifford gates and rotations by multiples of pi/64 and by numbers on 20 qubits.
First every reader must find as many gates of each kind; then times are medians of five, in turn, collector on.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable

from qcompile.grammar.languages import read
from qcompile.ir import Op, Program

QUBITS, SEED, ROUNDS = 20, 0, 5
HEADS = {
    "qc": f"qubit q[{QUBITS}];\n",
    "openqasm2": f'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[{QUBITS}];\n',
    "quil": "",
}


def main() -> None:
    sizes = [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]
    print(f"{'language':12} {'gates':>8} {'qcompile':>10} {'vendor':>10} {'ratio':>7}   median of {ROUNDS}, in seconds")
    for size in sizes:
        gates = list(drawn(size))
        for language in HEADS:
            text = HEADS[language] + "\n".join(spelled(language, *gate) for gate in gates) + "\n"
            compare(language, size, text, Counter(name for name, _, _ in gates))


def drawn(size: int) -> list[tuple[str, str, tuple[int, ...]]]:
    """Gates by their OpenQASM name, with an angle's text and wires."""
    source = random.Random(SEED)
    gates: list[tuple[str, str, tuple[int, ...]]] = []
    for _ in range(size):
        name = source.choice(("h", "cx", "rx", "rz", "cz", "t"))
        wires = tuple(source.sample(range(QUBITS), 2 if name[0] == "c" else 1))
        angle = source.choice((f"{source.randrange(1, 64)}*pi/64", f"{source.random():.8f}")) if name[0] == "r" else ""
        gates.append((name, angle, wires))
    return gates


def spelled(language: str, name: str, angle: str, wires: tuple[int, ...]) -> str:
    angles = f"({angle})" if angle else ""
    if language == "quil":
        return f"{ {'cx': 'CNOT'}.get(name, name.upper()) }{angles} {' '.join(map(str, wires))}"
    return f"{name}{angles} {', '.join(f'q[{wire}]' for wire in wires)};"


def compare(language: str, size: int, text: str, expected: Counter[str]) -> None:
    """Print one line; stop where the readers disagree."""
    program = read(text, language)
    if not isinstance(program, Program):
        sys.exit(f"{language}: read as a derivative")
    found = Counter(statement.gate.name for statement in program.body if isinstance(statement, Op))
    if found != expected:
        sys.exit(f"{language}: read {found}, written {expected}")
    vendor = vendors().get(language)
    if vendor is not None and vendor(text) != size:
        sys.exit(f"{language}: the vendor reads another number of gates")
    ours, theirs = list[float](), list[float]()
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: read(text, language)))
        if vendor is not None:
            theirs.append(seconds(lambda: vendor(text)))
    mine = statistics.median(ours)
    other = f"{statistics.median(theirs):10.3f} {mine / statistics.median(theirs):7.2f}" if theirs else ""
    print(f"{language:12} {size:8} {mine:10.3f} {other}", flush=True)


def vendors() -> dict[str, Callable[[str], int]]:
    """Readers that give the number of gates they read."""
    from pyquil import Program as QuilProgram
    from qiskit import qasm2

    return {
        "openqasm2": lambda text: int(qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS).size()),
        "quil": lambda text: len(QuilProgram(text).instructions),
    }


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

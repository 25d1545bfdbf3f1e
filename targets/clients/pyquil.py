"""pyQuil: its simulator in this process, exact or with shots, and quantum computers that are handed over.

Text is parsed once. PyQVM binds no memory, so numbers are substituted in the parsed program; a QVM or a QPU takes all
points of a program as one batch of memory maps.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.ir import Program
from qcompile.targets.bundle import Bundle
from qcompile.targets.clients.points import Points, manifest_of, points_of
from qcompile.targets.clients.protocol import Estimates, Loaded
from qcompile.targets.clients.refusals import check_probabilities
from qcompile.targets.clients.tally import Seen, bits_read, check_shots, tallied
from qcompile.targets.clients.words import combined, sums_of
from qcompile.targets.simulator.values import RealArray

Texts: TypeAlias = Mapping[str, Any]
"""Each file, parsed."""
Memory: TypeAlias = Mapping[str, Any]
"""What one point left in each region, shape (shots, size)."""
Measure: TypeAlias = Callable[[str, Any, Points], list[Memory]]


class Simulator:
    """PyQVM: wave functions in NumPy, from which measurements are drawn run by run."""

    title = "pyQuil"
    language = "quil"

    def __init__(self) -> None:
        self._loaded = Loaded[Texts]()

    def check(self, program: Program, exact: bool) -> None:
        if exact:
            check_probabilities(program, self.title)

    def run(self, bundle: Bundle, values: Mapping[str, RealArray], shots: int | None, seed: int | None) -> Estimates:
        texts = self._loaded.of(bundle, _parsed)
        points = points_of(bundle, values)
        wires = max(1, manifest_of(bundle)["wires"]["count"])
        computer = importlib.import_module("pyquil").get_qc(f"{wires}q-pyqvm")
        if shots is None:
            return Estimates([_expected(computer.qam, texts, part) for part in points])
        check_shots(manifest_of(bundle), shots)
        _seed(computer.qam, seed)

        def measure(_: str, text: Any, part: Points) -> list[Memory]:
            if _is_measured_last(text):
                return _drawn(computer.qam, text, part, shots)
            return _run_one_by_one(computer, text, part, shots)

        return _sampled(points, texts, measure)


class Computer:
    """A QuantumComputer of pyQuil's, as `get_qc` returns it; with shots alone.

    Args:
        computer: over a QVM, a QPU or PyQVM.
        compiles: does its compiler (quilc) translate programs, once each, before they run? A QPU needs that.
    """

    title = "pyQuil"
    language = "quil"

    def __init__(self, computer: Any, compiles: bool = False) -> None:
        self.computer, self.compiles = computer, compiles
        self._loaded = Loaded[Texts]()
        self._executables = Loaded[dict[tuple[str, int], Any]]()

    @property
    def is_seeded(self) -> bool:
        return _binds_nothing(self.computer.qam)

    def check(self, program: Program, exact: bool) -> None:
        if exact:
            span = program.outputs[0].span if program.outputs else None
            raise error(Code.NOT_SIMULABLE, "a quantum computer runs with shots alone", span, "give a number of shots")

    def run(self, bundle: Bundle, values: Mapping[str, RealArray], shots: int | None, seed: int | None) -> Estimates:
        if shots is None:
            raise AssertionError("exact values are asked of a quantum computer, which `check` refuses")
        check_shots(manifest_of(bundle), shots)
        texts = self._loaded.of(bundle, _parsed)
        executables = self._executables.of(bundle, lambda _: {})
        _seed(self.computer.qam, seed)

        def measure(name: str, text: Any, part: Points) -> list[Memory]:
            if _binds_nothing(self.computer.qam):
                return _run_one_by_one(self.computer, text, part, shots)
            if (name, shots) not in executables:
                whole = text.copy().wrap_in_numshots_loop(shots)
                executables[name, shots] = self.computer.compile(whole) if self.compiles else whole
            maps = _memory_maps(text, part)
            results = self.computer.run_with_memory_map_batch(executables[name, shots], maps)
            return [result.get_register_map() for result in results]

        return _sampled(points_of(bundle, values), texts, measure)


def _parsed(bundle: Bundle) -> Texts:
    program = importlib.import_module("pyquil").Program
    return {name: program(text) for name, text in bundle.files.items() if name.endswith(".quil")}


def _binds_nothing(qam: Any) -> bool:
    return type(qam).__name__ == "PyQVM"


def _seed(qam: Any, seed: int | None) -> None:
    """Of all that the machine draws from now on."""
    if seed is None:
        return
    if not _binds_nothing(qam):
        label = "a quantum computer that is handed over keeps its own seed"
        raise error(Code.UNKNOWN_OPTION, label, help="leave out the seed, and set it where the computer is made")
    qam.rs.seed(np.random.SeedSequence(seed).generate_state(4))


# ---- one point after the other


def _programs(text: Any, points: Points) -> list[Any]:
    """The program with the numbers of each point for its memory."""
    quilbase, quilatom = map(importlib.import_module, ("pyquil.quilbase", "pyquil.quilatom"))
    names = [name for name in points.template["inputs"] if _region(name)[0] in text.declarations]
    places = [quilatom.MemoryReference(*_region(name)) for name in names]
    steps = [step for step in text if not isinstance(step, quilbase.Declare) or step.memory_type == "BIT"]
    found: list[Any] = []
    for row in points.inputs(names):
        memory = dict(zip(places, row.tolist(), strict=True))
        bound = importlib.import_module("pyquil").Program(text.defined_gates)
        for step in steps:
            if isinstance(step, quilbase.Gate) and step.params:
                angles = [quilatom.substitute(angle, memory) for angle in step.params]
                bound.inst(quilbase.Gate(step.name, angles, step.qubits))
            else:
                bound.inst(step)
        found.append(bound)
    return found


def _region(name: str) -> tuple[str, int]:
    """`par_w[1]` is place 1 of the region par_w."""
    region, _, place = name.rstrip("]").partition("[")
    return region, int(place)


def _run_one_by_one(computer: Any, text: Any, points: Points, shots: int) -> list[Memory]:
    return [
        computer.run(program.wrap_in_numshots_loop(shots)).get_register_map() for program in _programs(text, points)
    ]


def _is_measured_last(text: Any) -> bool:
    """Are there gates alone, and then measurements into bits of their own?"""
    quilbase = importlib.import_module("pyquil.quilbase")
    steps = [step for step in text if not isinstance(step, quilbase.Declare)]
    measured = [isinstance(step, quilbase.Measurement) for step in steps]
    first = measured.index(True) if True in measured else len(steps)
    if not all(measured[first:]) or not all(isinstance(step, quilbase.Gate) for step in steps[:first]):
        return False
    return len({str(step.classical_reg) for step in steps[first:]}) == len(steps) - first


def _drawn(qam: Any, text: Any, points: Points, shots: int) -> list[Memory]:
    """All runs from one wave function, where nothing comes after the measurements."""
    measurement = importlib.import_module("pyquil.quilbase").Measurement
    read = [step for step in text if isinstance(step, measurement)]
    gates = text.copy_everything_except_instructions()
    gates.inst([step for step in text if not isinstance(step, measurement)])
    sizes = _declared(text)
    found: list[Memory] = []
    for program in _programs(gates, points):
        qam.execute(program)
        bits = qam.wf_simulator.sample_bitstrings(shots)
        memory = {name: np.zeros((shots, size), dtype=np.int64) for name, size in sizes.items()}
        for step in read:
            memory[step.classical_reg.name][:, step.classical_reg.offset] = bits[:, step.qubit.index]
        found.append(memory)
    return found


def _expected(qam: Any, texts: Texts, points: Points) -> list[RealArray]:
    """The outputs at each point, from expectations in the wave function."""
    paulis = importlib.import_module("pyquil.paulis")
    sums = sums_of(points.template)
    words = list(dict.fromkeys(word for each in sums for _, word in each.terms))
    terms = {word: paulis.PauliTerm.from_list(list(word)) for word in words}
    values: dict[Any, RealArray] = {word: np.zeros(points.count) for word in words}
    for k, program in enumerate(_programs(texts[points.template["file"]], points)):
        qam.execute(program)
        for word in words:
            values[word][k] = qam.wf_simulator.expectation(terms[word]).real
    means = [
        sum((c * values[word] for c, (_, word) in zip(each.coefficients(points), each.terms, strict=True)), _ZERO)
        for each in sums
    ]
    table = np.stack(means) if means else np.zeros((0, points.count))
    return combined(points, table, np.zeros(table.shape))[0]


_ZERO: RealArray = np.zeros(())


# ---- batches of memory maps


def _memory_maps(text: Any, points: Points) -> list[dict[str, list[float]]]:
    """For each point, numbers for every region that the program declares as real."""
    sizes = {name: size for name, size in _declared(text).items() if f"{name}[0]" in points.known}
    columns = {name: [points.number(f"{name}[{k}]") for k in range(size)] for name, size in sizes.items()}
    return [{name: [float(c[k]) for c in found] for name, found in columns.items()} for k in range(points.count)]


def _declared(text: Any) -> dict[str, int]:
    declare = importlib.import_module("pyquil.quilbase").Declare
    return {step.name: step.memory_size for step in text if isinstance(step, declare)}


# ---- what runs leave in memory


def _sampled(points: Sequence[Points], texts: Texts, measure: Measure) -> Estimates:
    pairs: list[tuple[list[RealArray], list[RealArray]]] = []
    for part in points:
        settings = part.settings if part.count else ()
        memories = [measure(setting["file"], texts[setting["file"]], part) for setting in settings]
        seen = [_seen(bits_read(s, part.template), left) for s, left in zip(settings, memories, strict=True)]
        pairs.append(tallied(part, seen))
    return Estimates([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _seen(cells: Sequence[str], memories: Sequence[Memory]) -> Seen:
    places = {cell: _region(cell) for cell in cells}
    return {
        cell: np.stack([np.asarray(memory[region])[:, place] for memory in memories])
        for cell, (region, place) in places.items()
    }

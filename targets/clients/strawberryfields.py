"""Strawberry Fields: its engines on this machine, exact by moments of the state, or with shots by its detectors.

Programs are loaded once, and their parameters bound as an engine runs them.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.gates import TABLE, Gate
from qcompile.gates.channels import in_bounds
from qcompile.ir import Expectation, Op, Program
from qcompile.operator import Word, letters_by_wire, level_of
from qcompile.targets.bundle import Bundle
from qcompile.targets.clients.points import Points, Record, manifest_of, points_of
from qcompile.targets.clients.protocol import Estimates, Loaded
from qcompile.targets.clients.tally import Seen, check_shots, tallied
from qcompile.targets.simulator.values import RealArray
from qcompile.targets.strawberryfields_import import import_strawberryfields

_TURN = {"x": 0.0, "p": math.pi / 2}
_SPREADS = "ThermalLossChannel"  # strawberryfields/backends/gaussianbackend/gaussiancircuit.py: `nmat += (1 - T)*nbar`
_CHANNELS = {gate.spelling.blackbird: gate for gate in TABLE.values() if gate.bounds and gate.spelling.blackbird}


@dataclass(frozen=True, slots=True, eq=False)
class Loading:
    """One file, loaded.

    Attributes:
        gaussian: does the Gaussian engine run it?
        strengths: of channels: the operation, its gate in our table, and its parameters as the text has them.
        counts: the modes whose photons are counted at the end, all by one detection.
    """

    program: Any
    gaussian: bool
    strengths: tuple[tuple[Any, Gate, tuple[Any, ...]], ...]
    counts: tuple[int, ...]


class Engine:
    """The Gaussian engine where it runs the program, and else the Fock engine.

    Args:
        cutoff: levels kept of each mode in the Fock engine, and in probabilities.
    """

    title = "Strawberry Fields"
    language = "blackbird"

    def __init__(self, cutoff: int = 10) -> None:
        self.cutoff = cutoff
        self._loaded = Loaded[Mapping[str, Loading]]()

    def check(self, program: Program, exact: bool) -> None:
        for statement in program.statements():
            spreads = isinstance(statement, Op) and statement.gate.spelling.blackbird == _SPREADS
            if spreads and len(program.kinds) > 1:
                label = f"{self.title} 0.23 adds the thermal photons of one mode to every mode"
                raise error(Code.NOT_SIMULABLE, label, statement.span, "run it on the built-in simulator")
        for output in program.outputs if exact else ():
            terms = output.observable.operator.terms if isinstance(output, Expectation) else ()
            if any(not _is_moment(word) for word, _ in terms):
                label = f"without shots {self.title} gives first and second moments of single modes here"
                raise error(Code.NOT_SIMULABLE, label, output.span, "give a number of shots")

    def run(self, bundle: Bundle, values: Mapping[str, RealArray], shots: int | None, seed: int | None) -> Estimates:
        loaded = self._loaded.of(bundle, _load)
        points = points_of(bundle, values)
        if shots is None:
            found = [self._expected(loaded[part.template["file"]], part) for part in points]
            return Estimates([outputs for outputs, _ in found], leakage=max((lost for _, lost in found), default=0.0))
        check_shots(manifest_of(bundle), shots)
        with _seeded(seed):
            pairs = [
                tallied(part, [self._seen(loaded[s["file"]], s, part, shots) for s in settings], self.cutoff)
                for part, settings in ((part, part.settings if part.count else ()) for part in points)
            ]
        return Estimates([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    # ---- exactly

    def _expected(self, loading: Loading, points: Points) -> tuple[list[RealArray], float]:
        """The outputs at each point, and the probability that the cut lost."""
        outputs: Sequence[Record] = points.template["outputs"]
        weights = [[points.number(coefficient) for coefficient, _ in output.get("terms", ())] for output in outputs]
        rows: list[list[RealArray]] = []
        leakage = 0.0
        for k, arguments in enumerate(_arguments(points)):
            state = self._run(loading, arguments).state
            found = zip(outputs, weights, strict=True)
            rows.append([self._output(output, state, [float(w[k]) for w in each]) for output, each in found])
            leakage = leakage if loading.gaussian else max(leakage, 1.0 - float(state.trace()))
        columns = zip(*rows, strict=True)
        return [points.split(np.stack(column)) for column in columns], leakage

    def _output(self, output: Record, state: Any, weights: Sequence[float]) -> RealArray:
        if output["kind"] == "probabilities":
            return _probabilities(state, output["wires"], self.cutoff)
        total = 0.0
        for weight, (_, word) in zip(weights, output["terms"], strict=True):
            letters = letters_by_wire(tuple((letter, mode) for letter, mode in word))
            total += weight * math.prod(_moment(state, mode, found) for mode, found in letters.items())
        return np.asarray(total)

    def _run(self, loading: Loading, arguments: Mapping[str, float], shots: int = 1) -> Any:
        sf: Any = import_strawberryfields()
        loading.program.bind_params(arguments)
        for operation, gate, strengths in loading.strengths:  # rounding may have taken them out of bounds
            found = map(float, sf.parameters.par_evaluate(strengths))
            operation.p = [in_bounds(gate, k, strength) for k, strength in enumerate(found)]
        options = {} if loading.gaussian else {"cutoff_dim": self.cutoff}
        engine = sf.Engine("gaussian" if loading.gaussian else "fock", backend_options=options)
        return engine.run(loading.program, args=arguments, shots=shots)

    # ---- with shots

    def _seen(self, loading: Loading, setting: Record, points: Points, shots: int) -> Seen:
        """What was detected at each place of the basis, shape (points, shots)."""
        modes = [mode for _, mode in setting["basis"]]
        at_once = loading.gaussian and len(loading.counts) == len(modes)
        table = np.zeros((len(modes), points.count, shots))
        for k, arguments in enumerate(_arguments(points)):
            for first in range(0, shots, shots if at_once else 1):
                found = self._run(loading, arguments, shots if at_once else 1).samples_dict
                for place, mode in enumerate(modes):
                    taken = np.concatenate([np.ravel(each) for each in found[mode]])
                    table[place, k, first : first + len(taken)] = taken
        return {str(place): column for place, column in enumerate(table)}


def _load(bundle: Bundle) -> Mapping[str, Loading]:
    return {name: _loading(text) for name, text in bundle.files.items() if name.endswith(".xbb")}


def _loading(text: str) -> Loading:
    sf: Any = import_strawberryfields()
    program = sf.io.loads(text)
    channels = [(step.op, _CHANNELS.get(type(step.op).__name__)) for step in program.circuit]
    strengths = tuple((op, gate, tuple(op.p)) for op, gate in channels if gate is not None)
    # Modes counted one after the other are drawn from the state as it was: only one detection of all keeps what they
    # have in common.
    counted = [step for step in program.circuit if isinstance(step.op, sf.ops.MeasureFock)]
    modes = [register for step in counted for register in step.reg]
    if counted:
        program.circuit = [step for step in program.circuit if step not in counted]
        program.circuit.append(sf.program_utils.Command(sf.ops.MeasureFock(), modes))
    return Loading(program, _is_gaussian(sf, program), strengths, tuple(register.ind for register in modes))


def _is_gaussian(sf: Any, program: Any) -> bool:
    try:
        program.compile(compiler="gaussian")
    except sf.program_utils.CircuitError:
        return False
    return True


def _arguments(points: Points) -> list[dict[str, float]]:
    """The numbers that each point binds."""
    names: Sequence[str] = points.template["inputs"]
    return [dict(zip(names, map(float, row), strict=True)) for row in points.inputs(names)]


def _is_moment(word: Word) -> bool:
    """Is it 1, or one of x, p and n or its square on one mode?"""
    return len(set(word)) <= 1 and len(word) <= 2 and all(level_of(letter) is None for letter, _ in word)


def _moment(state: Any, mode: int, letters: Sequence[str]) -> float:
    mean, variance = state.mean_photon(mode) if letters[0] == "n" else state.quad_expectation(mode, _TURN[letters[0]])
    return float(mean if len(letters) == 1 else variance + mean**2)


def _probabilities(state: Any, modes: Sequence[int], cutoff: int) -> RealArray:
    """Of the photon numbers below the cutoff, first mode most significant."""
    ordered = sorted(modes)
    matrix = np.asarray(state.reduced_dm(ordered, cutoff=cutoff))
    pairs = [(2 * k, 2 * k + 1) for k in range(len(ordered))]
    diagonal = np.einsum(matrix, [axis // 2 for pair in pairs for axis in pair], list(range(len(ordered)))).real
    return np.asarray(np.transpose(diagonal, [ordered.index(mode) for mode in modes]).reshape(-1), dtype=float)


@contextmanager
def _seeded(seed: int | None) -> Generator[None]:
    """The engines draw from NumPy's global stream, which goes on afterwards as if nothing had been drawn."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(np.random.SeedSequence(seed).generate_state(4))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002

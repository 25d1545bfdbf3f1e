"""Strawberry Fields: its engines on this machine, exact by moments of the state, or with shots by its detectors.

Programs are loaded once, and their parameters bound as an engine runs them.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.gates import TABLE, Gate
from qcompile.gates.channels import in_bounds
from qcompile.ir import Barrier, Measure, Op, Probabilities, Program, observables_of
from qcompile.operator import HBAR, Word
from qcompile.targets.bundle import Bundle
from qcompile.targets.clients.light_states import MAX_NUMBERS, FockState, GaussianState, is_of_moments_or_levels
from qcompile.targets.clients.points import Points, Record, manifest_of, points_of
from qcompile.targets.clients.protocol import Estimates, Loaded
from qcompile.targets.clients.refusals import check_detected_once
from qcompile.targets.clients.tally import Seen, cells_sampled, check_shots, key_of, tallied
from qcompile.targets.simulator.gaussian_program import refusal
from qcompile.targets.simulator.options import BYTES, amplitudes, memory_limit, too_large
from qcompile.targets.simulator.values import RealArray
from qcompile.targets.strawberryfields_import import import_strawberryfields

Results: TypeAlias = Mapping[int, Sequence[Any]]
"""By mode, what each of its detections gave, shape (runs,)."""
_ROUNDING = 1e-12  # what a state may seem to lose
_COPIES = 2  # of a state that the Fock engine holds at once
_SPREADS = "ThermalLossChannel"  # strawberryfields/backends/gaussianbackend/gaussiancircuit.py: `nmat += (1 - T)*nbar`
_CHANNELS = {gate.spelling.blackbird: gate for gate in TABLE.values() if gate.bounds and gate.spelling.blackbird}


@dataclass(frozen=True, slots=True, eq=False)
class Loading:
    """One file, loaded.

    Attributes:
        program: what is run for the state: nothing is detected.
        detecting: what is run for results; on the Gaussian engine without the counting of photons at the end, which
            is drawn from the state.
        gaussian: does the Gaussian engine run it?
        strengths: of channels: the operation, its gate in our table, and its parameters as the text has them.
        counted: the modes whose photons are counted at the end.
        counts_alone: is nothing else detected?
    """

    program: Any
    detecting: Any
    gaussian: bool
    strengths: tuple[tuple[Any, Gate, tuple[Any, ...]], ...]
    counted: tuple[int, ...]
    counts_alone: bool


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
        check_detected_once(program, self.title)
        gaussian = _has_gaussian_gates(program)
        words = [word for output in program.outputs for o in observables_of(output) for word, _ in o.operator.terms]
        if not gaussian or (exact and not all(map(is_of_moments_or_levels, words))):
            self._check_size(program, exact)
        for statement in program.statements():
            spreads = isinstance(statement, Op) and statement.gate.spelling.blackbird == _SPREADS
            if spreads and len(program.kinds) > 1:
                label = f"{self.title} 0.23 adds the thermal photons of one mode to every mode"
                raise error(Code.NOT_SIMULABLE, label, statement.span, "run it on the built-in simulator")
            both = isinstance(statement, Measure) and statement.detection == "heterodyne"
            if both and not gaussian:
                label = f"{self.title} detects x and p at once in its Gaussian engine alone"
                raise error(Code.NOT_SIMULABLE, label, statement.span, "leave Gaussian gates alone, or detect x or p")
        for output in program.outputs if exact else ():
            count = len(output.wires) if isinstance(output, Probabilities) else 0
            if self.cutoff**count > MAX_NUMBERS:
                label = f"there are {self.cutoff}^{count} probabilities of these modes"
                raise error(Code.NOT_SIMULABLE, label, output.span, "return those of fewer modes")

    def _check_size(self, program: Program, exact: bool) -> None:
        """Of the Fock engine's state: a vector while there are gates alone, else a density matrix; raises TOO_LARGE."""
        gates = all(isinstance(s, Barrier) or (isinstance(s, Op) and s.gate.is_unitary) for s in program.statements())
        needed = amplitudes(program, self.cutoff) ** (1 if exact and gates else 2) * BYTES * _COPIES
        if needed > memory_limit():
            raise too_large(needed, program)

    def run(self, bundle: Bundle, values: Mapping[str, RealArray], shots: int | None, seed: int | None) -> Estimates:
        loaded = self._loaded.of(bundle, _load)
        points = points_of(bundle, values)
        if shots is None:
            found = [self._expected(loaded[part.template["file"]], part) for part in points]
            leakage = max((lost for _, lost in found), default=0.0)
            return Estimates([outputs for outputs, _ in found], leakage=_rounded(leakage))
        check_shots(manifest_of(bundle), shots)
        with _seeded(seed):
            runs = [
                [self._seen(loaded[s["file"]], s, part, shots) for s in (part.settings if part.count else ())]
                for part in points
            ]
        seen = [[cells for cells, _ in each] for each in runs]
        pairs = [tallied(part, each, self.cutoff) for part, each in zip(points, seen, strict=True)]
        leakage = max((lost for each in runs for _, lost in each), default=0.0)
        return Estimates([pair[0] for pair in pairs], [pair[1] for pair in pairs], _rounded(leakage))

    # ---- exactly

    def _expected(self, loading: Loading, points: Points) -> tuple[list[RealArray], float]:
        """The outputs at each point, and the probability that the cut lost."""
        outputs: Sequence[Record] = points.template["outputs"]
        sums = [[(points.number(c), _word(word)) for c, word in output.get("terms", ())] for output in outputs]
        gaussian = loading.gaussian and all(is_of_moments_or_levels(word) for each in sums for _, word in each)
        rows: list[list[RealArray]] = []
        leakage = 0.0
        for k, arguments in enumerate(_arguments(points)):
            state = self._state(loading, arguments, gaussian)
            leakage = max(leakage, state.lost)
            rows.append([])
            for output, terms in zip(outputs, sums, strict=True):
                found = np.asarray(sum(float(weights[k]) * state.mean(word) for weights, word in terms))
                if output["kind"] == "probabilities":
                    ordered = sorted(output["wires"])
                    shares = state.probabilities(ordered, self.cutoff)
                    found = np.transpose(shares, [ordered.index(mode) for mode in output["wires"]]).reshape(-1)
                    leakage = max(leakage, 1.0 - float(found.sum()))
                rows[-1].append(found)
        columns = zip(*rows, strict=True)
        return [points.split(np.stack(column)) for column in columns], leakage

    def _state(self, loading: Loading, arguments: Mapping[str, float], gaussian: bool) -> GaussianState | FockState:
        found = self._run(loading, loading.program, arguments, gaussian).state
        return GaussianState(found) if gaussian else FockState.of(found)

    def _run(self, loading: Loading, program: Any, arguments: Mapping[str, float], gaussian: bool) -> Any:
        sf: Any = import_strawberryfields()
        program.bind_params(arguments)
        for operation, gate, strengths in loading.strengths:  # rounding may have taken them out of bounds
            found = map(float, sf.parameters.par_evaluate(strengths))
            operation.p = [in_bounds(gate, k, strength) for k, strength in enumerate(found)]
        options = {} if gaussian else {"cutoff_dim": self.cutoff}
        return sf.Engine("gaussian" if gaussian else "fock", backend_options=options).run(program, args=arguments)

    # ---- with shots

    def _seen(self, loading: Loading, setting: Record, points: Points, shots: int) -> tuple[Seen, float]:
        """What was detected at each place of the basis and for each cell that is sampled, shape (points, shots).

        And the probability that the cut lost, or no less.
        """
        wanted = {str(place): (mode, -1, 0) for place, (_, mode) in enumerate(setting["basis"])}
        wanted |= {key_of(cell): tuple(cell) for cell in cells_sampled(setting, points.template)}
        table = {name: np.zeros((points.count, shots)) for name in wanted}
        leakage = 0.0
        for k, arguments in enumerate(_arguments(points)):
            found, lost = self._detected(loading, arguments, shots)
            leakage = max(leakage, lost)
            for name, (mode, turn, part) in wanted.items():
                table[name][k] = _part(np.concatenate([np.ravel(run[mode][turn]) for run in found]), part)
        return table, leakage

    def _detected(self, loading: Loading, arguments: Mapping[str, float], shots: int) -> tuple[list[Results], float]:
        """What was detected, in all runs together where photons alone are counted, else in each; what the cut lost."""
        found: list[Results] = []
        if not loading.gaussian:
            found += [self._run(loading, loading.detecting, arguments, False).samples_dict for _ in range(shots)]
            return found, self._state(loading, arguments, False).lost
        lost: list[float] = []
        while len(found) < (1 if loading.counts_alone else shots):
            result = self._run(loading, loading.detecting, arguments, True)
            state = GaussianState(result.state)
            earlier: Results = result.samples_dict
            counts, beyond = state.counts(loading.counted, self.cutoff, shots if loading.counts_alone else 1)
            found.append({**earlier, **{mode: [*earlier.get(mode, ()), count] for mode, count in counts.items()}})
            lost.append(beyond)
        return found, math.fsum(lost) / len(lost)


def _load(bundle: Bundle) -> Mapping[str, Loading]:
    return {name: _loading(text) for name, text in bundle.files.items() if name.endswith(".xbb")}


def _loading(text: str) -> Loading:
    sf: Any = import_strawberryfields()
    program = sf.io.loads(text)
    detecting = copy(program)
    channels = [(step.op, _CHANNELS.get(type(step.op).__name__)) for step in program.circuit]
    strengths = tuple((op, gate, tuple(op.p)) for op, gate in channels if gate is not None)
    program.circuit = [step for step in program.circuit if not isinstance(step.op, sf.ops.Measurement)]
    detected = [step for step in detecting.circuit if isinstance(step.op, sf.ops.Measurement)]
    counted = [step for step in detected if isinstance(step.op, sf.ops.MeasureFock)]
    last = {register.ind: step for step in detecting.circuit for register in step.reg}
    final = [step for step in counted if all(last[register.ind] is step for register in step.reg)]
    # The Gaussian engine's counting leaves the other modes as they were: what comes after it must be nothing.
    gaussian = len(final) == len(counted) and _is_gaussian(sf, detecting)
    if gaussian:
        detecting.circuit = [step for step in detecting.circuit if step not in final]
    modes = sorted(register.ind for step in final for register in step.reg)
    return Loading(program, detecting, gaussian, strengths, tuple(modes), len(final) == len(detected))


def _part(given: Any, part: int) -> RealArray:
    """Of what a detection gave in each run: numbers, or of heterodyne detection amplitudes α, with x + ip = √(2ħ) α."""
    if not np.iscomplexobj(given):
        return np.asarray(given, dtype=float)
    return np.asarray(math.sqrt(2 * HBAR) * (given.imag if part else given.real), dtype=float)


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


def _has_gaussian_gates(program: Program) -> bool:
    gates = tuple(statement for statement in program.body if not isinstance(statement, Measure))
    return refusal(replace(program, body=gates, outputs=())) is None


def _rounded(leakage: float) -> float:
    return leakage if leakage > _ROUNDING else 0.0


def _word(found: Sequence[Sequence[Any]]) -> Word:
    return tuple((letter, mode) for letter, mode in found)


@contextmanager
def _seeded(seed: int | None) -> Generator[None]:
    """The engines draw from NumPy's global stream, which goes on afterwards as if nothing had been drawn."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(np.random.SeedSequence(seed).generate_state(4))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002

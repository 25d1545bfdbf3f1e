"""Ops and detections in order to a program: resets after detections, results as arguments, cells, the register.

A result that displaces a mode linearly is read by a deferred measurement, which is exact: where the outcome of x on
mode m moves mode b by exp(-i s x G), with G linear in the quadratures of b, the gate exp(-i s x̂_m G) before the
detection does the same, since x̂_m commutes with it and m is not used in between. What it leaves aside is a phase in
x̂_m, one of the detected mode alone, which nothing sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qcompile.angle import Angle, derivative, number, substitute
from qcompile.diagnostics import Code, CompileError, Span, error
from qcompile.gates import TABLE
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.blackbird.operations import Step
from qcompile.grammar.blackbird.values import result_element, results_in
from qcompile.grammar.decompose import decompose
from qcompile.ir import Measure, Op, Program, Samples
from qcompile.ir.program import CellKind, Detection

_CELLS: dict[Detection, tuple[CellKind, int | None]] = {
    "fock": ("int", None),
    "homodyne": ("real", None),
    "heterodyne": ("real", 2),
}
_LINEAR = "only displacements by results of homodyne detection, linear in them, are read: `Xgate`, `Zgate`, `Dgate`"


@dataclass(slots=True)
class _Detected:
    """A detection: the step it stands at, and the last step that reads its result."""

    measure: Measure
    last_use: int


def program(steps: Sequence[Step], modes: int, assembly: Assembly) -> Program:
    """The program that the steps make; one that detects returns samples of all results, in the order of the text.

    Raises:
        CompileError: everything found wrong: OUT_OF_REACH, BIT_UNASSIGNED, TOO_LARGE.
    """
    assembly.wires("q", "qumode", modes, None)
    circuit = _Circuit(assembly, _uses(steps, assembly))
    for place, step in enumerate(steps):
        try:
            circuit.take(place, step)
        except CompileError as fault:
            assembly.faults.add(fault.diagnostics)
    made = assembly.finished()
    cells = tuple(range(len(assembly.cells)))
    return replace(made, outputs=(Samples((), cells),)) if cells else made


def _uses(steps: Sequence[Step], assembly: Assembly) -> dict[int, int]:
    """For each detection whose result is read, the place of the last step that reads it."""
    detected: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, step in enumerate(steps):
        for mode in sorted(_read(step)):
            if mode in detected:
                last[detected[mode]] = place
                continue
            label = f"`q{mode}` is the result of mode {mode}, which nothing has measured yet"
            advice = f"measure it before: `MeasureX | {mode}`"
            assembly.faults.add(error(Code.BIT_UNASSIGNED, label, step.span, advice).diagnostics)
        if isinstance(step, Measure):
            detected[step.wire] = place
    return last


def _read(step: Step) -> set[int]:
    angles = step.angles if isinstance(step, Op) else (step.angle,)
    return set[int]().union(*(results_in(angle) for angle in angles))


class _Circuit:
    """What has been detected so far, and what is still to be."""

    def __init__(self, assembly: Assembly, uses: Mapping[int, int]) -> None:
        self._assembly = assembly
        self._uses = uses
        self._waiting: dict[int, _Detected] = {}
        self._empty: set[int] = set()  # detected, and so in the vacuum

    def take(self, place: int, step: Step) -> None:
        """Add what the step is; detections whose results are read wait for the last that reads them."""
        self._clear(step)
        if isinstance(step, Measure):
            self._detect(place, step)
        elif _read(step):
            self._feed(step)
        else:
            self._assembly.add(step)
        for mode in [mode for mode, waiting in self._waiting.items() if waiting.last_use == place]:
            self._assembly.add(self._waiting.pop(mode).measure)
            self._empty.add(mode)

    def _clear(self, step: Step) -> None:
        """A detected mode starts again from the vacuum."""
        for mode in step.wires if isinstance(step, Op) else (step.wire,):
            if mode in self._waiting:
                label = f"mode {mode} is used again while its result is still to be read"
                advice = "use another mode, or read the result before"
                raise error(Code.OUT_OF_REACH, label, step.span, advice)
            if mode in self._empty:
                self._empty.discard(mode)
                if not (isinstance(step, Op) and step.gate.preparation):
                    self._assembly.reset((mode,), step.span)

    def _detect(self, place: int, step: Measure) -> None:
        if results_in(step.angle):
            raise error(Code.OUT_OF_REACH, "what is detected depends on a result", step.span, _LINEAR)
        kind, size = _CELLS[step.detection]
        cells = tuple(self._assembly.bits(f"q{step.wire}", size, step.span, kind))
        measure = replace(step, cells=cells)
        if place not in self._uses:
            self._assembly.add(measure)
            self._empty.add(step.wire)
            return
        if step.detection != "homodyne":
            what = "a number of photons" if step.detection == "fock" else "a complex amplitude"
            raise error(Code.OUT_OF_REACH, f"an operation reads this result, {what}", step.span, _LINEAR)
        if not step.angle.is_zero:
            self._assembly.apply(TABLE["rotate"], (step.wire,), (-step.angle,), (), step.span)
        self._waiting[step.wire] = _Detected(replace(measure, angle=Angle()), self._uses[place])

    def _feed(self, op: Op) -> None:
        """The op, with what depends on results as gates from the modes that are still to be detected."""
        for part in _factors(op):
            modes = results_in(part.angles[0]) if part.angles else set[int]()
            if not modes:
                self._assembly.add(replace(part, span=op.span))
                continue
            unread = {result_element(mode): Angle() for mode in modes}
            slopes = {mode: derivative(part.angles[0], result_element(mode)) for mode in sorted(modes)}
            if not self._waiting.keys() >= modes:
                raise CompileError(())  # what is wrong with the detection is said there
            if any(results_in(slope) for slope in slopes.values()):
                raise error(Code.OUT_OF_REACH, "this depends on a result, and not linearly", op.span, _LINEAR)
            rest = substitute(part.angles[0], unread)
            if not rest.is_zero:
                self._assembly.add(replace(part, angles=(rest,), span=op.span))
            for mode, slope in slopes.items():
                self._control(mode, slope, part, op.span)

    def _control(self, mode: int, slope: Angle, part: Op, span: Span | None) -> None:
        """exp(-i slope x̂ G) for G = c x̂ + d p̂ on the part's mode."""
        if part.gate.generator is None or part.gate.generator.degree != 1 or len(part.wires) != 1:
            raise error(Code.OUT_OF_REACH, "this depends on the result of a measurement", span, _LINEAR)
        for word, weight in part.gate.generator.terms:
            gate = TABLE["controlled_x" if word[0][0] == "p" else "controlled_z"]
            if gate.generator is None:
                raise AssertionError(f"{gate.name} has no generator")
            ((_, own),) = gate.generator.terms
            angle = slope * number(float(weight) / float(own))
            if not angle.is_zero:
                self._assembly.apply(gate, (mode, *part.wires), (angle,), (), span)


def _factors(op: Op) -> Iterator[Op]:
    """The op as gates with a generator and primitive preparations."""
    if op.gate.generator is not None or not op.gate.word:
        yield op
        return
    for part in decompose(op):
        yield from _factors(part)

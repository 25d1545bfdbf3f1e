"""What several clients cannot run, said with the place in the program."""

from __future__ import annotations

from collections.abc import Sequence

from qcompile.diagnostics import Code, error
from qcompile.ir import Barrier, Expectation, Measure, Op, Output, Postselect, Probabilities, Program, Samples
from qcompile.targets.blackbird import detected_modes
from qcompile.targets.clients.words import MAX_WIRES


def check_probabilities(program: Program, title: str) -> None:
    """Exact probabilities are of few wires; raises NOT_SIMULABLE."""
    for output in program.outputs:
        if isinstance(output, Probabilities) and len(output.wires) > MAX_WIRES:
            label = f"exact probabilities of {len(output.wires)} wires take 2^{len(output.wires)} expectations"
            raise error(Code.NOT_SIMULABLE, label, output.span, f"{title} can estimate them: give a number of shots")


def check_measured_last(program: Program, title: str, cure: str) -> None:
    """No wire is used once it is measured, and nothing rests on a result; raises NOT_SIMULABLE."""
    measured: set[int] = set()
    for statement in program.body:
        match statement:
            case Barrier() | Postselect():
                continue
            case Op(wires=wires):
                late = not measured.isdisjoint(wires)
            case Measure(wire=wire):
                late = wire in measured
                measured.add(wire)
            case _:
                late = True
        if late:
            raise error(Code.NOT_SIMULABLE, f"{title} measures at the end alone", statement.span, cure)
    for output in program.outputs:
        if not measured.isdisjoint(_read(output)):
            raise error(Code.NOT_SIMULABLE, f"{title} measures each qubit once", output.span, cure)


def check_detected_once(program: Program, title: str) -> None:
    """Nothing reads a mode where its detection left it: in the vacuum; raises UNSAYABLE or NOT_SIMULABLE."""
    detected = detected_modes(program)
    for output in program.outputs:
        if not detected.isdisjoint(_read(output)):
            label = f"{title} leaves a mode in the vacuum once it is detected"
            raise error(Code.NOT_SIMULABLE, label, output.span, "return samples of what the detection found")


def _read(output: Output) -> Sequence[int]:
    match output:
        case Expectation(observable):
            return [wire for word, _ in observable.operator.terms for _, wire in word]
        case Probabilities(wires) | Samples(wires):
            return wires
        case _:
            return ()

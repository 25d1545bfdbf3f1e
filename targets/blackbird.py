"""Blackbird as Strawberry Fields reads it: templates with `{par_theta}`, a space after every comma."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from qcompile.angle import Angle, Atom, pi_times
from qcompile.gates.channels import check_strength
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.targets.expressions import Names, affine_text, used_calls
from qcompile.targets.writing import drop_barrier, is_global_phase, no_selection, spelled, unsayable

_AGAIN = "prepare the mode anew, as by `vacuum`, before it is used again"


def write(program: Program, names: Names) -> str:
    """The program's text; computed inputs are explained by comments."""
    detected_modes(program)
    lines = ["name qcompile", "version 1.0", ""]
    lines += [f"# {names[call]} = {call}" for call in used_calls(program)]
    for statement in program.body:
        if not is_global_phase(statement):
            lines += _lines(statement, names)
    return "\n".join([*lines, *_last_mode_named(program), ""])


def detected_modes(program: Program) -> set[int]:
    """The modes that are left where a detection put them, which is the vacuum here and not so in our language.

    Raises:
        CompileError: UNSAYABLE, where one is used so.
    """
    detected: set[int] = set()
    for statement in program.body:
        match statement:
            case Op(gate, wires) if gate.preparation:
                detected.difference_update(wires)
            case Reset(wire):
                detected.discard(wire)
            case Op(wires=wires, span=span) if not detected.isdisjoint(wires):
                raise unsayable("Blackbird leaves a mode in the vacuum once it is detected", span, _AGAIN)
            case Measure(wire=wire, span=span) if wire in detected:
                raise unsayable("Blackbird leaves a mode in the vacuum once it is detected", span, _AGAIN)
            case Measure(wire=wire):
                detected.add(wire)
            case _:
                pass
    return detected


def _last_mode_named(program: Program) -> Iterator[str]:
    """A reader takes the highest mode named for the last; a rotation by nothing names it and keeps the state pure."""
    last = len(program.kinds) - 1
    if last >= 0 and not any(last in _wires_of(statement) for statement in program.body):
        yield f"Rgate(0.0) | {last}"


def _wires_of(statement: Statement) -> tuple[int, ...]:
    match statement:
        case Op():
            return statement.wires
        case Measure() | Reset():
            return (statement.wire,)
        case Barrier():
            return ()
        case If() | Postselect():
            raise AssertionError("a condition was written in Blackbird")
        case _:
            assert_never(statement)


def _lines(statement: Statement, names: Names) -> Iterator[str]:
    match statement:
        case Op():
            name = spelled(statement, statement.gate.spelling.blackbird, "Blackbird")
            for index in range(len(statement.gate.bounds)):
                if statement.angles[index].is_constant:
                    check_strength(statement.gate, index, float(statement.angles[index]), statement.span)
            arguments = ", ".join(_angle(angle, names) for angle in statement.angles)
            modes = ", ".join(map(str, statement.wires))
            yield f"{name}({arguments}) | {modes}" if len(statement.wires) == 1 else f"{name}({arguments}) | [{modes}]"
        case Measure():
            yield f"{_detector(statement, names)} | {statement.wire}"
        case Reset():
            yield f"Vacuum() | {statement.wire}"
        case Barrier():
            drop_barrier(statement, "Blackbird")
        case Postselect():
            raise no_selection(statement, "Blackbird")
        case If():
            raise unsayable("Blackbird has no conditions", statement.span)
        case _:
            assert_never(statement)


def _detector(measure: Measure, names: Names) -> str:
    """Only the detectors that take an argument, and photon counting, have parentheses."""
    match measure.detection:
        case "homodyne" if measure.angle.is_zero:
            return "MeasureX"
        case "homodyne" if measure.angle == pi_times(1, 2):
            return "MeasureP"
        case "homodyne":
            return f"MeasureHomodyne({_angle(measure.angle, names)})"
        case "heterodyne":
            return "MeasureHD"
        case "fock":
            return "MeasureFock()"
        case "z":
            raise AssertionError("a qubit measurement reached the Blackbird writer")
        case _:
            assert_never(measure.detection)


def _angle(angle: Angle, names: Names) -> str:
    def symbol(atom: Atom) -> str:
        return f"{{{names[atom]}}}"

    text = affine_text(angle, symbol, grouped=True)
    return f"({text})" if text.startswith("-") else text

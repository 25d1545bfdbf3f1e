"""What a program says to no purpose: warnings, told before anyone waits for a machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from qcompile.angle import Angle, Element, elements
from qcompile.diagnostics import Code, CompileError, Diagnostic, Span
from qcompile.ir import Measure, Module, Op, Parameter, Program, State, observables_of
from qcompile.passes.differentiate.sight.visibility import sightings
from qcompile.passes.inline import Inline

_MOST_NAMED = 4


def lint(module: Module) -> tuple[Diagnostic, ...]:
    """The warnings that hold of a program, in the order of its text; a derivative, which no one writes, has none.

    UNUSED_PARAMETER: nothing depends on it. NO_INFLUENCE: gates depend on it, and no output on them. NO_EFFECT: no
    output depends on the gate. A program without outputs leaves a state to be used elsewhere: there all gates count.
    """
    if not isinstance(module, Program):
        return ()
    used = {*_angle_elements(_angles(module))}
    found = [*_parameter_faults(module.parameters, used, Code.UNUSED_PARAMETER)]
    seen = _seen_ops(module)
    if seen is not None:
        program, ids = seen
        found += _parameter_faults(module.parameters, _influential(program, ids), Code.NO_INFLUENCE, used)
        found += _gate_faults(program, ids)
    return tuple(sorted(found, key=lambda fault: fault.span.start if fault.span else -1))


# ---- parameters


def _parameter_faults(
    parameters: Iterable[Parameter], good: Collection[Element], code: Code, among: Collection[Element] | None = None
) -> Iterator[Diagnostic]:
    """A diagnostic for each parameter with entries that are not good; of those among some, where they are given."""
    for parameter in parameters:
        own = [element for element in parameter.elements() if among is None or element in among]
        idle = [element for element in own if element not in good]
        if idle and parameter.role != "slot":
            yield _parameter_fault(parameter, idle, code)


def _parameter_fault(parameter: Parameter, idle: list[Element], code: Code) -> Diagnostic:
    whole = len(idle) == len(parameter.elements())
    subject = f"`{parameter.name}`" if whole else _listed(idle)
    one = whole or len(idle) == 1
    if code is Code.UNUSED_PARAMETER:
        label = f"{subject} {'is' if one else 'are'} not used"
        return Diagnostic(
            code, label, parameter.span, "use it, or leave it out" if whole else "use them, or declare fewer"
        )
    label = f"{subject} {'changes' if one else 'change'} no output"
    cure = "its derivative is zero: return what it acts on, or leave it out"
    return Diagnostic(code, label, parameter.span, cure)


def _listed(idle: list[Element]) -> str:
    shown = ", ".join(f"`{element}`" for element in idle[:_MOST_NAMED])
    return shown if len(idle) <= _MOST_NAMED else f"{shown} and {len(idle) - _MOST_NAMED} more"


def _influential(program: Program, ids: Collection[int]) -> set[Element]:
    """What the gates that outputs see, the detectors and the observables depend on."""
    ops = (angle for s in program.statements() if isinstance(s, Op) and id(s) in ids for angle in s.angles)
    return {*_angle_elements(ops), *_angle_elements(_other_angles(program))}


def _angles(program: Program) -> Iterator[Angle]:
    yield from (angle for s in program.statements() if isinstance(s, Op) for angle in s.angles)
    yield from _other_angles(program)


def _other_angles(program: Program) -> Iterator[Angle]:
    """Those of detectors, and the coefficients of observables."""
    yield from (s.angle for s in program.statements() if isinstance(s, Measure))
    for output in program.outputs:
        for observable in observables_of(output):
            yield from (coefficient for _, coefficient in observable.operator.terms)


def _angle_elements(angles: Iterable[Angle]) -> Iterator[Element]:
    return (element for angle in angles if not angle.is_constant for element in elements(angle))


# ---- gates


def _seen_ops(program: Program) -> tuple[Program, set[int]] | None:
    """The program without calls, and the id() of each op that an output sees; None where that is not known."""
    if not program.outputs:
        return None
    try:
        inlined = Inline()(program)
        if not isinstance(inlined, Program):
            raise AssertionError("inlining a program gives a program")
        ids = {number for output in inlined.outputs for number in sightings(inlined, output)}
    except CompileError:  # a gate whose effect is unknown
        return None
    if any(isinstance(output, State) for output in inlined.outputs):  # which shows global phases too
        ids |= {id(s) for s in inlined.statements() if isinstance(s, Op) and not s.wires}
    return inlined, ids


def _gate_faults(program: Program, ids: Collection[int]) -> Iterator[Diagnostic]:
    """One diagnostic for each place in the text none of whose occurrences (in loops and calls) is seen."""
    idle: dict[Span | int, Op] = {}
    alive: set[Span | int] = set()
    for statement in program.statements():
        if isinstance(statement, Op):
            place = statement.span or id(statement)
            if id(statement) in ids:
                alive.add(place)
            else:
                idle.setdefault(place, statement)
    for place, op in idle.items():
        if place not in alive:
            yield _gate_fault(op)


def _gate_fault(op: Op) -> Diagnostic:
    if not op.wires:
        return Diagnostic(Code.NO_EFFECT, "no output depends on the global phase", op.span, "leave it out")
    place = f" `{op.gate.name}` on wire {', '.join(map(str, op.wires))}" if op.span is None else ""
    label = f"no output depends on this{place}"
    return Diagnostic(Code.NO_EFFECT, label, op.span, "return what it acts on, or leave it out")

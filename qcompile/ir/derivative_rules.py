"""The verifier's rules for derivatives, each a function that yields its faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise, zip_longest

from qcompile.angle import Element
from qcompile.ir.derivative import Adjoint, Backward, Gradient, Shifted, Undo
from qcompile.ir.program import Barrier, If, Op, Parameter, Program, Statement, observables_of
from qcompile.ir.program_rules import Faults, angle_faults, declared_elements, operator_faults, repeated


def templates(module: Shifted) -> Faults:
    """Templates have names of their own, and what they share they declare alike; slots are each template's own."""
    yield from (f"`{name}` twice" for name in repeated(template.name for template in module.templates))
    shared: dict[str, Parameter] = {}
    for template in module.templates:
        for parameter in template.program.parameters:
            shape = replace(parameter, size=None) if parameter.role == "slot" else parameter
            if shared.setdefault(parameter.name, shape) != shape:
                yield f"`{parameter.name}` is declared in two ways"


def rows(module: Shifted) -> Faults:
    """Each sets slots that its template declares, in order, without regard to slots; no two rows are equal."""
    bound = _trainable(template.program for template in module.templates)
    slots = [
        declared_elements(parameter for parameter in template.program.parameters if parameter.role == "slot")
        for template in module.templates
    ]
    for index, row in enumerate(module.rows):
        if not 0 <= row.template < len(slots):
            yield f"row {index} of template {row.template}"
            continue
        keys = [(slot.name, -1 if slot.index is None else slot.index) for slot, _ in row.settings]
        if any(left >= right for left, right in pairwise(keys)):
            yield f"row {index} is not sorted by slot"
        for slot, value in row.settings:
            if slot not in slots[row.template]:
                yield f"row {index} sets `{slot}`"
            yield from angle_faults(value, bound)
    if len(set(module.rows)) != len(module.rows):
        yield "two rows are equal"


def components(module: Shifted) -> Faults:
    outputs = [len(template.program.outputs) for template in module.templates]
    bound = _trainable(template.program for template in module.templates)
    for certificate in module.certificates:
        yield from (f"a certificate wrt `{element}`" for element in certificate.wrt if element not in bound)
    for component in module.components:
        yield from (f"wrt `{element}`, not declared" for element in component.wrt if element not in bound)
        if component.output is None and len(component.wrt) < 2:
            yield "an entry of a metric has two parameters"
        for reading in component.readings:
            yield from angle_faults(reading.weight, bound)
            if any(list(group) != sorted(group) for group in (reading.evaluations, reading.divisors)):
                yield "evaluations out of order"
            for evaluation in reading.read:
                row = module.rows[evaluation.row] if 0 <= evaluation.row < len(module.rows) else None
                if row is None or not 0 <= evaluation.output < outputs[row.template]:
                    yield f"reads output {evaluation.output} of row {evaluation.row}"


def _trainable(programs: Iterable[Program]) -> set[Element]:
    return declared_elements(p for program in programs for p in program.parameters if p.role != "slot")


def reverse(module: Adjoint) -> Faults:
    """What is not unitary mirrors the forward program from its end, and so do the regions; gates are free."""
    fault = misstep(module.forward, module.reverse)
    if fault is not None:
        yield fault[1]


def misstep(forward: Program, schedule: Iterable[Backward]) -> tuple[Backward, str] | None:
    """The first step that is not the way back over the program, and what should stand there."""
    return next(_missteps(_irreversible(forward.body), [step for step in schedule if _is_step_back(step)]), None)


def _missteps(done: list[Statement], undone: list[Backward]) -> Iterator[tuple[Backward, str]]:
    for step, statement in zip_longest(undone, reversed(done)):
        if step is None:
            return
        if isinstance(step, Undo) and isinstance(statement, If) and step.condition == statement.condition:
            for inner, outer in ((step.then, statement.then), (step.otherwise, statement.otherwise)):
                inside, whole = [s for s in inner if _is_step_back(s)], _irreversible(outer)
                yield from _missteps(whole, inside)
                if len(inside) < len(whole):
                    yield step, "the way back through a region leaves out what is in it"
        elif step != statement:
            yield step, "the forward program has something else here"


def _irreversible(body: Iterable[Statement]) -> list[Statement]:
    """Preparations are of fresh wires, and never walked back over."""
    return [s for s in body if not isinstance(s, Barrier) and not (isinstance(s, Op) and not s.gate.channel)]


def _is_step_back(step: Backward) -> bool:
    return not isinstance(step, Gradient) and not (isinstance(step, Op) and step.gate.is_unitary)


def gradients(module: Adjoint) -> Faults:
    """Generators are Hermitian on the forward program's wires; slots are numbered from 0 without a gap at the end."""
    used = {step.slot for step in module.steps() if isinstance(step, Gradient)}
    if min(used, default=0) < 0 or max(used, default=-1) + 1 != module.slots:
        yield f"{module.slots} slots, gradients in {sorted(used)[-3:]}"
    bound = declared_elements(module.forward.parameters)
    for step in module.steps():
        if isinstance(step, Gradient):
            yield from operator_faults(step.generator, module.forward.kinds, bound)
            yield from _within_faults(step)


def _within_faults(step: Gradient) -> Faults:
    if step.within is not None:
        if step.within.gate.hamiltonian is None:
            yield f"a gradient within `{step.within.gate.name}`, which has no Hamiltonian"
        if not set(step.generator.support) <= set(step.within.targets):
            yield f"a gradient within `{step.within.gate.name}` by what is outside of it"


def adjoint_components(module: Adjoint) -> Faults:
    bound = _trainable([module.forward])
    for component in module.components:
        if component.wrt not in bound or not 0 <= component.output < len(module.forward.outputs):
            yield f"output {component.output} wrt `{component.wrt}`"
        for weight, slot in component.readings:
            yield from angle_faults(weight, bound)
            if not 0 <= slot < module.slots:
                yield f"reads gradient {slot} of {module.slots}"
        for weight, output in component.observed:
            yield from angle_faults(weight, bound)
            for observable in observables_of(output):
                yield from operator_faults(observable.operator, module.forward.kinds, bound)


SHIFTED = (templates, rows, components)
ADJOINT = (reverse, gradients, adjoint_components)

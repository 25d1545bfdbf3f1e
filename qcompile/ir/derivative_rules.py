"""The verifier's rules for derivatives, each a function that yields its faults."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from qcompile.angle import Element
from qcompile.ir.derivative import Adjoint, Gradient, Shifted
from qcompile.ir.program import Op, Parameter, Program
from qcompile.ir.program_rules import Faults, angle_faults, declared_elements, operator_faults, repeated, unitary_faults


def templates(module: Shifted) -> Faults:
    """Templates have names of their own, and what they share they declare alike."""
    yield from (f"`{name}` twice" for name in repeated(template.name for template in module.templates))
    shared: dict[str, Parameter] = {}
    for template in module.templates:
        for parameter in template.program.parameters:
            if shared.setdefault(parameter.name, parameter) != parameter:
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
        if component.output is None and len(component.wrt) != 2:
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
    yield from unitary_faults(step for step in module.reverse if isinstance(step, Op))


def gradients(module: Adjoint) -> Faults:
    """Generators are Hermitian on the forward program's wires; slots are numbered from 0 without a gap at the end."""
    used = {step.slot for step in module.reverse if isinstance(step, Gradient)}
    if min(used, default=0) < 0 or max(used, default=-1) + 1 != module.slots:
        yield f"{module.slots} slots, gradients in {sorted(used)[-3:]}"
    bound = declared_elements(module.forward.parameters)
    for step in module.reverse:
        if isinstance(step, Gradient):
            yield from operator_faults(step.generator, module.forward.kinds, bound)


def adjoint_components(module: Adjoint) -> Faults:
    bound = _trainable([module.forward])
    for component in module.components:
        if component.wrt not in bound or not 0 <= component.output < len(module.forward.outputs):
            yield f"output {component.output} wrt `{component.wrt}`"
        for weight, slot in component.readings:
            yield from angle_faults(weight, bound)
            if not 0 <= slot < module.slots:
                yield f"reads gradient {slot} of {module.slots}"


SHIFTED = (templates, rows, components)
ADJOINT = (reverse, gradients, adjoint_components)

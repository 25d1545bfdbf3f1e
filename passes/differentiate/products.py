"""Products with a derivative: its contraction with cotangents of the outputs, or with a tangent of the parameters.

Both are modules of shifted circuits, with the contracted vector as inputs, so they print, run, emit and differentiate
like any other: the derivative of either holds Hessian-vector products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from qcompile.angle import Angle, Element, parameter
from qcompile.diagnostics import Code, error
from qcompile.ir import (
    Component,
    Exactness,
    Module,
    Parameter,
    Probabilities,
    Program,
    Shifted,
)
from qcompile.passes.differentiate import differentiate
from qcompile.passes.differentiate.readings import Sums
from qcompile.passes.names import fresh_name

_WAY_OUT = "in Python, `qc.vjp` and `qc.jvp` take them in the outputs' shapes"


@dataclass(frozen=True)
class Vjp:
    """The pass: the gradient of Σ cotangent · output, in one component for each parameter entry."""

    name: ClassVar[str] = "vjp"

    def __call__(self, module: Module) -> Shifted:
        return vjp(module)


@dataclass(frozen=True)
class Jvp:
    """The pass: the outputs, then the derivative of each along a tangent of the parameters."""

    name: ClassVar[str] = "jvp"

    def __call__(self, module: Module) -> Shifted:
        return jvp(module)


def vjp(module: Module) -> Shifted:
    """The value and the first derivatives of Σₖ cotangent[k] · output k, as of one output.

    The module gains an input `cotangent`: an array with an entry for each output, or one number for one.

    Raises:
        CompileError: METHOD for a derivative of higher order, and probabilities; as `differentiate`.
    """
    given = _first_order(module)
    outputs = sorted({c.output for c in given.components if c.output is not None})
    cotangent = Parameter(
        fresh_name("cotangent", *_programs(given)),
        len(outputs) if len(outputs) > 1 else None,
        "input",
    )
    weights = {k: parameter(e.name, e.index) for k, e in zip(outputs, cotangent.elements(), strict=True)}
    by_element: dict[tuple[Element, ...], list[Component]] = {}
    for component in given.components:
        by_element.setdefault(component.wrt, []).append(component)
    components = [
        _sum(0, wrt, parts, lambda component: weights[component.output or 0]) for wrt, parts in by_element.items()
    ]
    return _with_inputs(replace(given, components=tuple(components)), [cotangent])


def jvp(module: Module) -> Shifted:
    """Twice the outputs: their values, then Σ tangent · derivative for each.

    The module gains an input `tangent_p` for each parameter p, in its shape.

    Raises:
        CompileError: METHOD for a derivative of higher order, and probabilities; as `differentiate`.
    """
    given = _first_order(module)
    wanted = {component.wrt[0].name for component in given.components if component.wrt}
    parameters = [p for p in given.templates[0].program.parameters if p.name in wanted]
    tangents = {
        p.name: Parameter(fresh_name(f"tangent_{p.name}", *_programs(given)), p.size, "input") for p in parameters
    }

    def weight(component: Component) -> Angle:
        (element,) = component.wrt
        return parameter(tangents[element.name].name, element.index)

    values = [component for component in given.components if not component.wrt]
    moved = [
        _sum(len(values) + k, (), [c for c in given.components if c.wrt and c.output == value.output], weight)
        for k, value in enumerate(values)
    ]
    return _with_inputs(replace(given, components=(*values, *moved)), tangents.values())


def _first_order(module: Module) -> Shifted:
    """The module's values and first derivatives by every trained parameter, or by those that it has been taken by."""
    if isinstance(module, Program) or (isinstance(module, Shifted) and not any(c.wrt for c in module.components)):
        module = differentiate(module, None, "shift")
    if not isinstance(module, Shifted) or any(len(c.wrt) > 1 or c.output is None for c in module.components):
        label = "products are taken with first derivatives by shifted circuits"
        raise error(Code.METHOD, label, help="give the program; the derivative of a product is of second order")
    read = {(module.rows[e.row].template, e.output) for c in module.components for r in c.readings for e in r.read}
    for template, place in read:
        output = module.templates[template].program.outputs[place]
        if isinstance(output, Probabilities):
            raise error(Code.METHOD, "probabilities have a cotangent for each outcome", output.span, _WAY_OUT)
    return module


def _sum(
    output: int, wrt: tuple[Element, ...], parts: Sequence[Component], weight: Callable[[Component], Angle]
) -> Component:
    """Σ weight · part as one component, equal products of evaluations together."""
    sums = Sums()
    for part in parts:
        for reading in part.readings:
            sums.add(weight(part) * reading.weight, reading.evaluations, reading.divisors)
    return Component(output, wrt, sums.readings(), Exactness.weakest(part.exactness for part in parts))


def _with_inputs(module: Shifted, inputs: Iterable[Parameter]) -> Shifted:
    new = tuple(inputs)
    templates = tuple(
        replace(t, program=replace(t.program, parameters=(*t.program.parameters, *new))) for t in module.templates
    )
    return replace(module, templates=templates)


def _programs(module: Shifted) -> tuple[Program, ...]:
    return tuple(template.program for template in module.templates)

"""Derivatives as circuits with their slots marked, and tables of what is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qcompile.draw.faces import gradient_slot
from qcompile.draw.labels import angle_text, element_text, output_text, shortened, weight_text
from qcompile.draw.layout import Limits, lay_out
from qcompile.draw.picture import Picture, Table
from qcompile.ir import Adjoint, AdjointComponent, Component, Evaluation, Gradient, Module, Program, Reading, Shifted

_MAX_CELL = 400


def draw_module(module: Module, limits: Limits) -> Picture:
    """The program's circuit; or a derivative's circuits, and tables of its rows and weights."""
    match module:
        case Program():
            return Picture("quantum circuit", (lay_out(module, limits),))
        case Shifted():
            return _shifted(module, limits)
        case Adjoint():
            return _adjoint(module, limits)


def _shifted(module: Shifted, limits: Limits) -> Picture:
    templates = module.templates[: limits.circuits]
    panels = tuple(lay_out(t.program, limits, f"template {t.name}") for t in templates)
    uses = _uses(module)
    shown = range(len(module.rows))[: limits.rows]
    rows = tuple(
        (
            f"r{k}",
            module.templates[module.rows[k].template].name,
            shortened(", ".join(f"{element_text(s)} = {angle_text(v)}" for s, v in module.rows[k].settings), 60)
            or "none",
            shortened("; ".join(uses[k]), _MAX_CELL),
        )
        for k in shown
    )
    caption = ", ".join(_costs(module))
    heads = ("row", "of", "slots", "weight in each derivative")
    notes = [
        *_left_out(len(module.templates) - len(templates), "template"),
        *_left_out(len(module.rows) - len(rows), "row"),
    ]
    notes += _constants(module.components)
    table = Table(f"rows and weights ({caption})", heads, rows, tuple(notes))
    return Picture("derivative by shifted circuits", panels, (table,))


def _costs(module: Shifted) -> Iterator[str]:
    yield module.exactness.value
    yield f"{module.evaluations} evaluation{'' if module.evaluations == 1 else 's'} for the derivatives"
    if module.naive is not None:
        yield f"naive {module.naive}"


def _uses(module: Shifted) -> list[list[str]]:
    """For each row what is made of it: `0.5 in d[0]/dθ`, times other evaluations where it is a product."""
    several = any(len(t.program.outputs) > 1 for t in module.templates)
    found: list[list[str]] = [[] for _ in module.rows]
    for component in module.components:
        name = _component_name(component)
        for reading in component.readings:
            for row in dict.fromkeys(e.row for e in reading.read):
                found[row].append(f"{_reading_text(reading, row, several)} in {name}")
    return found


def _reading_text(reading: Reading, row: int, several: bool) -> str:
    """The weight, and with it the outputs of the row and of the others it is multiplied by, where they need naming."""
    if len(reading.read) == 1 and not several:
        return weight_text(reading.weight)
    evaluations = sorted(reading.evaluations, key=lambda e: (e.row != row, e))
    factors = "·".join([weight_text(reading.weight), *map(_evaluation_text, evaluations)])
    return "/".join([factors, *map(_evaluation_text, reading.divisors)])


def _evaluation_text(evaluation: Evaluation) -> str:
    return f"r{evaluation.row}[{evaluation.output}]"


def _component_name(component: Component) -> str:
    below = " ".join(f"d{element_text(element)}" for element in component.wrt)
    what = "g" if component.output is None else f"d[{component.output}]"
    return f"{what}/{below}" if below else what


def _constants(components: Iterable[Component]) -> Iterator[str]:
    """What is in the derivatives without any row."""
    for component in components:
        values = [weight_text(reading.weight) for reading in component.readings if not reading.read]
        if not any(reading.read for reading in component.readings):
            yield f"no row is needed for {_component_name(component)}: it is {' + '.join(values) or '0'}"
        elif values:
            yield f"{_component_name(component)} has {' + '.join(values)} besides its rows"


def _left_out(count: int, noun: str) -> list[str]:
    return [f"{count} {noun}{'' if count == 1 else 's'} left out"] if count else []


def _adjoint(module: Adjoint, limits: Limits) -> Picture:
    forward = lay_out(module.forward, limits, "forward")
    reverse = lay_out(
        module.forward, limits, "reverse: undoes the forward part and reads gradients (∂)", module.reverse
    )
    marks = [step for step in module.steps() if isinstance(step, Gradient)]
    shown = marks[: limits.rows]
    slots = tuple((f"∂{_slot_text(m.slot)}", _generator_text(m, module.forward)) for m in shown)
    sums = tuple(_adjoint_row(component, module.forward) for component in module.components[: limits.rows])
    return Picture(
        "derivative by a reverse schedule",
        (forward, reverse),
        (
            Table(
                "gradient marks: 2 Im⟨λ|G|ψ⟩", ("mark", "G"), slots, tuple(_left_out(len(marks) - len(slots), "mark"))
            ),
            Table(
                "derivatives",
                ("of", "sum of marks"),
                sums,
                tuple(_left_out(len(module.components) - len(sums), "derivative")),
            ),
        ),
    )


def _slot_text(slot: int) -> str:
    return element_text(gradient_slot(slot))


def _generator_text(gradient: Gradient, program: Program) -> str:
    from qcompile.grammar.printer import operator_text

    place = "" if gradient.within is None else f", averaged within `{gradient.within.gate.name}`"
    return shortened(operator_text(gradient.generator, program.registers) + place, _MAX_CELL)


def _adjoint_row(component: AdjointComponent, program: Program) -> tuple[str, str]:
    parts = [f"{weight_text(weight)}·{_slot_text(slot)}" for weight, slot in component.readings]
    observed = ((weight_text(weight), output_text(output, program.registers)) for weight, output in component.observed)
    parts += [f"{weight}·{text}" for weight, text in observed]
    name = f"d[{component.output}]/d{element_text(component.wrt)}"
    return name, shortened(" + ".join(parts).replace("+ −", "− ") or "0", _MAX_CELL)

"""Programs and derivatives as text. The text is the language: reading it gives the module back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import assert_never

from qcompile.grammar.printed_programs import (
    Names,
    ended,
    factor,
    filled,
    indented,
    op_text,
    operator_terms,
    program_sections,
    signed,
)
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Certificate,
    Component,
    Gradient,
    Module,
    Op,
    Program,
    Reading,
    Register,
    Row,
    Shifted,
    Template,
)
from qcompile.operator import Operator


def to_text(module: Module) -> str:
    """The module in qcompile's own language; `parse(to_text(module)) == module`.

    A text says something, so a program without anything is a barrier on no wires.
    """
    match module:
        case Program():
            sections = program_sections(module)
        case Shifted():
            sections = _shifted(module)
        case Adjoint():
            sections = _adjoint(module)
        case _:
            assert_never(module)
    return ("\n\n".join("\n".join(section) for section in sections if section) or "barrier;") + "\n"


def operator_text(operator: Operator, registers: tuple[Register, ...]) -> str:
    """An operator as an observable is written, on one line."""
    return " ".join(operator_terms(operator, Names.of(registers)))


def _shifted(module: Shifted) -> Iterator[list[str]]:
    yield ["shifted;" if module.seed is None else f"shifted seed {module.seed};"]
    for template in module.templates:
        yield _block(f"template {template.name}", program_sections(template.program))
    yield [_row(index, row, module.templates) for index, row in enumerate(module.rows)]
    yield [*chain.from_iterable(map(_component, module.components)), *map(_certificate, module.certificates)]


def _block(head: str, sections: Iterable[list[str]]) -> list[str]:
    filled = [section for section in sections if section]
    body = [line for section in filled for line in ("", *section)][1:]
    return [f"{head} {{", *indented(body), "}"]


def _row(index: int, row: Row, templates: tuple[Template, ...]) -> str:
    settings = ", ".join(f"{slot} = {value}" for slot, value in row.settings)
    return f"row r{index} = {templates[row.template].name}({settings});"


def _certificate(certificate: Certificate) -> str:
    counts = [f"naive {certificate.naive}", f"joint {certificate.joint}"]
    counts += [] if certificate.least is None else [f"least {certificate.least}"]
    return f"certificate wrt {', '.join(map(str, certificate.wrt))} = {', '.join(counts)};"


def _component(component: Component) -> Iterator[str]:
    wrt = f" wrt {', '.join(map(str, component.wrt))}" if component.wrt else ""
    what = "g" if component.output is None else f"d[{component.output}]"
    lead = f"component {what}{wrt} {component.exactness.value.replace(' ', '_')}"
    terms = signed(_reading(reading) for reading in component.readings)
    return filled([lead, "=", *ended(terms, ";")], len(lead) + 1)


def _reading(reading: Reading) -> str:
    factors = [f"r{evaluation.row}[{evaluation.output}]" for evaluation in reading.evaluations]
    weight = factor(reading.weight)
    divisors = "".join(f"/r{evaluation.row}[{evaluation.output}]" for evaluation in reading.divisors)
    return "*".join(["(0)" if weight == "0" and not factors else weight, *factors]) + divisors


def _adjoint(module: Adjoint) -> Iterator[list[str]]:
    yield ["adjoint;"]
    yield _block("forward", program_sections(module.forward))
    names = Names.of(module.forward.registers)
    yield _block("reverse", [list(chain.from_iterable(_reverse(step, names) for step in module.reverse))])
    yield list(chain.from_iterable(map(_adjoint_component, module.components)))


def _reverse(step: Op | Gradient, names: Names) -> Iterable[str]:
    if isinstance(step, Op):
        return [op_text(step, names)]
    return filled([f"gradient g[{step.slot}]", *ended(operator_terms(step.generator, names), ";")], len("gradient "))


def _adjoint_component(component: AdjointComponent) -> Iterator[str]:
    lead = f"component d[{component.output}] wrt {component.wrt}"
    terms = signed(f"{factor(weight)}*g[{slot}]" for weight, slot in component.readings)
    return filled([lead, "=", *ended(terms, ";")], len(lead) + 1)

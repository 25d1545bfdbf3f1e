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
    output_pieces,
    program_sections,
    region,
    signed,
    simple_text,
)
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Backward,
    Certificate,
    Component,
    Gradient,
    Module,
    Program,
    Reading,
    Register,
    Row,
    Shifted,
    Template,
    Undo,
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
    yield _block("reverse", [list(_backward(module.reverse, names))])
    yield list(chain.from_iterable(_adjoint_component(component, names) for component in module.components))


def _backward(steps: Iterable[Backward], names: Names) -> Iterator[str]:
    for step in steps:
        match step:
            case Gradient(slot, generator, within):
                end = ";" if within is None else f" in {op_text(within, names)}"
                pieces = [f"gradient g[{slot}]", *ended(operator_terms(generator, names), end)]
                yield from filled(pieces, len("gradient "))
            case Undo(condition, then, otherwise):
                yield from region(condition, _backward(then, names), _backward(otherwise, names), names)
            case _:
                yield simple_text(step, names)


def _adjoint_component(component: AdjointComponent, names: Names) -> Iterator[str]:
    lead = f"component d[{component.output}] wrt {component.wrt}"
    terms = [[f"{factor(weight)}*g[{slot}]"] for weight, slot in component.readings]
    for weight, output in component.observed:
        first, *rest = output_pieces(output, names)
        terms.append([f"{factor(weight)}*{first}", *rest])
    heads = signed(head for head, *_ in terms)
    pieces = [piece for head, term in zip(heads, terms or [[]], strict=True) for piece in (head, *term[1:])]
    return filled([lead, "=", *ended(pieces, ";")], len(lead) + 1)

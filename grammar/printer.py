"""Programs and derivatives as text. The text is the language: reading it gives the module back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, groupby, islice
from typing import assert_never

from qcompile.angle import Angle
from qcompile.gates import WIRE_NAMES
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Component,
    Definition,
    Expectation,
    Gradient,
    If,
    Measure,
    Module,
    Observable,
    Op,
    Output,
    Probabilities,
    Program,
    Reading,
    Register,
    Reset,
    Row,
    Samples,
    Shifted,
    State,
    Statement,
    Template,
    Variance,
)
from qcompile.number import plain_text
from qcompile.operator import Operator, Word

_COLUMNS = 100
_INDENT = "  "


def to_text(module: Module) -> str:
    """The module in qcompile's own language; `parse(to_text(module)) == module`."""
    match module:
        case Program():
            sections = _program(module)
        case Shifted():
            sections = _shifted(module)
        case Adjoint():
            sections = _adjoint(module)
        case _:
            assert_never(module)
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def operator_text(operator: Operator, registers: tuple[Register, ...]) -> str:
    """An operator as an observable is written, on one line."""
    return " ".join(_terms(operator, _Names.of(registers)))


@dataclass(frozen=True, slots=True)
class _Names:
    """What each wire, each cell, and each wire's letter index is called, and the registers that have one name whole."""

    wires: tuple[str, ...]
    cells: tuple[str, ...]
    letters: tuple[int, ...]
    whole_wires: dict[int, Register]
    whole_cells: dict[int, Register]

    @classmethod
    def of(cls, registers: tuple[Register, ...]) -> _Names:
        quantum = [register for register in registers if register.is_quantum]
        classical = [register for register in registers if not register.is_quantum]
        kinds = [register.kind for register in quantum for _ in range(register.length)]
        seen = {"qubit": 0, "qumode": 0}
        letters: list[int] = []
        for kind in kinds:
            letters.append(seen[kind])
            seen[kind] += 1
        return cls(_each(quantum), _each(classical), tuple(letters), _starts(quantum), _starts(classical))


def _each(registers: Iterable[Register]) -> tuple[str, ...]:
    return tuple(
        register.name if register.size is None else f"{register.name}[{index}]"
        for register in registers
        for index in range(register.length)
    )


def _starts(registers: Iterable[Register]) -> dict[int, Register]:
    starts: dict[int, Register] = {}
    first = 0
    for register in registers:
        starts[first] = register
        first += register.length
    return starts


def _program(program: Program) -> Iterator[list[str]]:
    names = _Names.of(program.registers)
    declarations = [f"{register.kind} {_sized(register.name, register.size)};" for register in program.registers]
    declarations += [f"{p.role} {_sized(p.name, p.size)};" for p in program.parameters]
    yield [*declarations, *chain.from_iterable(_observables(program.outputs, names))]
    for definition in program.definitions:
        yield list(_definition(definition))
    yield list(_statements(program.body, names))
    if program.outputs:
        yield list(_filled(_return(program.outputs, names), len("return ")))


def _sized(name: str, size: int | None) -> str:
    return name if size is None else f"{name}[{size}]"


def _observables(outputs: Iterable[Output], names: _Names) -> Iterator[Iterable[str]]:
    named = {
        output.observable.name: output.observable
        for output in outputs
        if isinstance(output, Expectation | Variance) and output.observable.name
    }
    for name, observable in named.items():
        lead = f"observable {name}"
        yield _filled([lead, "=", *_ended(_terms(observable.operator, names), ";")], len(lead) + 1)


def _definition(definition: Definition) -> Iterator[str]:
    gate = definition.gate
    taken = {gate.name, *gate.parameters, *(op.gate.name for op in definition.body)}
    free = (name for name in chain(WIRE_NAMES, map("w{}".format, count())) if name not in taken)
    wires = tuple(islice(free, len(gate.wires)))
    parameters = f"({', '.join(gate.parameters)})" if gate.parameters else ""
    yield f"gate {gate.name}{parameters}{' ' if wires else ''}{', '.join(wires)} {{"
    yield from _indented(_statements(definition.body, _Names(wires, (), (), {}, {})))
    yield "}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (_INDENT + line if line else line for line in lines)


def _statements(statements: Iterable[Statement], names: _Names) -> Iterator[str]:
    for statement in statements:
        match statement:
            case Op():
                yield _op(statement, names)
            case Measure():
                yield _measure(statement, names)
            case Reset():
                yield f"reset {names.wires[statement.wire]};"
            case If():
                yield from _if(statement, names)
            case _:
                assert_never(statement)


def _op(op: Op, names: _Names) -> str:
    modifiers = ["inv @ "] if op.inverse else []
    for positive, run in groupby(op.controls):
        many = len(list(run))
        modifiers.append(f"{'ctrl' if positive else 'negctrl'}{f'({many})' if many > 1 else ''} @ ")
    angles = f"({', '.join(map(str, op.angles))})" if op.angles else ""
    wires = ", ".join([names.wires[wire] for wire in op.wires])
    return f"{''.join(modifiers)}{op.gate.name}{angles}{' ' if wires else ''}{wires};"


def _measure(measure: Measure, names: _Names) -> str:
    wire = names.wires[measure.wire]
    match measure.detection:
        case "z" | "fock":
            return f"{names.cells[measure.cells[0]]} = measure {wire};"
        case "homodyne":
            return f"{names.cells[measure.cells[0]]} = homodyne({measure.angle}) {wire};"
        case "heterodyne":
            return f"{_pair(measure.cells, names)} = heterodyne {wire};"
        case _:
            assert_never(measure.detection)


def _pair(cells: tuple[int, ...], names: _Names) -> str:
    """Two cells of one register: its name, or a slice."""
    start, register = max((start, r) for start, r in names.whole_cells.items() if start <= cells[0])
    first, second = (cell - start for cell in cells)
    if (register.length, first, second) == (2, 0, 1):
        return register.name
    step = second - first
    return f"{register.name}[{first}:{f'{step}:' if step != 1 else ''}{first + 2 * step}]"


def _if(statement: If, names: _Names) -> Iterator[str]:
    tests = (f"{'' if value else '!'}{names.cells[cell]}" for cell, value in statement.condition)
    yield f"if ({' && '.join(tests)}) {{"
    yield from _indented(_statements(statement.then, names))
    if statement.otherwise:
        yield "} else {"
        yield from _indented(_statements(statement.otherwise, names))
    yield "}"


def _return(outputs: tuple[Output, ...], names: _Names) -> Iterator[str]:
    yield "return"
    for position, output in enumerate(outputs):
        yield from _ended(_output(output, names), ";" if position == len(outputs) - 1 else ",")


def _output(output: Output, names: _Names) -> list[str]:
    match output:
        case Expectation():
            return _observed("expect", output.observable, names)
        case Variance():
            return _observed("var", output.observable, names)
        case Probabilities():
            return [f"probs({', '.join(_listed(output.wires, names.wires, names.whole_wires))})"]
        case Samples():
            wires = _listed(output.wires, names.wires, names.whole_wires)
            cells = _listed(output.cells, names.cells, names.whole_cells)
            return [f"samples({', '.join([*wires, *cells])})"]
        case State():
            return ["state()"]
        case _:
            assert_never(output)


def _observed(function: str, observable: Observable, names: _Names) -> list[str]:
    terms = [observable.name] if observable.name else _terms(observable.operator, names)
    return [f"{function}({terms[0]}", *terms[1:-1], f"{terms[-1]})"] if len(terms) > 1 else [f"{function}({terms[0]})"]


def _listed(places: tuple[int, ...], each: tuple[str, ...], whole: dict[int, Register]) -> Iterator[str]:
    """Names of wires or cells, a register's own name where all of it stands in order."""
    at = 0
    while at < len(places):
        register = whole.get(places[at])
        length = register.length if register is not None else 1
        if register is not None and places[at : at + length] == tuple(range(places[at], places[at] + length)):
            yield register.name
            at += length
        else:
            yield each[places[at]]
            at += 1


def _terms(operator: Operator, names: _Names) -> list[str]:
    """The sum's terms, each after the first with its sign in front: `0.5*Z[0]`, `- X[0]`."""
    return _signed(_term(word, coefficient, names) for word, coefficient in operator.terms)


def _term(word: Word, coefficient: Angle, names: _Names) -> str:
    letters = " ".join(f"{letter}[{names.letters[wire]}]" for letter, wire in word)
    return _weighted(coefficient, letters) if letters else _factor(coefficient)


def _weighted(weight: Angle, product: str) -> str:
    factor = _factor(weight)
    return {"1": product, "-1": f"-{product}"}.get(factor, f"{factor}*{product}")


def _factor(weight: Angle) -> str:
    """A coefficient: plain numbers bare, anything else in parentheses."""
    if weight.is_constant and not weight.constant.pi:
        return plain_text(weight.constant.plain)
    return f"({weight})"


def _signed(parts: Iterable[str]) -> list[str]:
    first, *others = list(parts) or ["0"]
    return [first, *(f"- {part[1:]}" if part.startswith("-") else f"+ {part}" for part in others)]


def _ended(pieces: Sequence[str], end: str) -> list[str]:
    return [*pieces[:-1], pieces[-1] + end]


def _filled(pieces: Iterable[str], indent: int) -> Iterator[str]:
    """Pieces joined by spaces into lines of at most `_COLUMNS`, the later ones indented."""
    line, length = list[str](), -1
    for piece in pieces:
        if line and length + 1 + len(piece) > _COLUMNS:
            yield " ".join(line)
            line, length = [" " * (indent - 1)], indent - 1
        line.append(piece)
        length += 1 + len(piece)
    yield " ".join(line)


def _shifted(module: Shifted) -> Iterator[list[str]]:
    yield ["shifted;"]
    for template in module.templates:
        yield _block(f"template {template.name}", _program(template.program))
    yield [_row(index, row, module.templates) for index, row in enumerate(module.rows)]
    yield [*chain.from_iterable(map(_component, module.components)), f"naive {module.naive};"]


def _block(head: str, sections: Iterable[list[str]]) -> list[str]:
    filled = [section for section in sections if section]
    body = [line for section in filled for line in ("", *section)][1:]
    return [f"{head} {{", *_indented(body), "}"]


def _row(index: int, row: Row, templates: tuple[Template, ...]) -> str:
    settings = ", ".join(f"{slot} = {value}" for slot, value in row.settings)
    return f"row r{index} = {templates[row.template].name}({settings});"


def _component(component: Component) -> Iterator[str]:
    wrt = f" wrt {', '.join(map(str, component.wrt))}" if component.wrt else ""
    lead = f"component d[{component.output}]{wrt} {component.exactness.value.replace(' ', '_')}"
    terms = _signed(_reading(reading) for reading in component.readings)
    return _filled([lead, "=", *_ended(terms, ";")], len(lead) + 1)


def _reading(reading: Reading) -> str:
    factors = [f"r{evaluation.row}[{evaluation.output}]" for evaluation in reading.evaluations]
    weight = _factor(reading.weight)
    return "*".join(["(0)" if weight == "0" and not factors else weight, *factors])


def _adjoint(module: Adjoint) -> Iterator[list[str]]:
    yield ["adjoint;"]
    yield _block("forward", _program(module.forward))
    names = _Names.of(module.forward.registers)
    yield _block("reverse", [list(chain.from_iterable(_reverse(step, names) for step in module.reverse))])
    yield list(chain.from_iterable(map(_adjoint_component, module.components)))


def _reverse(step: Op | Gradient, names: _Names) -> Iterable[str]:
    if isinstance(step, Op):
        return [_op(step, names)]
    return _filled([f"gradient g[{step.slot}]", *_ended(_terms(step.generator, names), ";")], len("gradient "))


def _adjoint_component(component: AdjointComponent) -> Iterator[str]:
    lead = f"component d[{component.output}] wrt {component.wrt}"
    terms = _signed(f"{_factor(weight)}*g[{slot}]" for weight, slot in component.readings)
    return _filled([lead, "=", *_ended(terms, ";")], len(lead) + 1)

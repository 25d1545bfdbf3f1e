"""A program as lines of text in qcompile's own language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, count, groupby, islice
from typing import assert_never

from qcompile.angle import Angle
from qcompile.gates import WIRE_NAMES, Matrix
from qcompile.ir import (
    Barrier,
    Covariance,
    Definition,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Output,
    Postselect,
    Probabilities,
    Program,
    Register,
    Reset,
    Samples,
    State,
    Statement,
    Variance,
    observables_of,
)
from qcompile.number import plain_text
from qcompile.operator import Operator, Word

_COLUMNS = 100
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Names:
    """What each wire, each cell, and each wire's letter index is called, and the registers that have one name whole."""

    wires: tuple[str, ...]
    cells: tuple[str, ...]
    letters: tuple[str, ...]
    whole_wires: dict[int, Register]
    whole_cells: dict[int, Register]

    @classmethod
    def of(cls, registers: tuple[Register, ...]) -> Names:
        quantum = [register for register in registers if register.is_quantum]
        classical = [register for register in registers if not register.is_quantum]
        kinds = [register.kind for register in quantum for _ in range(register.length)]
        seen = {"qubit": 0, "qumode": 0}
        letters: list[str] = []
        for kind in kinds:
            letters.append(str(seen[kind]))
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


def program_sections(program: Program) -> Iterator[list[str]]:
    names = Names.of(program.registers)
    declarations = [f"{register.kind} {_sized(register.name, register.size)};" for register in program.registers]
    declarations += [f"{p.role} {_sized(p.name, p.size)};" for p in program.parameters]
    yield [*declarations, *chain.from_iterable(_observables(program.outputs, names))]
    for definition in program.definitions:
        yield list(_definition(definition))
    yield list(_statements(program.body, names))
    if program.outputs:
        yield list(filled(_return(program.outputs, names), len("return ")))


def _sized(name: str, size: int | None) -> str:
    return name if size is None else f"{name}[{size}]"


def _observables(outputs: Iterable[Output], names: Names) -> Iterator[Iterable[str]]:
    named = {
        observable.name: observable for output in outputs for observable in observables_of(output) if observable.name
    }
    for name, observable in named.items():
        lead = f"observable {name}"
        yield filled([lead, "=", *ended(operator_terms(observable.operator, names), ";")], len(lead) + 1)


def _definition(definition: Definition) -> Iterator[str]:
    gate = definition.gate
    taken = {gate.name, *gate.parameters, *(op.gate.name for op in definition.body)}
    free = (name for name in chain(WIRE_NAMES, map("w{}".format, count())) if name not in taken)
    wires = tuple(islice(free, len(gate.wires)))
    exponent = gate.generator or gate.hamiltonian
    used = set(exponent.support if exponent is not None else (w for op in definition.body for w in op.wires))
    shown = (f"{'' if w in used or kind == 'qubit' else 'qumode '}{wires[w]}" for w, kind in enumerate(gate.wires))
    parameters = f"({', '.join(gate.parameters)})" if gate.parameters else ""
    word = "opaque" if gate.opaque else "channel" if gate.kraus else "gate"
    lead = f"{word} {gate.name}{parameters}{' ' if wires else ''}{', '.join(shown)}"
    names = Names(wires, (), wires, {}, {})
    if gate.opaque:
        yield f"{lead};"
    elif exponent is not None:
        yield from filled([lead, "generator", *ended(operator_terms(exponent, names), ";")], len(lead) + 1)
    elif gate.matrix is not None or gate.kraus:
        matrices = [gate.matrix] if gate.matrix is not None else gate.kraus
        pieces = [piece for matrix in matrices for piece in ended(_matrix(matrix), ",")]
        yield from filled([lead, "=", *pieces[:-1], f"{pieces[-1][:-1]};"], len(lead) + 1)
    else:
        yield f"{lead} {{"
        yield from indented(_statements(definition.body, names))
        yield "}"


def _matrix(matrix: Matrix) -> list[str]:
    """The entries in order, with the brackets around rows and the whole."""
    rows = [[f"{_complex(entry)}," for entry in row] for row in matrix]
    pieces = [piece for row in rows for piece in (f"[{row[0]}", *row[1:])]
    for last in accumulate(len(row) for row in rows):
        pieces[last - 1] = f"{pieces[last - 1][:-1]}],"
    return [f"[{pieces[0]}", *pieces[1:-1], f"{pieces[-1][:-1]}]"] if len(pieces) > 1 else [f"[{pieces[0][:-1]}]"]


def _complex(value: complex) -> str:
    real, imaginary = complex(value).real, complex(value).imag
    size = "" if abs(imaginary) == 1 else plain_text(abs(imaginary))
    if not imaginary:
        return plain_text(real)
    if not real:
        return f"{'-' if imaginary < 0 else ''}{size}im"
    return f"{plain_text(real)} {'-' if imaginary < 0 else '+'} {size}im"


def indented(lines: Iterable[str]) -> Iterator[str]:
    return (_INDENT + line if line else line for line in lines)


def _statements(statements: Iterable[Statement], names: Names) -> Iterator[str]:
    for statement in statements:
        match statement:
            case If(condition, then, otherwise):
                yield from region(condition, _statements(then, names), _statements(otherwise, names), names)
            case _:
                yield simple_text(statement, names)


def simple_text(statement: Op | Measure | Reset | Barrier | Postselect, names: Names) -> str:
    """A statement that holds no others."""
    match statement:
        case Op():
            return op_text(statement, names)
        case Measure():
            return _measure(statement, names)
        case Reset():
            return f"reset {names.wires[statement.wire]};"
        case Barrier():
            return f"barrier {', '.join(_listed(statement.wires, names.wires, names.whole_wires))};"
        case Postselect():
            return f"postselect {_tests(statement.condition, names)};"
        case _:
            assert_never(statement)


def op_text(op: Op, names: Names) -> str:
    modifiers = ["inv @ "] if op.inverse else []
    for positive, run in groupby(op.controls):
        many = len(list(run))
        modifiers.append(f"{'ctrl' if positive else 'negctrl'}{f'({many})' if many > 1 else ''} @ ")
    angles = f"({', '.join(map(str, op.angles))})" if op.angles else ""
    wires = ", ".join([names.wires[wire] for wire in op.wires])
    return f"{''.join(modifiers)}{op.gate.name}{angles}{' ' if wires else ''}{wires};"


def _measure(measure: Measure, names: Names) -> str:
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


def _pair(cells: tuple[int, ...], names: Names) -> str:
    """Two cells of one register: its name, or a slice."""
    start, register = max((start, r) for start, r in names.whole_cells.items() if start <= cells[0])
    first, second = (cell - start for cell in cells)
    if (register.length, first, second) == (2, 0, 1):
        return register.name
    step = second - first
    if first + 2 * step < 0:
        return f"{register.name}[{first}::{step}]"
    end = min(first + 2 * step, register.length)
    return f"{register.name}[{first}:{f'{step}:' if step != 1 else ''}{end}]"


def region(
    condition: Iterable[tuple[int, bool]], then: Iterable[str], otherwise: Iterable[str], names: Names
) -> Iterator[str]:
    """The lines of an `if`, from those of its branches."""
    yield f"if ({_tests(condition, names)}) {{"
    yield from indented(then)
    rest = list(otherwise)
    if rest:
        yield "} else {"
        yield from indented(rest)
    yield "}"


def _tests(condition: Iterable[tuple[int, bool]], names: Names) -> str:
    return " && ".join(f"{'' if value else '!'}{names.cells[cell]}" for cell, value in condition)


def _return(outputs: tuple[Output, ...], names: Names) -> Iterator[str]:
    yield "return"
    for position, output in enumerate(outputs):
        yield from ended(output_pieces(output, names), ";" if position == len(outputs) - 1 else ",")


def output_pieces(output: Output, names: Names) -> list[str]:
    match output:
        case Expectation():
            return _observed(f"{_share(output)}expect", names, output.observable)
        case Variance():
            return _observed("var", names, output.observable)
        case Covariance():
            return _observed("cov", names, output.left, output.right)
        case Probabilities():
            return [f"{_share(output)}probs({', '.join(_listed(output.wires, names.wires, names.whole_wires))})"]
        case Samples():
            wires = _listed(output.wires, names.wires, names.whole_wires)
            cells = _listed(output.cells, names.cells, names.whole_cells)
            return [f"samples({', '.join([*wires, *cells])})"]
        case State():
            return ["state()"]
        case _:
            assert_never(output)


def _share(output: Expectation | Probabilities) -> str:
    return "unnormalised_" if output.unnormalised else ""


def _observed(function: str, names: Names, *observables: Observable) -> list[str]:
    listed = [[o.name] if o.name else operator_terms(o.operator, names) for o in observables]
    first, *others = [piece for terms in listed[:-1] for piece in ended(terms, ",")] + ended(listed[-1], ")")
    return [f"{function}({first}", *others]


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


def operator_terms(operator: Operator, names: Names) -> list[str]:
    """The sum's terms, each after the first with its sign in front: `0.5*Z[0]`, `- X[0]`."""
    return signed(_term(word, coefficient, names) for word, coefficient in operator.terms)


def _term(word: Word, coefficient: Angle, names: Names) -> str:
    letters = " ".join(f"{letter}[{names.letters[wire]}]" for letter, wire in word)
    return _weighted(coefficient, letters) if letters else factor(coefficient)


def _weighted(weight: Angle, product: str) -> str:
    text = factor(weight)
    return {"1": product, "-1": f"-{product}"}.get(text, f"{text}*{product}")


def factor(weight: Angle) -> str:
    """A coefficient: plain numbers bare, anything else in parentheses."""
    if weight.is_constant and not weight.constant.pi:
        return plain_text(weight.constant.plain)
    return f"({weight})"


def signed(parts: Iterable[str]) -> list[str]:
    first, *others = list(parts) or ["0"]
    return [first, *(f"- {part[1:]}" if part.startswith("-") else f"+ {part}" for part in others)]


def ended(pieces: Sequence[str], end: str) -> list[str]:
    return [*pieces[:-1], pieces[-1] + end]


def filled(pieces: Iterable[str], indent: int) -> Iterator[str]:
    """Pieces joined by spaces into lines of at most `_COLUMNS`, the later ones indented."""
    line, length = list[str](), -1
    for piece in pieces:
        if line and length + 1 + len(piece) > _COLUMNS:
            yield " ".join(line)
            line, length = [" " * (indent - 1)], indent - 1
        line.append(piece)
        length += 1 + len(piece)
    yield " ".join(line)

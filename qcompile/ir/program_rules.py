"""The verifier's rules for ops and programs, each a function that yields its faults."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from qcompile.angle import Angle, Element, elements
from qcompile.gates import TABLE, Gate, Kind, Matrix, levelled, pauli_rotation
from qcompile.gates.algebra import commutes_wordwise
from qcompile.ir.program import (
    Barrier,
    CellKind,
    Definition,
    If,
    Measure,
    Observable,
    Op,
    Parameter,
    Postselect,
    Probabilities,
    Program,
    Register,
    Reset,
    Samples,
    Statement,
    observables_of,
)
from qcompile.operator import PAULI_LETTERS, QUADRATURE_LETTERS, Operator, collect, level_of

Faults: TypeAlias = Iterator[str]
UNITARY_TOLERANCE = 1e-8
_LETTERS = frozenset(PAULI_LETTERS + QUADRATURE_LETTERS)
RESULTS: dict[str, tuple[Kind, tuple[CellKind, ...]]] = {
    "z": ("qubit", ("bit",)),
    "fock": ("qumode", ("int",)),
    "homodyne": ("qumode", ("real",)),
    "heterodyne": ("qumode", ("real", "real")),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Ops with what they may name: a program's body, a definition's, or a reverse schedule."""

    ops: tuple[Op, ...]
    kinds: tuple[Kind, ...]
    elements: Set[Element]
    gates: Mapping[str, Gate]


def declared_elements(parameters: Iterable[Parameter]) -> set[Element]:
    """Every scalar that the parameters stand for."""
    return {element for parameter in parameters for element in parameter.elements()}


# ---- ops


def gate_known(scope: Scope) -> Faults:
    """A row of the table, one of its families, or a gate defined before: so no recursion either."""
    for op in scope.ops:
        gate = op.gate
        known = TABLE.get(gate.name) or scope.gates.get(gate.name) or levelled(gate.name)
        if known is None and gate.name.startswith("pauli["):
            known = pauli_rotation(gate.name[6:-1])
        if known is not gate and known != gate:
            yield f"`{gate.name}` is no gate of the table, nor defined before"


def arity(scope: Scope) -> Faults:
    for op in scope.ops:
        if len(op.wires) != len(op.controls) + len(op.gate.wires):
            own, controls = len(op.gate.wires), len(op.controls)
            yield f"`{op.gate.name}` has {own} wires and {controls} controls, not {len(op.wires)}"


def angle_count(scope: Scope) -> Faults:
    for op in scope.ops:
        if len(op.angles) != len(op.gate.parameters):
            yield f"`{op.gate.name}` has {len(op.gate.parameters)} angles, not {len(op.angles)}"


def distinct_wires(scope: Scope) -> Faults:
    for op in scope.ops:
        if len(op.wires) > 1 and len(set(op.wires)) != len(op.wires):
            yield f"`{op.gate.name}` on wires {op.wires}"


def wire_range(scope: Scope) -> Faults:
    for op in scope.ops:
        if op.wires and not 0 <= min(op.wires) <= max(op.wires) < len(scope.kinds):
            yield f"`{op.gate.name}` on wires {op.wires} of {len(scope.kinds)}"


def wire_kind(scope: Scope) -> Faults:
    kinds = dict(enumerate(scope.kinds))
    for op in scope.ops:
        wanted = ("qubit",) * len(op.controls) + op.gate.wires if op.controls else op.gate.wires
        if tuple([kinds.get(wire) for wire in op.wires]) != wanted:
            yield f"`{op.gate.name}` on wires {op.wires}"


def modifier(scope: Scope) -> Faults:
    """Preparations and channels have none; `inverse` stays only where the inverse has no other form."""
    for op in scope.ops:
        if (op.controls or op.inverse) and not op.gate.is_unitary:
            yield f"a modifier on `{op.gate.name}`, which is not unitary"
        if op.inverse and (op.gate.is_linear or op.gate.inverse):
            yield f"`inv @ {op.gate.name}` has another form"


def bound_angles(scope: Scope) -> Faults:
    for op in scope.ops:
        for angle in op.angles:
            yield from angle_faults(angle, scope.elements)


def angle_faults(angle: Angle, declared: Set[Element]) -> Faults:
    if not math.isfinite(angle.constant.plain):
        yield f"`{angle}` is not finite"
    if not angle.terms:
        return
    for _, coefficient in angle.terms:
        if not coefficient or not math.isfinite(coefficient.plain):
            yield f"a coefficient of `{angle}` is zero or not finite"
    for element in elements(angle):
        if element not in declared:
            yield f"`{element}` is not declared"


# ---- programs


def unique_names(program: Program) -> Faults:
    """Gates have names of their own; all else shares one set."""
    names = [declared.name for declared in _declarations(program)]
    names += dict.fromkeys(observable.name for observable in _observables(program) if observable.name)
    yield from (f"`{name}`" for name in repeated(names))
    yield from (f"gate `{name}`" for name in repeated(definition.gate.name for definition in program.definitions))


def _declarations(program: Program) -> tuple[Register | Parameter, ...]:
    return (*program.registers, *program.parameters)


def repeated(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def size(program: Program) -> Faults:
    for declared in _declarations(program):
        if declared.size is not None and declared.size < 1:
            yield f"`{declared.name}` has size {declared.size}"


def definition(program: Program) -> Faults:
    """A definition is a signature with a body of unitary ops, or a row that says all; its name is not the table's."""
    for definition in program.definitions:
        gate = definition.gate
        if gate.name in TABLE:
            yield f"`{gate.name}` is a name of the table"
        if any(True for _ in repeated(gate.parameters)):
            yield f"`{gate.name}` has two parameters of one name"
        yield from _row_faults(definition) if gate.is_primitive else _body_faults(definition)


def _body_faults(definition: Definition) -> Faults:
    gate = definition.gate
    if gate != Gate(gate.name, gate.wires, gate.parameters):
        yield f"`{gate.name}` says more than its signature"
    yield from unitary_faults(definition.body)


def _row_faults(definition: Definition) -> Faults:
    """One of a matrix, a generator, a Hamiltonian, Kraus matrices and opaque, and nothing else but the signature."""
    gate = definition.gate
    signature = gate.name, gate.wires, gate.parameters
    if definition.body or gate not in (
        Gate(*signature, matrix=gate.matrix),
        Gate(*signature, generator=gate.generator),
        Gate(*signature, hamiltonian=gate.hamiltonian),
        Gate(*signature, kraus=gate.kraus),
        Gate(*signature, opaque=True),
    ):
        yield f"`{gate.name}` is defined in two ways"
    if gate.generator is not None:
        if len(gate.parameters) != 1:
            yield f"`{gate.name}` has a generator and {len(gate.parameters)} parameters"
        yield from operator_faults(gate.generator, gate.wires, set())
    if gate.hamiltonian is not None:
        yield from _hamiltonian_faults(gate, gate.hamiltonian)
    matrices = gate.kraus if gate.matrix is None else (gate.matrix,)
    if matrices and (gate.parameters or set(gate.wires) - {"qubit"}):
        yield f"`{gate.name}` has matrices, and parameters or qumodes"
    elif matrices and not are_complete(matrices, len(gate.wires)):
        yield f"the matrices of `{gate.name}` do not satisfy Σ K†K = 1, or are of the wrong size"


def _hamiltonian_faults(gate: Gate, hamiltonian: Operator) -> Faults:
    """Simpler ones are a generator, or a body of rotations."""
    yield from operator_faults(hamiltonian, gate.wires, {Element(name) for name in gate.parameters})
    if not hamiltonian.is_pauli:
        yield f"the Hamiltonian of `{gate.name}` is no Pauli sum"
    elif commutes_wordwise(hamiltonian):
        yield f"the words of the Hamiltonian of `{gate.name}` commute"
    if len(gate.parameters) < 2 and gate.is_linear:
        yield f"`{gate.name}` has a generator"
    if all(coefficient.is_constant for _, coefficient in hamiltonian.terms):
        yield f"the Hamiltonian of `{gate.name}` is constant"


def are_complete(matrices: Iterable[Matrix], wires: int) -> bool:
    """Is Σ K†K = 1 for matrices of this many qubits? For one matrix: is it unitary?"""
    size, total = 2**wires, 0.0
    for rows in matrices:
        if len(rows) != size or any(len(row) != size for row in rows):
            return False
        matrix = np.array(rows, dtype=complex)
        total = total + matrix.conj().T @ matrix
    return bool(np.abs(total - np.eye(size)).max() <= UNITARY_TOLERANCE)


def unitary_faults(ops: Iterable[Op]) -> Faults:
    for op in ops:
        if not op.gate.is_unitary:
            yield f"`{op.gate.name}` is not unitary"


def measurement(program: Program) -> Faults:
    """Qubits give bits, photon counting ints, homodyne a real, heterodyne two reals of one register."""
    wires, cells = dict(enumerate(program.kinds)), dict(enumerate(program.cell_kinds))
    homes = dict(enumerate(r.name for r in program.registers if not r.is_quantum for _ in range(r.length)))
    bound = declared_elements(program.parameters)
    for statement in program.statements():
        if isinstance(statement, Reset) and statement.wire not in wires:
            yield f"reset of wire {statement.wire}"
        if not isinstance(statement, Measure):
            continue
        yield from angle_faults(statement.angle, bound)
        found = wires.get(statement.wire), tuple(cells.get(cell) for cell in statement.cells)
        if found != RESULTS[statement.detection]:
            yield f"{statement.detection} of wire {statement.wire} into cells {statement.cells}"
        if len({homes.get(cell) for cell in statement.cells}) != 1:
            yield f"{statement.detection} into cells {statement.cells} of several registers"
        if statement.detection != "homodyne" and not statement.angle.is_zero:
            yield f"an angle on {statement.detection}"


def condition(program: Program) -> Faults:
    cells = dict(enumerate(program.cell_kinds))
    for statement in program.statements():
        if isinstance(statement, If | Postselect):
            bits = [cell for cell, _ in statement.condition]
            if not bits or any(cells.get(bit) != "bit" for bit in bits):
                yield f"on cells {bits}"


def barrier(program: Program) -> Faults:
    for statement in program.statements():
        if isinstance(statement, Barrier):
            yield from _places("wires", statement.wires, len(program.kinds))
            if not statement.wires:
                yield "on no wire"


def definite_assignment(program: Program) -> Faults:
    """Every cell that a condition or an output reads has been measured on some way to it; elsewhere it holds 0."""
    faults: list[str] = []
    known = set[int]()
    _assign(program.body, known, faults)
    yield from faults
    for output in program.outputs:
        if isinstance(output, Samples) and not known.issuperset(output.cells):
            yield f"cells {output.cells} are sampled before they are measured"


def _assign(body: tuple[Statement, ...], known: set[int], faults: list[str]) -> set[int]:
    """Adds to `known` the cells measured here; returns those that are new. Each costs once a level of nesting."""
    added = set[int]()
    for statement in body:
        fresh = set[int]()
        if isinstance(statement, Measure):
            fresh = set(statement.cells) - known
        if isinstance(statement, If | Postselect):
            faults += [f"cell {cell} is read first" for cell, _ in statement.condition if cell not in known]
        if isinstance(statement, If):
            for side in (statement.then, statement.otherwise):
                inner = _assign(side, known, faults)
                known -= inner
                fresh |= inner
        known |= fresh
        added |= fresh
    return added


def _observables(program: Program) -> Iterator[Observable]:
    for output in program.outputs:
        yield from observables_of(output)


def observable(program: Program) -> Faults:
    """Hermitian and in normal form, on wires of the right kinds; a name stands for one operator."""
    bound, named = declared_elements(program.parameters), dict[str, Operator]()
    for observable in _observables(program):
        yield from operator_faults(observable.operator, program.kinds, bound)
        if observable.name and named.setdefault(observable.name, observable.operator) != observable.operator:
            yield f"two operators are called `{observable.name}`"


def operator_faults(operator: Operator, kinds: tuple[Kind, ...], declared: Set[Element]) -> Faults:
    for word, coefficient in operator.terms:
        yield from angle_faults(coefficient, declared)
        if coefficient.is_zero:
            yield "a coefficient is zero"
        for element in elements(coefficient):
            if element.index is not None and element.name in _LETTERS:
                yield f"the coefficient `{element}` reads as a letter"
        for letter, wire in word:
            if letter not in _LETTERS and (level_of(letter) is None or any(e.name == letter for e in declared)):
                yield f"`{letter}` is no letter"
            if not 0 <= wire < len(kinds) or (kinds[wire] == "qubit") != (letter in PAULI_LETTERS):
                yield f"`{letter}` on wire {wire}"
    if not (operator.is_pauli and _is_normal(operator)):
        again, is_hermitian = collect(((coefficient, Angle()), word) for word, coefficient in operator.terms)
        if again != operator or not is_hermitian:
            yield "not Hermitian, or words repeated, unsorted or not multiplied out"


def _is_normal(paulis: Operator) -> bool:
    """What `collect` makes of Pauli words, told without its cost: words ascend, and in each the wires do."""
    keys = [(len(word), [(wire, letter) for letter, wire in word]) for word, _ in paulis.terms]
    return all(a < b for a, b in pairwise(keys)) and all(
        a[0] < b[0] for _, factors in keys for a, b in pairwise(factors)
    )


def output(program: Program) -> Faults:
    wires, cells = len(program.kinds), len(program.cell_kinds)
    for output in program.outputs:
        if isinstance(output, Probabilities | Samples):
            yield from _places("wires", output.wires, wires)
        if isinstance(output, Samples):
            yield from _places("cells", output.cells, cells)
        if output in (Probabilities(()), Samples(())):
            yield "reads nothing"


def _places(what: str, places: tuple[int, ...], count: int) -> Faults:
    if len(set(places)) != len(places) or any(not 0 <= place < count for place in places):
        yield f"{what} {places} of {count}"


OPS = (gate_known, arity, angle_count, distinct_wires, wire_range, wire_kind, modifier, bound_angles)
PROGRAMS = (unique_names, size, definition, measurement, barrier, condition, definite_assignment, observable, output)

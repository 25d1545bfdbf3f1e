"""Gates and channels that a program defines: by body, by matrix, by generator, or opaque."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from qcompile.diagnostics import Code, CompileError, error
from qcompile.gates import NAMES, Gate, Kind
from qcompile.grammar import tree
from qcompile.grammar.checks import QUBIT
from qcompile.grammar.entities import Place, Subcircuit
from qcompile.grammar.exponentials import exponential
from qcompile.grammar.matrices import kraus, unitary
from qcompile.grammar.observables import operator
from qcompile.grammar.regions import statements
from qcompile.grammar.scope import Scope, check_free, declared_at
from qcompile.grammar.subcircuits import signature
from qcompile.ir import Definition, Op, Parameter


def announce(nodes: Sequence[tree.Statement], scope: Scope) -> None:
    """Note which gates and sub-circuits are defined further on."""
    for node in nodes:
        if isinstance(node, tree.Definition | tree.Subcircuit):
            scope.pending_gates.add(node.name.text)
            scope.gate_places.setdefault(node.name.text, scope.span(node.name))


def define_gate(node: tree.Definition, scope: Scope) -> Definition:
    """Add a gate or channel to the scope's; when its body is at fault, an error without diagnostics."""
    name = node.name.text
    try:
        definition = _definition(node, scope)
    except CompileError:
        scope.broken_gates.add(name)
        raise
    finally:
        scope.pending_gates.discard(name)
    scope.gates[name] = definition.gate
    scope.gate_places[name] = scope.span(node.name)
    if any(op.gate.opaque or op.gate.name in scope.unknown for op in definition.body):
        scope.unknown.add(name)
    return definition


def define_subcircuit(node: tree.Subcircuit, scope: Scope) -> None:
    """Add a sub-circuit to the scope's; its body is read at each call."""
    name = node.name.text
    scope.pending_gates.discard(name)
    _check_name(node.name, scope)
    try:
        signature(node, scope)
    except CompileError:
        scope.broken_gates.add(name)
        raise
    scope.subcircuits[name] = Subcircuit(node, scope)
    scope.gate_places[name] = scope.span(node.name)


def _definition(node: tree.Definition, scope: Scope) -> Definition:
    _check_name(node.name, scope)
    inner = _inner(node, scope)
    parameters = tuple(name.text for name in node.parameters)
    gate = Gate(node.name.text, _kinds(inner), parameters)
    body: tuple[Op, ...] = ()
    match node.meaning:
        case None:
            gate = replace(gate, opaque=True)
        case tree.Block() as block:
            body = _body(block, inner)
            gate = replace(gate, wires=_kinds(inner))
        case tree.Generator() as generator:
            return _generated(gate, generator, node, inner)
        case tree.Matrices() as matrices:
            gate = _by_matrix(gate, matrices, node, inner)
        case _:
            assert_never(node.meaning)
    return Definition(gate, body, scope.span(node))


def _inner(node: tree.Definition, scope: Scope) -> Scope:
    """The scope of a body: its own parameters and wires, and the constants outside."""
    inner = Scope(
        scope.source, scope.faults, is_body=True, globals=scope.constants, gates=scope.gates,
        subcircuits=scope.subcircuits, gate_places=scope.gate_places, unknown=scope.unknown,
        broken_gates=scope.broken_gates, pending_gates=scope.pending_gates, shared=scope.shared,
        incomplete=scope.incomplete, kinds=[None] * len(node.wires),
    )  # fmt: skip
    for name in node.parameters:
        inner.declare(name, Parameter(name.text))
    for number, wire in enumerate(node.wires):
        kind = _written_kind(wire, scope)
        inner.declare(wire.name, Place(kind or QUBIT, range(number, number + 1), True))
        inner.kinds[number] = kind
    return inner


def _written_kind(wire: tree.Formal, scope: Scope) -> Kind | None:
    """The kind of a gate's wire where the text says it; elsewhere its uses do."""
    match wire.type:
        case None:
            return None
        case tree.Name("qubit" | "qumode" as kind):
            return kind
        case other:
            label = f"`{other.text}` is no kind of wire"
            raise error(Code.WRONG_KIND, label, scope.span(wire), "the wires of a gate are qubits or qumodes")


def _kinds(inner: Scope) -> tuple[Kind, ...]:
    return tuple(kind or QUBIT for kind in inner.kinds)


def _body(block: tree.Block, inner: Scope) -> tuple[Op, ...]:
    known = len(inner.faults.found)
    body = tuple(op for op in statements(block.statements, inner) if isinstance(op, Op))
    if len(inner.faults.found) > known:
        raise CompileError(())
    return body


def _generated(gate: Gate, node: tree.Generator, definition: tree.Definition, inner: Scope) -> Definition:
    made = operator(node.value, inner)
    places = inner.span(definition.name), inner.span(node.value)
    gate, body = exponential(replace(gate, wires=_kinds(inner)), made, *places)
    return Definition(gate, body, inner.span(definition))


def _by_matrix(gate: Gate, node: tree.Matrices, definition: tree.Definition, inner: Scope) -> Gate:
    if gate.parameters:
        label = "a gate by its matrix takes no angles"
        advice = "matrices are constant: write a body of gates, or `generator` for one angle"
        raise error(Code.NOT_CONSTANT, label, inner.span(definition.parameters[0]), advice)
    if "qumode" in gate.wires:
        advice = "write a body of gates, or `generator` for one angle"
        raise error(Code.WRONG_KIND, "a matrix acts on qubits", inner.span(definition.name), advice)
    wires = len(gate.wires)
    if definition.word == "channel":
        return replace(gate, kraus=kraus(node, wires, inner))
    return replace(gate, matrix=unitary(node, wires, inner))


def _check_name(name: tree.Name, scope: Scope) -> None:
    check_free(scope, name)
    if name.text in NAMES:
        label = f"`{name.text}` is a gate of the table"
        raise error(Code.DUPLICATE_NAME, label, scope.span(name), "choose another name")
    if name.text in scope.gates or name.text in scope.subcircuits:
        notes = declared_at(scope.gate_places.get(name.text), "it is defined here")
        label = f"`{name.text}` is defined already"
        raise error(Code.DUPLICATE_NAME, label, scope.span(name), "choose another name", notes)

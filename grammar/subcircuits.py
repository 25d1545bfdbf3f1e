"""Calls of sub-circuits: arguments and operands to the names of the body, which is put in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from qcompile.diagnostics import Code, CompileError, Note, Span, error
from qcompile.grammar import tree
from qcompile.grammar.applications import modified, polarities
from qcompile.grammar.checks import counted
from qcompile.grammar.entities import KINDS, Entity, Place, Subcircuit, Value, describe
from qcompile.grammar.expressions import integer
from qcompile.grammar.operands import place
from qcompile.grammar.scope import Scope, check_free, declared_at
from qcompile.grammar.values import check_rank, fitted, type_of, value
from qcompile.ir import Op, Statement

_SIZE = "a size"


def signature(node: tree.Subcircuit, scope: Scope) -> None:
    """Check the head of a `def`; raises RESERVED_NAME, DUPLICATE_NAME, WRONG_TYPE, WRONG_KIND."""
    seen: dict[str, Span] = {}
    for formal in (*node.parameters, *node.wires):
        check_free(scope, formal.name)
        first = seen.setdefault(formal.name.text, scope.span(formal.name))
        if first != scope.span(formal.name):
            label = f"`{formal.name.text}` is declared already"
            advice = "parameters and operands have names of their own"
            raise error(Code.DUPLICATE_NAME, label, scope.span(formal.name), advice, declared_at(first))
    for formal in node.parameters:
        type_of(formal.type, scope)
    for formal in node.wires:
        _kind(formal, scope)
        if len(formal.sizes) > 1:
            label = f"`{formal.name.text}` has {len(formal.sizes)} indices"
            raise error(Code.SIZES_DIFFER, label, scope.span(formal), "registers have one: `qubit q[n]`")


def called(node: tree.Application, found: Subcircuit, scope: Scope) -> tuple[Scope, tuple[int, ...]]:
    """The scope in which the body is read, and the wires of the controls before the call.

    Raises:
        CompileError: RECURSION, WRONG_ANGLES, WRONG_ARITY, WRONG_KIND, WRONG_TYPE, SIZES_DIFFER.
    """
    name, definition = node.gate.text, found.node
    scope.shared.called.add(name)
    scope.call(node)
    _check_recursion(node, scope)
    controls = len(polarities(node.modifiers, scope))
    _check_counts(node, found, controls, scope)
    binding = _Binding(found, scope, node)
    for formal, argument in zip(definition.parameters, node.arguments, strict=True):
        binding.argument(formal, argument)
    for formal, operand in zip(definition.wires, node.operands[controls:], strict=True):
        binding.operand(formal, operand)
    outer = found.scope
    inner = Scope(
        outer.source, scope.faults, names=binding.names, globals=outer.constants,
        gates=outer.gates, subcircuits=outer.subcircuits, gate_places=outer.gate_places, unknown=outer.unknown,
        broken_gates=outer.broken_gates, incomplete=outer.incomplete, pending_gates=outer.pending_gates,
        kinds=scope.kinds, cells=scope.cells,
        assigned=scope.assigned, shared=scope.shared, calls=(*scope.calls, (name, scope.span(node))),
    )  # fmt: skip
    inner.places.update(
        {formal.name.text: outer.span(formal) for formal in (*definition.parameters, *definition.wires)}
    )
    binding.check_sizes(inner)
    return inner, tuple(_control_wire(operand, scope) for operand in node.operands[:controls])


def modified_body(
    made: Sequence[Statement], node: tree.Application, wires: tuple[int, ...], scope: Scope
) -> Sequence[Statement]:
    """The body under the modifiers of its call; raises NOT_INVERTIBLE, REPEATED_WIRE, UNKNOWN_EFFECT."""
    ops = [statement for statement in made if isinstance(statement, Op)]
    if len(ops) != len(made) or any(not op.gate.is_unitary for op in ops):
        label = f"`{node.gate.text}` is not unitary: it measures, resets, prepares or loses something"
        raise error(Code.NOT_INVERTIBLE, label, scope.span(node.modifiers[0]), "leave the modifier out")
    if any(op.gate.opaque or op.gate.name in scope.unknown for op in ops):
        label = f"`{node.gate.text}` holds an opaque gate"
        raise error(Code.UNKNOWN_EFFECT, label, scope.span(node.modifiers[0]), "leave the modifier out")
    if len(set(wires)) != len(wires) or any(not set(wires).isdisjoint(op.wires) for op in ops):
        label = "a control is used by the sub-circuit, or twice"
        raise error(Code.REPEATED_WIRE, label, scope.span(node), "controls are wires of their own")
    if wires:
        ops = [
            replace(op, wires=(*wires, *op.wires), controls=(*polarities(node.modifiers, scope), *op.controls))
            for op in ops
        ]
    return modified(ops, node, scope)


@dataclass(slots=True)
class _Binding:
    """The names of a body: what its parameters, wires and sizes stand for in one call."""

    found: Subcircuit
    scope: Scope
    node: tree.Application
    names: dict[str, Entity] = field(default_factory=dict[str, Entity])
    _sized: dict[str, tuple[int, Span]] = field(default_factory=dict[str, "tuple[int, Span]"])
    _open: list[tuple[tree.Formal, tree.Expression, int, Span]] = field(
        default_factory=list["tuple[tree.Formal, tree.Expression, int, Span]"]
    )

    def argument(self, formal: tree.Formal, node: tree.Expression | tree.Listed) -> None:
        wanted = type_of(formal.type, self.found.scope)
        self.scope.shared.fractions |= wanted in ("real", "angle")
        try:
            made = fitted(value(node, self.scope), wanted, formal.name.text, node, self.scope)
            check_rank(made, len(formal.sizes), formal.name.text, node, self.scope)
        except CompileError as fault:
            raise CompileError(replace(d, notes=d.notes + self._declared(formal)) for d in fault.diagnostics) from None
        self._sizes(formal, made.shape, self.scope.span(node))
        self.names[formal.name.text] = replace(made, role="a parameter")

    def operand(self, formal: tree.Formal, node: tree.Operand) -> None:
        found, wanted, span = place(node, self.scope), _kind(formal, self.found.scope), self.scope.span(node)
        if found.kind != wanted:
            label = f"this is {describe(found)}, and `{formal.name.text}` is {KINDS[wanted]}"
            advice = f"pass {KINDS[wanted]} here"
            raise error(Code.WRONG_KIND, label, span, advice, self._declared(formal))
        if not formal.sizes and len(found.numbers) != 1:
            label = f"this has {counted(len(found.numbers), 'entry', 'entries')}, and `{formal.name.text}` is single"
            advice = f"pass one entry, or declare `{formal.name.text}[n]`, which takes a register of any size"
            raise error(Code.SIZES_DIFFER, label, span, advice, self._declared(formal))
        self._sizes(formal, (len(found.numbers),) if formal.sizes else (), span)
        self.names[formal.name.text] = Place(found.kind, found.numbers, not formal.sizes)

    def check_sizes(self, inner: Scope) -> None:
        """The sizes that are expressions, once every name is bound."""
        for formal, expression, length, span in self._open:
            wanted = integer(expression, inner, _SIZE)
            if wanted != length:
                label = f"this has {counted(length, 'entry', 'entries')}, and `{formal.name.text}` needs {wanted} here"
                advice = "pass a register or an array of that size, or a slice: `w[0:4]`"
                raise error(Code.SIZES_DIFFER, label, span, advice, self._declared(formal))

    def _sizes(self, formal: tree.Formal, shape: Sequence[int], span: Span) -> None:
        for expression, length in zip(formal.sizes, shape, strict=True):
            match expression:
                case None:
                    pass
                case tree.Name(text) if text not in self.found.scope.constants and not self._is_parameter(text):
                    known, first = self._sized.setdefault(text, (length, span))
                    if known != length:
                        label = f"here `{text}` is {length}, and {known} before"
                        notes = (*declared_at(first, f"`{text}` is {known} here"), *self._declared(formal))
                        advice = f"sizes called `{text}` are equal: take a slice of the longer one"
                        raise error(Code.SIZES_DIFFER, label, span, advice, notes)
                    self.names.setdefault(text, Value.of("int", length, _SIZE))
                case _:
                    self._open.append((formal, expression, length, span))

    def _is_parameter(self, text: str) -> bool:
        return any(formal.name.text == text for formal in self.found.node.parameters)

    def _declared(self, formal: tree.Formal) -> tuple[Note, ...]:
        return declared_at(self.found.scope.span(formal), "it is declared here")


def _kind(formal: tree.Formal, scope: Scope) -> str:
    """The kind of an operand; a qubit where none is written."""
    kind = formal.type.text if formal.type else "qubit"
    if kind not in KINDS:
        label = f"`{kind}` is no kind of wire or result"
        advice = "operands are qubit, qumode, bit, int or real; values stand in parentheses: `def f(real x) q { … }`"
        raise error(Code.WRONG_KIND, label, scope.span(formal), advice)
    return kind


def _check_recursion(node: tree.Application, scope: Scope) -> None:
    chain = [name for name, _ in scope.calls]
    if node.gate.text in chain:
        ring = " calls ".join(f"`{name}`" for name in (*chain[chain.index(node.gate.text) :], node.gate.text))
        advice = "sub-circuits end without calling themselves; repeat with `for`"
        raise error(Code.RECURSION, ring, scope.span(node), advice)


def _check_counts(node: tree.Application, found: Subcircuit, controls: int, scope: Scope) -> None:
    definition, name = found.node, node.gate.text
    notes = declared_at(found.scope.span(definition.name), f"`{name}` is defined here")
    wanted, given = len(definition.parameters), len(node.arguments)
    if wanted != given:
        names = ", ".join(formal.name.text for formal in definition.parameters)
        advice = f"write `{name}({names})`" if names else f"write `{name}` without parentheses"
        label = f"`{name}` takes {counted(wanted, 'argument', 'arguments')}, not {given}"
        raise error(Code.WRONG_ANGLES, label, scope.span(node), advice, notes)
    wanted, given = controls + len(definition.wires), len(node.operands)
    if wanted != given:
        names = ", ".join(formal.name.text for formal in definition.wires)
        known = "with its controls, " if controls else ""
        label = f"{known}`{name}` takes {counted(wanted, 'operand', 'operands')}, not {given}"
        advice = f"pass {names}" if names else "leave the operands out"
        raise error(Code.WRONG_ARITY, label, scope.span(node), advice, notes)


def _control_wire(operand: tree.Operand, scope: Scope) -> int:
    found = place(operand, scope)
    if found.kind != "qubit" or len(found.numbers) != 1:
        raise error(Code.WRONG_KIND, "a control is one qubit", scope.span(operand), "name a single qubit")
    return found.numbers[0]

"""Sub-circuits that nothing calls: their bodies are not read, but names and gates that there are not are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qcompile.diagnostics import CompileError
from qcompile.grammar import tree
from qcompile.grammar.entities import Broken, Entity, Subcircuit
from qcompile.grammar.scope import CONSTANTS, Scope
from qcompile.grammar.walk import parts


def check_uncalled(scope: Scope) -> None:
    """Note the faults in the sub-circuits of a text that have not been called."""
    for name, found in scope.subcircuits.items():
        if found.scope is scope and name not in scope.shared.called:
            _check(found, scope)


def _check(found: Subcircuit, scope: Scope) -> None:
    node = found.node
    names: dict[str, Entity] = dict.fromkeys((*CONSTANTS, *_declared(node)), Broken("name"))
    inner = Scope(
        scope.source, scope.faults, names=names, globals=scope.constants, gates=scope.gates,
        subcircuits=scope.subcircuits, broken_gates=scope.broken_gates, incomplete=scope.incomplete,
        calls=((node.name.text, scope.span(node.name)),),
    )  # fmt: skip
    for used, is_gate in _uses(node.body.statements):
        if is_gate and used.text in scope.subcircuits:
            continue
        try:
            inner.gate(used) if is_gate else inner.lookup(used)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)


def _declared(node: tree.Subcircuit) -> Iterator[str]:
    """Every name that the head or the body declares, wherever it holds."""
    for formal in (*node.parameters, *node.wires):
        yield formal.name.text
        yield from (size.text for size in formal.sizes if isinstance(size, tree.Name))
    yield from _locals(node.body.statements)


def _locals(nodes: Iterable[object]) -> Iterator[str]:
    for node in nodes:
        match node:
            case tree.Loop(variable=name) | tree.Clause(variable=name) | tree.Alias(name=name) | tree.Bound(name=name):
                yield name.text
            case tree.Declared(name=name):
                yield name.text
            case _:
                pass
        yield from _locals(parts(node))


def _uses(nodes: Iterable[object]) -> Iterator[tuple[tree.Name, bool]]:
    """Each name in use, and whether it is a gate's."""
    for node in nodes:
        match node:
            case tree.Name():
                yield node, False
            case tree.Application(letters=None, level=None, gate=gate):
                yield gate, True
                yield from _uses((node.modifiers, node.arguments, node.operands))
            case tree.Application():
                yield from _uses((node.modifiers, node.level, node.arguments, node.operands))
            case tree.Call(arguments=arguments):
                yield from _uses(arguments)
            case tree.Comprehension(term=term, clauses=clauses):
                yield from _uses((term, clauses))
            case tree.Constant(items=items):
                yield from _uses(items)
            case _:
                yield from _uses(parts(node))

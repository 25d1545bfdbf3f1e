"""Gate statements: the gate, its wires (broadcast over registers), its controls, inverses and powers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, Span, error
from qcompile.gates import LEVELLED, NAMES, Gate, pauli_rotation
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_OPS, check_op, expected_kinds, is_sound
from qcompile.grammar.decompose import invert
from qcompile.grammar.expressions import angle, constant, integer
from qcompile.grammar.operands import wires
from qcompile.grammar.scope import Scope, declared_at
from qcompile.ir import Op, Statement
from qcompile.operator import MAX_LEVEL

MAX_CONTROLS = 64


def application(node: tree.Application, scope: Scope) -> list[Op]:
    """The ops of one gate statement: one, or one for each wire of a register, repeated by whole powers."""
    gate = _gate(node, scope)
    controls = polarities(node.modifiers, scope)
    angles = tuple([_angle(argument, scope) for argument in node.arguments])
    ops: list[Op] = []
    for numbers in _broadcast(node, scope):
        if scope.is_body:
            _infer_kinds(numbers, expected_kinds(gate, controls), scope)
        if not is_sound(gate, numbers, len(angles), controls, scope.kinds):
            raise _refusal(gate, numbers, len(angles), controls, node, scope)
        scope.spend(1, node)
        op = Op(gate, numbers, angles, controls, False, scope.span(node))
        ops += modified([op], node, scope) if node.modifiers else (op,)
    return ops


def _angle(node: tree.Expression | tree.Listed, scope: Scope) -> Angle:
    if isinstance(node, tree.Listed):
        raise error(Code.WRONG_TYPE, "this is a list, and an angle is one number", scope.span(node), "write one number")
    return angle(node, scope)


def _refusal(
    gate: Gate, numbers: tuple[int, ...], angles: int, controls: tuple[bool, ...], node: tree.Application, scope: Scope
) -> CompileError:
    """What is wrong with the op; of a gate that the program defines, with a note where."""
    places = [scope.span(operand) for operand in node.operands]
    found = check_op(gate, numbers, angles, controls, scope.kinds, scope.span(node), places)
    notes = declared_at(scope.gate_places.get(gate.name), f"`{gate.name}` is defined here")
    about_gate = (Code.WRONG_ANGLES, Code.WRONG_ARITY, Code.WRONG_KIND)
    return CompileError(replace(fault, notes=notes) if fault.code in about_gate else fault for fault in found)


def plain(node: tree.Plain, scope: Scope) -> Op | None:
    """The op of a plain statement whose parts have been met before; None for what goes the long way.

    Outside blocks names are only added, so a part that had a meaning keeps it.
    """
    word, angles, wires = node.match.groups()
    like, numbers = scope.known_ops.get((word, angles)), scope.known_wires.get(wires)
    if like is None or numbers is None:
        return None
    if (word, wires) not in scope.known_sound:
        if not is_sound(like.gate, numbers, len(like.angles), (), scope.kinds):
            return None
        scope.known_sound.add((word, wires))
    scope.spend(1, node)
    return Op(like.gate, numbers, like.angles, (), False, Span(scope.source, node.start, node.end))


def remember(node: tree.Plain, made: Sequence[Statement], scope: Scope) -> None:
    """Keep what the parts of a plain statement have come to mean, where it is one op."""
    word, angles, wires = node.match.groups()
    match made:
        case [Op(gate) as op] if gate is (scope.gates.get(word) or NAMES.get(word)):
            scope.known_ops[word, angles] = op
            scope.known_wires[wires] = op.wires
        case _:
            pass


def _gate(node: tree.Application, scope: Scope) -> Gate:
    if node.level is not None:
        return _levelled(node.gate, node.level, scope)
    if node.letters is None:
        gate = scope.gate(node.gate)
        if scope.is_body and not gate.is_unitary:
            label = f"`{gate.name}` is a {_nature(gate)}, which is not unitary"
            raise error(Code.NOT_INVERTIBLE, label, scope.span(node), "apply it outside the definition, or in a `def`")
        if node.modifiers and (gate.opaque or gate.name in scope.unknown):
            label = f"nobody knows what `{gate.name}` does, nor its inverse or its controlled form"
            notes = declared_at(scope.gate_places.get(gate.name), "it is declared here")
            raise error(
                Code.UNKNOWN_EFFECT, label, scope.span(node), "leave the modifier out, or give it a body", notes
            )
        return gate
    if set(node.letters.text) <= set("XYZI"):
        return pauli_rotation(node.letters.text)
    label = f"`{node.letters.text}` is not a Pauli word"
    raise error(Code.UNKNOWN_GATE, label, scope.span(node.letters), "the letters are X, Y, Z and I, one for each wire")


def _levelled(name: tree.Name, level: tree.Expression | tree.Range, scope: Scope) -> Gate:
    """The gate on so many photons."""
    if name.text not in LEVELLED:
        label = f"`{name.text}` has no levels"
        raise error(Code.UNKNOWN_GATE, label, scope.span(name), f"those that have are {', '.join(LEVELLED)}")
    if isinstance(level, tree.Range):
        raise error(Code.INDEX_RANGE, "a range", scope.span(level), "write one gate for each photon number")
    photons = integer(level, scope, "a photon number")
    if not 0 <= photons <= MAX_LEVEL:
        label = f"a photon number of {photons}"
        raise error(Code.INDEX_RANGE, label, scope.span(level), f"photon numbers go from 0 to {MAX_LEVEL} here")
    return LEVELLED[name.text](photons)


def _nature(gate: Gate) -> str:
    return "preparation" if gate.preparation else "channel"


def polarities(modifiers: Sequence[tree.Modifier], scope: Scope) -> tuple[bool, ...]:
    """The controls that the modifiers add, outermost first."""
    controls: list[bool] = []
    for modifier in modifiers:
        if modifier.kind in ("ctrl", "negctrl"):
            count = 1 if modifier.argument is None else integer(modifier.argument, scope, "the number of controls")
            if not 1 <= count <= MAX_CONTROLS:
                advice = f"a gate has 1 to {MAX_CONTROLS} controls"
                raise error(Code.INDEX_RANGE, f"{count} controls", scope.span(modifier), advice)
            controls += [modifier.kind == "ctrl"] * count
    return tuple(controls)


def _broadcast(node: tree.Application, scope: Scope) -> list[tuple[int, ...]]:
    """The wires of each op: registers advance together, single wires stay."""
    operands = [wires(operand, scope) for operand in node.operands]
    if all(operand.is_single for operand in operands):
        return [tuple([operand.numbers[0] for operand in operands])]
    named = zip(operands, node.operands, strict=True)
    sizes = {len(operand.numbers): place for operand, place in named if not operand.is_single}
    if len(sizes) > 1:
        first, second, *_ = sizes
        label = f"this names {second} wires, and another operand {first}"
        advice = "registers side by side have one size; take slices: `q[0:2]`"
        notes = declared_at(scope.span(sizes[first]), f"this names {first}")
        raise error(Code.SIZES_DIFFER, label, scope.span(sizes[second]), advice, notes)
    (size,) = sizes
    return list(zip(*(o.numbers * size if o.is_single else o.numbers for o in operands), strict=True))


def _infer_kinds(numbers: Sequence[int], kinds: Sequence[str], scope: Scope) -> None:
    """In a gate's body the first use of a wire says its kind."""
    for wire, kind in zip(numbers, kinds, strict=False):
        if scope.kinds[wire] is None:
            scope.kinds[wire] = "qubit" if kind == "qubit" else "qumode"


def modified(ops: list[Op], node: tree.Application, scope: Scope) -> list[Op]:
    """Inverses and powers, the innermost (rightmost) first; the controls are in the ops already."""
    loses = next((op.gate for op in ops if not op.gate.is_unitary), None)
    for modifier in reversed(node.modifiers):
        if modifier.kind in ("ctrl", "negctrl"):
            continue
        if loses is not None:
            label = f"`{loses.name}` is a {_nature(loses)}, which is not unitary"
            raise error(Code.NOT_INVERTIBLE, label, scope.span(modifier), "leave the modifier out")
        inverts = modifier.kind == "inv"
        ops = [invert(op) for op in reversed(ops)] if inverts else _powered(ops, modifier, node, scope)
    return ops


def _powered(ops: list[Op], modifier: tree.Modifier, node: tree.Application, scope: Scope) -> list[Op]:
    if modifier.argument is None:
        raise error(Code.WRONG_ANGLES, "`pow` needs an exponent", scope.span(modifier), "write `pow(2) @`")
    power = constant(modifier.argument, scope, "this power")
    if len(ops) == 1 and ops[0].gate.is_linear:
        factor = angle(modifier.argument, scope)
        return [replace(op, angles=tuple(each * factor for each in op.angles)) for op in ops]
    if not power.is_integer():
        label = f"`{node.gate.text}` has whole powers only, and this is {power:g}"
        advice = "gates with one angle, such as `rx` or `p`, have every power"
        raise error(Code.NOT_INVERTIBLE, label, scope.span(modifier), advice)
    count = int(min(abs(power), MAX_OPS + 1))
    scope.spend(len(ops) * max(0, count - 1), node)
    if power < 0:
        ops = [invert(op) for op in reversed(ops)]
    return ops * count

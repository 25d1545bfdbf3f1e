"""Gate statements: the gate, its modifiers, its wires (broadcast over registers), angles that rest on results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, CompileError, did_you_mean
from qcompile.gates import NAMES, TABLE, WIRE_NAMES, Gate
from qcompile.grammar.checks import check_op, counted, is_sound
from qcompile.grammar.classical import Table, combine
from qcompile.grammar.decompose import decompose, invert
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.expressions import single
from qcompile.grammar.openqasm3.library import STDGATES
from qcompile.grammar.openqasm3.names import Broken, Extern, Routine, Unfinished, Wires
from qcompile.grammar.openqasm3.places import describe, integer, qubits
from qcompile.grammar.openqasm3.powers import PowerError, powered
from qcompile.grammar.openqasm3.routines import called
from qcompile.grammar.openqasm3.state import State
from qcompile.grammar.openqasm3.types import FLOAT, radians
from qcompile.grammar.openqasm3.variables import assign_to
from qcompile.ir import If, Op

MAX_CONTROLS = 64
_PHASE = TABLE["gphase"]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A gate statement but for its wires and the values of its angles and exponents."""

    node: tree.Application
    gate: Gate
    is_built_in: bool
    controls: tuple[bool, ...]


def apply(node: tree.Application, state: State) -> None:
    """A gate, or a subroutine called as a gate is."""
    entity = state.names.lookup(node.name.text)
    if isinstance(entity, Routine | Extern):
        _call(node, state)
        return
    if isinstance(entity, Broken):
        for operand in node.operands:
            qubits(operand, state)
        raise CompileError(())
    plan = _Plan(node, *_gate(node, state), _controls(node.modifiers, state))
    angles = [_angle(argument, state) for argument in node.arguments]
    exponents = [_exponent(modifier, state) for modifier in node.modifiers if modifier.word == "pow"]
    operands = [qubits(operand, state) for operand in node.operands]
    with state.explaining(node):
        joint = combine(lambda *values: values, *angles, *exponents)
    for wires in _broadcast(node, operands, state):
        if joint.is_constant:
            for op in _ops(plan, wires, joint.constant, state):
                state.assembly.add(op)
        else:
            _apply_dynamic(plan, wires, joint, state)


def _call(node: tree.Application, state: State) -> None:
    if node.modifiers:
        label = f"`{node.name.text}` is a subroutine, which has no inverse, control or power"
        raise state.fail(Code.NOT_INVERTIBLE, label, node.modifiers[0], "define it with `gate`, or leave this out")
    value = called(node, node.name, node.arguments, node.operands, state)
    if node.target is None:
        return
    if value is None:
        raise state.fail(Code.WRONG_TYPE, f"`{node.name.text}` returns nothing", node, "leave `->` out")
    assign_to(node.target, value, node.target, state)


def _gate(node: tree.Application, state: State) -> tuple[Gate, bool]:
    """The gate, and whether it is `U`."""
    name = node.name.text
    if name == "U":
        return NAMES["U"], True
    if name == "gphase":
        return _PHASE, False
    entity = state.names.lookup(name)
    if isinstance(entity, Gate):
        return entity, False
    if isinstance(entity, Unfinished):
        label = f"`{name}` is defined by itself"
        raise state.fail(Code.RECURSION, label, node.name, "gates use gates that are defined before them")
    if entity is not None:
        entity = state.lookup(node.name)
        advice = "a gate stands before its qubits: `h q[0];`"
        raise state.fail(Code.WRONG_TYPE, f"`{name}` is {describe(entity)}, not a gate", node.name, advice)
    raise state.fail(Code.UNKNOWN_GATE, f"no gate is called `{name}`", node.name, _gate_hint(name, state))


def _gate_hint(name: str, state: State) -> str:
    known = [text for text, entity in state.names.visible() if isinstance(entity, Gate | Routine)]
    row = NAMES.get(name) or NAMES.get(name.lower())
    if name in STDGATES:
        return 'write `include "stdgates.inc";` before'
    if row is not None and row.name in STDGATES and row.name in known:
        return f"did you mean `{row.name}`?"
    if row is not None and set(row.wires) == {"qubit"}:
        angles = f"({', '.join(row.parameters)})" if row.parameters else ""
        head = f"{name}{angles} {', '.join(WIRE_NAMES[: len(row.wires)])}"
        return f"stdgates.inc has no `{name}`: define it, `gate {head} {{ … }}`"
    close = did_you_mean(name, [*known, "U", "gphase"])
    return close or f"define it: `gate {name} a {{ … }}`" + ("" if "x" in known else ', or `include "stdgates.inc";`')


def _controls(modifiers: Sequence[tree.Modifier], state: State) -> tuple[bool, ...]:
    controls: tuple[bool, ...] = ()
    for modifier in modifiers:
        limit = {"inv": 0, "pow": 1}.get(modifier.word, 1)
        if len(modifier.arguments) > limit or (modifier.word == "pow" and not modifier.arguments):
            label = f"`{modifier.word}` takes {counted(limit, 'number', 'numbers')}"
            advice = f"write `{modifier.word}(2) @`" if limit else "write `inv @`"
            raise state.fail(Code.WRONG_ANGLES, label, modifier, advice)
        if modifier.word not in ("ctrl", "negctrl"):
            continue
        count = integer(modifier.arguments[0], state, "the number of controls") if modifier.arguments else 1
        if not 1 <= count <= MAX_CONTROLS:
            advice = f"a gate has 1 to {MAX_CONTROLS} controls"
            raise state.fail(Code.INDEX_RANGE, f"{count} controls", modifier, advice)
        controls += (modifier.word == "ctrl",) * count
    return controls


def _angle(node: tree.Expression, state: State) -> Table:
    value = single(node, state)
    if value.type.kind not in ("float", "angle", "int", "uint"):
        label = f"an angle is a number, and this is `{value.type}`"
        raise state.fail(Code.WRONG_TYPE, label, node, "write radians: `rx(pi/2) q[0];`")
    with state.explaining(node):
        return value.map(FLOAT, lambda entry: radians(entry, value.type)).table


def _exponent(node: tree.Modifier, state: State) -> Table:
    return _angle(node.arguments[0], state)


def _broadcast(node: tree.Application, operands: Sequence[Wires], state: State) -> list[tuple[int, ...]]:
    """The wires of each op: registers advance together, single qubits stay."""
    if all(len(operand.numbers) == 1 for operand in operands):
        return [tuple(operand.numbers[0] for operand in operands)]
    sizes = {len(w.numbers): place for w, place in zip(operands, node.operands, strict=True) if len(w.numbers) > 1}
    if len(sizes) > 1:
        first, second, *_ = sizes
        label = f"this names {second} qubits, and another operand {first}"
        raise state.fail(Code.SIZES_DIFFER, label, sizes[second], "registers side by side have one size: `q[0:1]`")
    (size,) = sizes
    return list(zip(*(w.numbers * size if len(w.numbers) == 1 else w.numbers for w in operands), strict=True))


# ---- ops


def _ops(plan: _Plan, wires: tuple[int, ...], values: Sequence[Angle], state: State) -> list[Op]:
    """The ops of one gate under its modifiers.

    U(θ, φ, λ) is e^{iθ/2} times the table's `u`. Outside of controls and definitions no program can tell that phase,
    and it is left out.
    """
    node, count = plan.node, len(node_angles(plan))
    angles, exponents = tuple(values[:count]), list(values[count:])
    span, places = state.span(node), [state.span(operand) for operand in node.operands]
    if not is_sound(plan.gate, wires, len(angles), plan.controls, state.assembly.kinds):
        named = replace(plan.gate, name=node.name.text)
        raise CompileError(check_op(named, wires, len(angles), plan.controls, state.assembly.kinds, span, places))
    own, held = wires[len(plan.controls) :], wires[: len(plan.controls)]
    ops = [Op(plan.gate, own, angles, (), False, span)]
    if plan.is_built_in:
        ops.insert(0, Op(_PHASE, (), (angles[0] / number(2.0),), (), False, span))
    for modifier in reversed(node.modifiers):
        if modifier.word == "inv":
            ops = [invert(op) for op in reversed(ops)]
        elif modifier.word == "pow":
            ops = _raised(ops, exponents.pop(), modifier, state)
    if plan.controls:
        ops = [part for op in ops for part in _controlled(op, held, plan.controls)]
    if plan.is_built_in and not plan.controls and not state.is_gate:
        ops = [op for op in ops if op.wires]
    return ops


def node_angles(plan: _Plan) -> tuple[tree.Expression, ...]:
    """The angles as written."""
    return plan.node.arguments


def _raised(ops: list[Op], exponent: Angle, modifier: tree.Modifier, state: State) -> list[Op]:
    try:
        return powered(ops, exponent, state.definitions, state.program, state.span(modifier))
    except PowerError as fault:
        raise state.fail(Code.NOT_INVERTIBLE, fault.label, modifier, fault.help) from None


def _controlled(op: Op, wires: tuple[int, ...], controls: tuple[bool, ...]) -> list[Op]:
    op = replace(op, wires=(*wires, *op.wires), controls=(*controls, *op.controls))
    return [op] if op.gate.wires else list(decompose(op))


def _apply_dynamic(plan: _Plan, wires: tuple[int, ...], joint: Table, state: State) -> None:
    """One op for each outcome, or where the angle is a sum over bits, one for each bit."""
    span = state.span(plan.node)
    outcomes: list[list[Op]] = [_ops(plan, wires, values, state) for values in joint.entries]
    first = outcomes[0]
    simple = all(
        len(ops) == 1 and not ops[0].controls and ops[0].gate == first[0].gate and ops[0].gate.generator is not None
        for ops in outcomes
    )
    if simple:
        table = Table(joint.support, tuple(ops[0].angles[0] for ops in outcomes))
        state.assembly.apply_dynamic(first[0].gate, first[0].wires, [table], span)
        return
    for outcome, ops in enumerate(outcomes):
        where = tuple((cell, bool(outcome >> place & 1)) for place, cell in enumerate(joint.support))
        state.assembly.spend(len(ops), span)
        state.assembly.add(If(where, tuple(ops), (), span))

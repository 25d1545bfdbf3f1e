"""Where a program uses its parameters: each angle of each op is an occurrence, and gets a slot to be shifted by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import assert_never

from qcompile.angle import Angle, Element, derivative, elements, parameter
from qcompile.diagnostics import Code, error
from qcompile.gates import Gate
from qcompile.gates.algebra import controlled
from qcompile.grammar import decompose
from qcompile.ir import Barrier, If, Measure, Op, Parameter, Postselect, Program, Reset, Statement
from qcompile.number import ONE
from qcompile.operator import Operator

GRADIENT_WORDS = 1024  # the most words that a gradient op of the adjoint method reads


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One angle of one op: it enters as exp(-i·scale·angle·generator), on the wires of the gate it belongs to.

    `controlled`: under controls, which the generator leaves out.
    """

    op: Op
    index: int
    generator: Operator
    scale: float
    controlled: bool

    @property
    def angle(self) -> Angle:
        return self.op.angles[self.index]


def expanded(program: Program, wanted: Collection[Element], *, keep_words: bool) -> Program:
    """The program with every op that a wanted element reaches brought to a form whose generator is known.

    Args:
        keep_words: leave gates of several angles whole where each wanted angle occurs in one factor only.
    """

    def expand(op: Op) -> Iterator[Op]:
        reached = [k for k, angle in enumerate(op.angles) if not _disjoint(angle, wanted)]
        if not reached or op.gate.generator is not None:
            yield op
        elif op.gate.channel:
            raise error(
                Code.NO_RULE, f"the strength of `{op.gate.name}` is not differentiable", op.span,
                "give it a constant value, or declare it as `input` and differentiate by other parameters",
            )  # fmt: skip
        elif op.gate.preparation and not op.gate.word:
            raise error(
                Code.NO_RULE, f"the angle of `{op.gate.name}` is not differentiable", op.span,
                "give it a constant value, or prepare the state by gates",
            )  # fmt: skip
        elif keep_words and not op.gate.preparation and all(_factor(op.gate, op.controls, k) for k in reached):
            yield op
        else:
            for part in decompose(op, program.definitions):
                yield from expand(part)

    return replace(program, body=rewritten(program.body, expand))


def rewritten(body: tuple[Statement, ...], expand: Callable[[Op], Iterator[Op]]) -> tuple[Statement, ...]:
    """The body with each op replaced by what `expand` yields, inside regions too."""
    result: list[Statement] = []
    for statement in body:
        match statement:
            case Op():
                result += expand(statement)
            case If():
                then, otherwise = rewritten(statement.then, expand), rewritten(statement.otherwise, expand)
                result.append(replace(statement, then=then, otherwise=otherwise))
            case Measure() | Reset() | Barrier() | Postselect():
                result.append(statement)
            case _:
                assert_never(statement)
    return tuple(result)


def slotted(program: Program, wanted: Collection[Element]) -> Program:
    """The program with a slot added to every angle that a wanted element reaches and that has none of its own yet."""
    known = next((p for p in program.parameters if p.role == "slot"), None)
    name = known.name if known else _fresh("s", program)
    count = known.size or 0 if known else 0
    own = _own_slots(program)

    def add(op: Op) -> Iterator[Op]:
        nonlocal count
        angles = list(op.angles)
        for k, angle in enumerate(angles):
            if _disjoint(angle, wanted) or _slot_of(angle, own) is not None:
                continue
            angles[k] = angle + parameter(name, count)
            count += 1
        yield replace(op, angles=tuple(angles)) if angles != list(op.angles) else op

    body = rewritten(program.body, add)
    others = tuple(p for p in program.parameters if p is not known)
    slots = (Parameter(name, count, "slot"),) if count else ()
    return replace(program, parameters=others + slots, body=body)


def occurrences(program: Program) -> Iterator[tuple[Element, Occurrence]]:
    """Every angle that has a slot of its own, by that slot."""
    own = _own_slots(program)
    for statement in program.statements():
        if not isinstance(statement, Op):
            continue
        for index, angle in enumerate(statement.angles):
            slot = _slot_of(angle, own)
            if slot is not None:
                factor, scale = _found(statement, index)
                yield slot, Occurrence(statement, index, gate_generator(factor.gate), scale, bool(factor.controls))


def _own_slots(program: Program) -> set[Element]:
    """Slots that occur once. A pass may have spread one over several angles: to shift it shifts them all."""
    slots = {element for p in program.parameters if p.role == "slot" for element in p.elements()}
    angles = [angle for statement in program.statements() if isinstance(statement, Op) for angle in statement.angles]
    uses = Counter(element for angle in angles for element in elements(angle))
    return {slot for slot in slots if uses[slot] == 1}


def _slot_of(angle: Angle, own: set[Element]) -> Element | None:
    """The slot that is added to this angle and to no other, as it is."""
    return next((atom for atom, c in angle.terms if isinstance(atom, Element) and atom in own and c == ONE), None)


def generator_of(op: Op, index: int) -> tuple[Operator, float]:
    """The generator of one angle of an op on the program's wires, controls included, and the angle's scale."""
    factor, scale = _found(op, index)
    if len(gate_generator(factor.gate).terms) << len(factor.controls) > GRADIENT_WORDS:
        label = f"`{op.gate.name}` under {len(op.controls)} controls has too many terms to read its gradient"
        raise error(Code.METHOD, label, op.span, "use `--method shift`")
    return controlled(gate_generator(factor.gate), factor.controls).on(factor.wires).on(op.wires), scale


def _found(op: Op, index: int) -> tuple[Op, float]:
    """The one factor of an op that an angle enters, on the op's own wires, and the angle's scale in it.

    An inverted op holds the inverse factor exp(+iθG).
    """
    found = _factor(op.gate, op.controls, index)
    if found is None:
        raise AssertionError(f"`{op.gate.name}` was left whole though an angle occurs in several of its factors")
    factor, scale = found
    return factor, -scale if op.inverse else scale


@lru_cache(maxsize=4096)
def _factor(gate: Gate, controls: tuple[bool, ...], index: int) -> tuple[Op, float] | None:
    """The one factor of the gate that an angle enters, on the op's own wires, or None if there are several."""
    wires = tuple(range(len(controls) + len(gate.wires)))
    formal = tuple(parameter(name) for name in gate.parameters)
    whole, element = Op(gate, wires, formal, controls), Element(gate.parameters[index])
    factors = [op for op in generator_ops(whole) if not _disjoint_all(op, element)]
    if len(factors) != 1 or factors[0].gate.generator is None:
        return None
    slope = derivative(factors[0].angles[0], element)
    return (factors[0], float(slope)) if slope.is_constant else None


def gate_generator(gate: Gate) -> Operator:
    if gate.generator is None:
        raise AssertionError(f"`{gate.name}` has no generator")
    return gate.generator


def generator_ops(op: Op) -> Iterator[Op]:
    """The op as gates with generators, and constant gates that have no word."""
    if op.gate.generator is not None or not op.gate.word:
        yield op
        return
    for part in decompose(op):
        yield from generator_ops(part)


def _disjoint(angle: Angle, wanted: Collection[Element]) -> bool:
    return not angle.terms or not any(element in wanted for element in elements(angle))


def _disjoint_all(op: Op, element: Element) -> bool:
    return all(_disjoint(angle, (element,)) for angle in op.angles)


def _fresh(name: str, program: Program) -> str:
    taken = {p.name for p in program.parameters} | {r.name for r in program.registers}
    while name in taken:
        name += "_"
    return name

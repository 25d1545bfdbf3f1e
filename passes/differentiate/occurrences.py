"""Where a program uses its parameters: each angle of each op is an occurrence, and gets a slot to be shifted by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import assert_never

from qcompile.angle import Angle, Element, derivative, elements, number, parameter
from qcompile.diagnostics import Code, error
from qcompile.gates import Gate
from qcompile.gates.algebra import controlled
from qcompile.grammar import decompose, exponent_slope
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.operator import Operator
from qcompile.passes.action import operators_commute

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
        if not reached or op.gate.generator is not None or op.gate.hamiltonian is not None or has_strength(op):
            yield op
            return
        if keep_words and not op.gate.preparation and all(_factor(op.gate, op.controls, k) for k in reached):
            yield op
            return
        for part in decompose(op, program.definitions):
            yield from expand(part)

    return replace(program, body=rewritten(program.body, expand))


def has_strength(op: Op) -> bool:
    """Are its parameters no angles of unitary factors: those of a channel, or of a primitive preparation?"""
    return op.gate.channel or (op.gate.preparation and not op.gate.word)


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


def occurrence_of(op: Op, index: int) -> Occurrence:
    """The angle's one factor in the op, and how it enters there: an inverted op holds the inverse factor exp(+iθG)."""
    found = _factor(op.gate, op.controls, index)
    if found is None:
        raise AssertionError(f"`{op.gate.name}` was left whole though an angle occurs in several of its factors")
    factor, scale = found
    return Occurrence(op, index, gate_generator(factor.gate), -scale if op.inverse else scale, bool(factor.controls))


def generator_of(op: Op) -> Operator:
    """The generator of an op that is one factor, on the program's wires, controls and inverses included."""
    generator = gate_generator(op.gate)
    if len(generator.terms) << len(op.controls) > GRADIENT_WORDS:
        label = f"`{op.gate.name}` under {len(op.controls)} controls has too many terms to read its gradient"
        raise error(Code.METHOD, label, op.span, "use `--method shift`")
    found = controlled(generator, op.controls).on(op.wires)
    return found.scaled(number(-1.0)) if op.inverse else found


@lru_cache(maxsize=4096)
def _factor(gate: Gate, controls: tuple[bool, ...], index: int) -> tuple[Op, float] | None:
    """The one factor of the gate that an angle enters, on the op's own wires, or None if there are several."""
    wires = tuple(range(len(controls) + len(gate.wires)))
    if gate.hamiltonian is not None:
        found = _commuting_slope(gate, gate.hamiltonian, index)
        return None if found is None else (Op(found, wires, (parameter("angle"),), controls), 1.0)
    formal = tuple(parameter(name) for name in gate.parameters)
    whole, element = Op(gate, wires, formal, controls), Element(gate.parameters[index])
    factors = [op for op in generator_ops(whole) if not _disjoint_all(op, element)]
    if len(factors) != 1 or factors[0].gate.generator is None:
        return None
    slope = derivative(factors[0].angles[0], element)
    return (factors[0], float(slope)) if slope.is_constant else None


def _commuting_slope(gate: Gate, hamiltonian: Operator, index: int) -> Gate | None:
    """exp(-i angle G) for H = angle G + K with [G, K] = 0, which then is a factor of exp(-iH)."""
    slope = exponent_slope(Op(gate, tuple(range(len(gate.wires))), tuple(map(parameter, gate.parameters))), index)
    if not operators_commute(slope, hamiltonian) or not all(c.is_constant for _, c in slope.terms):
        return None
    return Gate("slope", gate.wires, ("angle",), slope)


def has_factor(op: Op, index: int) -> bool:
    """Does the angle enter by one factor, whose generator is constant? If not, only an exp(-iH) is left whole."""
    return op.gate.hamiltonian is None or _factor(op.gate, op.controls, index) is not None


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

"""One level of a gate's word or body, and inverses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from qcompile.angle import Angle, Element, substitute
from qcompile.diagnostics import Code, error
from qcompile.gates import TABLE, WIRE_NAMES, Gate, Kind, Matrix
from qcompile.ir import Definition, Op, Program


def decompose(op: Op, definitions: tuple[Definition, ...] = ()) -> tuple[Op, ...]:
    """The ops that make up `op`, one level down: its gate's word or body under the op's angles, controls and inverse.

    A controlled global phase becomes phase gates on its controls. The wires of a channel end with its hidden ones. A
    gate without word or body is our fault to ask for.

    Raises:
        CompileError: UNKNOWN_EFFECT, for an opaque gate; BAD_NUMBER, where an angle of the body has no value at these.
    """
    if op.gate.opaque:
        advice = "give it a body, a matrix or a generator; opaque gates are printed and emitted only"
        raise error(Code.UNKNOWN_EFFECT, f"`{op.gate.name}` is opaque: nothing says what it does", op.span, advice)
    if not op.gate.wires and op.gate.generator is not None and op.controls:
        return tuple(_controlled_phase(op))
    angles = {Element(name): angle for name, angle in zip(op.gate.parameters, op.angles, strict=True)}
    try:
        body = [_placed(inner, op.targets, angles) for inner in _body(op.gate, definitions)]
    except (ArithmeticError, ValueError):
        label = f"an angle inside `{op.gate.name}` has no finite real value at these angles"
        advice = "see where its body divides, or takes a root or a logarithm"
        raise error(Code.BAD_NUMBER, label, op.span, advice) from None
    if op.inverse:
        body = [invert(inner) for inner in reversed(body)]
    if not op.controls:
        return tuple(body)
    return tuple(part for inner in body for part in _under(inner, op.wires[: len(op.controls)], op.controls))


def invert(op: Op) -> Op:
    """The inverse of a unitary op, in the form that the IR keeps (see `Op`)."""
    gate = op.gate
    if not gate.is_unitary:
        raise AssertionError(f"{gate.name} has no inverse")
    if op.inverse:
        return replace(op, inverse=False)
    if gate.is_linear:
        return replace(op, angles=tuple(-angle for angle in op.angles))
    if gate.inverse:
        return replace(op, gate=TABLE[gate.inverse])
    if gate.matrix is not None and _is_self_inverse(gate.matrix):
        return op
    return replace(op, inverse=True)


def _body(gate: Gate, definitions: tuple[Definition, ...]) -> tuple[Op, ...]:
    if gate.word:
        return _word_body(gate.word, (*gate.wires, *gate.hidden), gate.parameters)
    for definition in definitions:
        if definition.gate.name == gate.name:
            return definition.body
    raise AssertionError(f"{gate.name} has no word")


@lru_cache(maxsize=1024)
def _word_body(word: str, wires: tuple[Kind, ...], parameters: tuple[str, ...]) -> tuple[Op, ...]:
    from qcompile.grammar import parse  # the reader itself inverts ops

    declared = [f"{kind} {name};" for kind, name in zip(wires, WIRE_NAMES, strict=False)]
    declared += [f"param {name};" for name in parameters]
    program = parse("\n".join((*declared, word)), "<word>")
    if not isinstance(program, Program):
        raise AssertionError(f"the word {word!r} is not a program")
    return tuple(replace(statement, span=None) for statement in program.body if isinstance(statement, Op))


def _placed(inner: Op, wires: tuple[int, ...], angles: dict[Element, Angle]) -> Op:
    return replace(
        inner,
        wires=tuple(wires[wire] for wire in inner.wires),
        angles=tuple(substitute(angle, angles) for angle in inner.angles),
    )


def _under(op: Op, wires: tuple[int, ...], controls: tuple[bool, ...]) -> Iterator[Op]:
    op = replace(op, wires=(*wires, *op.wires), controls=(*controls, *op.controls))
    if op.gate.wires:
        yield op
    else:
        yield from decompose(op)


def _controlled_phase(op: Op) -> Iterator[Op]:
    """e^{iγ} where every control holds: a phase gate on a positive control, under the others.

    On a negative control e^{iγ} falls on |0⟩: a phase e^{iγ} on both values, then e^{-iγ} on |1⟩.
    """
    generator = op.gate.generator
    if generator is None:
        raise AssertionError(f"{op.gate.name} is not a global phase")
    phase = op.angles[0].scaled((-generator.terms[0][1]).constant)
    if not op.controls:
        yield op
        return
    positive = [k for k, polarity in enumerate(op.controls) if polarity]
    chosen = positive[-1] if positive else len(op.controls) - 1
    controls = op.controls[:chosen] + op.controls[chosen + 1 :]
    wires = op.wires[:chosen] + op.wires[chosen + 1 :]
    if not positive:
        yield from _controlled_phase(replace(op, wires=wires, controls=controls))
        phase = -phase
    yield Op(TABLE["p"], (*wires, op.wires[chosen]), (phase,), controls, span=op.span)


@lru_cache(maxsize=256)
def _is_self_inverse(matrix: Matrix) -> bool:
    array = np.array(matrix)
    return bool(np.allclose(array @ array, np.eye(len(array)), atol=1e-12))

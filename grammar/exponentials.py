"""Gates that are exponentials: of a constant generator, or of a Hamiltonian that holds their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qcompile.angle import Angle, Element, number, substitute
from qcompile.diagnostics import Code, Span, error
from qcompile.gates import TABLE, Gate, pauli_rotation
from qcompile.gates.algebra import commutes_wordwise
from qcompile.ir import Op
from qcompile.operator import Operator, Word

_ADVICE = "exp(-i θ G) is `gate zz(theta) a, b generator 0.5*Z[a] Z[b];`, exp(-i H) has its parameters in H"


def exponential(
    gate: Gate, exponent: Operator, name: Span | None = None, value: Span | None = None
) -> tuple[Gate, tuple[Op, ...]]:
    """The gate with this signature, and its body if it has one.

    A constant operator is multiplied by the one parameter: U = exp(-iθG). One with parameters stands as it is,
    U = exp(-iH), and is told in the simplest way: H = θG by its generator, and commuting words as their rotations.

    Args:
        name: where the gate's name is written.
        value: where the operator is.

    Raises:
        CompileError: WRONG_ANGLES; WRONG_KIND, for a Hamiltonian of light.
    """
    names = gate.parameters
    if all(coefficient.is_constant for _, coefficient in exponent.terms):
        if len(names) != 1:
            label = f"a constant generator is multiplied by one angle, not {len(names)}"
            raise error(Code.WRONG_ANGLES, label, name, _ADVICE)
        return replace(gate, generator=exponent), ()
    if len(names) == 1 and all(coefficient.is_linear for _, coefficient in exponent.terms):
        return replace(gate, generator=exponent.slope(Element(names[0]))), ()
    if not exponent.is_pauli:
        label = "parameters stand in front of the letters of qubits only"
        advice = "write a body of gates, or a generator for one angle: U = exp(-i θ G) with constant G"
        raise error(Code.WRONG_KIND, label, value, advice)
    if commutes_wordwise(exponent):
        return gate, tuple(_rotation(word, coefficient) for word, coefficient in exponent.terms)
    return replace(gate, hamiltonian=exponent), ()


def exponent_of(op: Op) -> Operator:
    """H of an op U = exp(-iH), on the gate's own wires, at the op's angles."""
    hamiltonian = _hamiltonian(op.gate)
    angles = {Element(name): angle for name, angle in zip(op.gate.parameters, op.angles, strict=True)}
    return _substituted(hamiltonian, angles, op)


def exponent_slope(op: Op, index: int) -> Operator:
    """dH / d angle of an op U = exp(-iH), on the gate's own wires, at the op's angles."""
    angles = {Element(name): angle for name, angle in zip(op.gate.parameters, op.angles, strict=True)}
    return _substituted(_hamiltonian(op.gate).slope(Element(op.gate.parameters[index])), angles, op)


def _hamiltonian(gate: Gate) -> Operator:
    if gate.hamiltonian is None:
        raise AssertionError(f"`{gate.name}` has no Hamiltonian")
    return gate.hamiltonian


def _substituted(operator: Operator, angles: Mapping[Element, Angle], op: Op) -> Operator:
    """With the op's angles for the parameters, and of an inverse the other sign."""
    sign = number(-1.0 if op.inverse else 1.0)
    try:
        terms = [(word, substitute(coefficient, angles) * sign) for word, coefficient in operator.terms]
    except (ArithmeticError, ValueError):
        label = f"a coefficient of `{op.gate.name}` has no finite real value at these angles"
        raise error(Code.BAD_NUMBER, label, op.span, "see where it divides, or takes a root or a logarithm") from None
    return Operator(tuple((word, coefficient) for word, coefficient in terms if not coefficient.is_zero))


def _rotation(word: Word, coefficient: Angle) -> Op:
    """exp(-icP)."""
    if not word:
        return Op(TABLE["gphase"], (), (-coefficient,))
    letters, wires = zip(*word, strict=True)
    return Op(pauli_rotation("".join(letters)), wires, (coefficient * number(2.0),))

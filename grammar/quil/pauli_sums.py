"""DEFGATE … AS PAULI-SUM: exp(-i Σ c P)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from qcompile.angle import Angle, Element, number
from qcompile.diagnostics import Code, Span, error
from qcompile.gates import TABLE, Gate, Kind, pauli_rotation
from qcompile.gates.algebra import spectrum
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.checks import QUBIT, counted
from qcompile.grammar.exponentials import exponential
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.applications import Signature, plain
from qcompile.grammar.quil.matrices import unitary
from qcompile.grammar.quil.values import Frame, angle
from qcompile.ir import Op
from qcompile.operator import Operator, collect, words_commute

MAX_TERMS = 2000
MAX_QUBITS = 8


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient times a Pauli letter for each of some wires."""

    letters: str
    wires: tuple[int, ...]
    coefficient: Angle

    @property
    def word(self) -> tuple[tuple[str, int], ...]:
        pairs = zip(self.letters, self.wires, strict=True)
        return tuple(sorted((pair for pair in pairs if pair[0] != "I"), key=lambda pair: pair[1]))


def pauli_signature(
    node: tree.BodyDefinition, frame: Frame, elements: Sequence[Element], assembly: Assembly
) -> Signature:
    """By one generator where one parameter scales it; else rotations where the words commute; else the exponential.

    Raises:
        CompileError: UNKNOWN_GATE, WRONG_ANGLES, WRONG_ARITY, REPEATED_WIRE, TOO_LARGE, and what coefficients raise.
    """
    terms = _terms(node, frame)
    wires: tuple[Kind, ...] = (QUBIT,) * len(node.qubits)
    names = tuple(element.name for element in elements)
    generator = _generator(terms, elements) if len(wires) <= MAX_QUBITS else None
    name, span = node.name.text, frame.span(node.name)
    if generator is not None:
        return plain(assembly.define(Gate(name, wires, names, generator), (), span), name)
    if all(words_commute(a.word, b.word) for a, b in combinations(terms, 2)):
        body = [_rotation(term) for term in terms]
        return plain(assembly.define(Gate(name, wires, names), body, span), name)
    if len(wires) > MAX_QUBITS:
        label = f"this sum of words that do not commute acts on {len(wires)} qubits"
        raise error(Code.TOO_LARGE, label, span, f"stay below {MAX_QUBITS + 1}, or write a sequence of commuting sums")
    exponent = collect(((term.coefficient, Angle()), term.word) for term in terms)[0]
    if any(coefficient.terms for _, coefficient in exponent.terms):
        return plain(assembly.define(*exponential(Gate(name, wires, names), exponent), span), name)
    constant = _constant(Gate(name, wires), exponent, span)
    fixed = assembly.define(constant, (), span)
    return Signature(name, len(names), len(wires), lambda _, __: (fixed, ()))


def _constant(gate: Gate, exponent: Operator, span: Span) -> Gate:
    """The gate of numbers alone, by its matrix."""
    values, vectors = spectrum(exponent, len(gate.wires))
    matrix = vectors * np.exp(-1j * values) @ vectors.conj().T
    return replace(gate, matrix=unitary(matrix, gate.name, span))


def _terms(node: tree.BodyDefinition, frame: Frame) -> list[Term]:
    if len(node.body) > MAX_TERMS:
        label = f"this sum has {len(node.body)} terms"
        raise error(Code.TOO_LARGE, label, frame.span(node.name), f"stay below {MAX_TERMS + 1}")
    places = {name.text: wire for wire, name in enumerate(node.qubits)}
    return [_term(term, places, frame) for term in node.body]


def _term(node: tree.Application, places: dict[str, int], frame: Frame) -> Term:
    letters = node.name.text
    if set(letters) - set("IXYZ") or node.modifiers:
        advice = "a term is a word of I, X, Y and Z, its coefficient and a qubit for each letter: `XX(%theta/2) p q`"
        raise error(Code.UNKNOWN_GATE, f"`{letters}` is no Pauli word", frame.span(node), advice)
    if len(node.arguments) != 1:
        label = f"a term has one coefficient, not {len(node.arguments)}"
        raise error(Code.WRONG_ANGLES, label, frame.span(node), f"write `{letters}(%theta/2)`")
    if len(node.targets) != len(letters):
        label = f"`{letters}` has {counted(len(letters), 'letter', 'letters')}, and {len(node.targets)} are named"
        raise error(Code.WRONG_ARITY, label, frame.span(node), "name a qubit for each letter")
    wires = list[int]()
    for target in node.targets:
        if target.entry is not None or target.name not in places:
            advice = f"a sum acts on its own qubits: {', '.join(places)}" if places else "name qubits after the gate"
            label = f"`{target.name}` is no qubit of this definition"
            raise error(Code.UNKNOWN_NAME, label, frame.span(target), advice)
        if places[target.name] in wires:
            label = "this qubit is already used by the same word"
            raise error(Code.REPEATED_WIRE, label, frame.span(target), "each letter acts on its own qubit")
        wires.append(places[target.name])
    return Term(letters, tuple(wires), angle(node.arguments[0], frame))


def _generator(terms: Sequence[Term], elements: Sequence[Element]) -> Operator | None:
    """G of exp(-i t G), where every coefficient is a number times the one parameter."""
    if len(elements) != 1:
        return None
    for term in terms:
        atoms = [atom for atom, _ in term.coefficient.terms]
        if term.coefficient.constant or any(atom != elements[0] for atom in atoms):
            return None
    weighted = [((Angle(t.coefficient.terms[0][1]), Angle()), t.word) for t in terms if t.coefficient.terms]
    return collect(weighted)[0]


def _rotation(term: Term) -> Op:
    """exp(-i c P), as the table has it where it does."""
    kept = [(letter, wire) for letter, wire in zip(term.letters, term.wires, strict=True) if letter != "I"]
    if not kept:
        return Op(TABLE["gphase"], (), (-term.coefficient,))
    rotation = pauli_rotation("".join(letter for letter, _ in kept))
    named = next((gate for gate in TABLE.values() if gate.generator == rotation.generator), rotation)
    return Op(named, tuple(wire for _, wire in kept), (term.coefficient * number(2.0),))

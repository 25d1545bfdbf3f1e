"""Every op becomes one that the target language has a name for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, Diagnostic, did_you_mean, error
from qcompile.gates import TABLE, Gate, Kind, Matrix, Spelling
from qcompile.grammar import decompose
from qcompile.ir import Definition, Module, Op, Program
from qcompile.number import Number
from qcompile.operator import Operator
from qcompile.passes.inline import is_call, used_definitions
from qcompile.passes.refinement import controlled_generator, refined
from qcompile.passes.rewrite import map_ops
from qcompile.passes.unitary_synthesis import LARGEST

OWN = "qc"
_NOISE = "of the languages, Blackbird alone has channels (`loss`, `thermal_loss`), and ours all; or leave it out"
EQUAL = 1e-12  # entries of matrices that differ by less are the same
LANGUAGES = (OWN, *(f.name for f in fields(Spelling)))


@dataclass(frozen=True)
class Legalize:
    """Rewrite into gates that the target language spells; without controls, inverses and definitions.

    A global phase goes where the language cannot say it. Linear in the size of the result.

    Raises:
        CompileError: UNSAYABLE, once for every op at fault; UNKNOWN_OPTION.
    """

    name: ClassVar[str] = "legalize"
    target: str = "openqasm3"

    def __call__(self, module: Module) -> Module:
        if self.target not in LANGUAGES:
            raise error(Code.UNKNOWN_OPTION, f"no target `{self.target}`", help=did_you_mean(self.target, LANGUAGES))
        if self.target == OWN:
            return module
        speaker, faults = _Speaker(self.target), list[Diagnostic]()

        def lower(op: Op, program: Program) -> tuple[Op, ...]:
            try:
                return tuple(replace(part, span=op.span) for part in speaker.said(op, program.definitions))
            except CompileError as unsayable:
                faults.extend(unsayable.diagnostics)
                return ()

        lowered = map_ops(module, lower)
        if faults:
            raise CompileError(faults)
        return used_definitions(lowered)


def is_sayable(op: Op, language: str) -> bool:
    """Has the language a name for just this op?"""
    if language == OWN:
        return True
    named = bool(getattr(op.gate.spelling, language)) or (op.gate.opaque and language == "openqasm2")
    return named and not op.controls and not op.inverse


@lru_cache
def spoken_kinds(language: str) -> frozenset[Kind]:
    """The kinds of wire that the language has gates for."""
    if language == OWN:
        return frozenset(("qubit", "qumode"))
    return frozenset(kind for gate in TABLE.values() if getattr(gate.spelling, language) for kind in gate.wires)


@dataclass(frozen=True)
class _Speaker:
    language: str
    _turns: dict[tuple[int, tuple[bool, ...]], tuple[Gate, Operator | None]] = field(default_factory=dict)

    def said(self, op: Op, definitions: tuple[Definition, ...]) -> Iterator[Op]:
        """The op in gates that the language has."""
        if is_sayable(op, self.language):
            yield op
        elif not op.wires:  # a global phase that the language lacks, and nobody can see
            return
        elif (row := self._row(op)) is not None:
            yield row
        else:
            for part in self._parts(op, definitions):
                yield from self.said(replace(part, span=op.span), definitions)

    def _row(self, op: Op) -> Op | None:
        """The op as one row of the table that the language spells."""
        if op.gate.matrix is not None and not op.gate.word and not op.controls:
            gate = _equal_row(self.language, op.gate.matrix, op.inverse)
            return Op(gate, op.wires) if gate else None
        if op.gate.generator is None:
            gate = _constant_rows(self.language).get((op.gate.name, op.controls))
            return Op(gate, op.wires) if gate and not op.inverse else None
        if (generator := self._generator(op)) is None:
            return None
        unit, factor = normalised(generator)
        found = _turn_rows(self.language).get((len(op.wires), unit))
        if found is None:
            return None
        return Op(found[0], op.wires, (op.angles[0].scaled(Number(factor / found[1])),))

    def _parts(self, op: Op, definitions: tuple[Definition, ...]) -> tuple[Op, ...]:
        if is_call(op, definitions):
            return decompose(op, definitions)
        if op.gate.opaque:
            advice = "OpenQASM 2 declares opaque gates, without modifiers"
            raise error(Code.UNSAYABLE, f"{self.language} has no opaque gates", op.span, advice)
        if op.gate.channel:
            raise error(Code.UNSAYABLE, f"{self.language} has no `{op.gate.name}`", op.span, _NOISE)
        kinds: set[Kind] = {*op.gate.wires}
        if op.controls:
            kinds.add("qubit")
        if not kinds <= spoken_kinds(self.language):
            raise _unsayable(op, self.language, kinds)
        if (parts := refined(op)) is not None:
            return parts
        if "qumode" in kinds:
            raise _unsayable(op, self.language, kinds)
        if op.gate.hamiltonian is not None and not all(angle.is_constant for angle in op.angles):
            why = f"the generator of `{op.gate.name}` holds its parameters, and these are not numbers here"
            advice = "set them (`--set a=0.1`), or write it as rotations by its words, in as many steps as it needs"
            raise error(Code.UNSAYABLE, why, op.span, advice)
        if op.gate.hamiltonian is None and op.gate.parameters and op.controls:
            why = f"{op.gate.name} under {len(op.controls)} controls has too many terms to decompose"
            raise error(Code.UNSAYABLE, why, op.span, "use fewer controls, or an ancilla that collects them")
        why = f"`{op.gate.name}` is too large on {len(op.wires)} wires to be decomposed"
        raise error(Code.UNSAYABLE, why, op.span, f"define gates by matrices on at most {LARGEST} wires")

    def _generator(self, op: Op) -> Operator | None:
        """The generator under the op's controls, in the op's own wires; None if there is none, or it is too large."""
        key = (id(op.gate), op.controls)
        if key not in self._turns:
            self._turns[key] = (op.gate, controlled_generator(op))
        return self._turns[key][1]


def normalised(generator: Operator) -> tuple[Operator, float]:
    """The generator over its first coefficient that isn't the identity's, and that coefficient."""
    factor = next((float(c) for word, c in generator.terms if word), 1.0)
    return generator.scaled(Angle(Number(1 / factor))), factor


@lru_cache
def _constant_rows(language: str) -> dict[tuple[str, tuple[bool, ...]], Gate]:
    """Rows whose word is one controlled constant gate on the row's own wires, by that gate and its controls."""
    rows: dict[tuple[str, tuple[bool, ...]], Gate] = {}
    for gate in TABLE.values():
        if not getattr(gate.spelling, language) or not gate.word or gate.parameters or gate.preparation:
            continue
        wires = tuple(range(len(gate.wires)))
        word = decompose(Op(gate, wires))
        if len(word) == 1 and word[0].wires == wires and not word[0].angles and not word[0].inverse:
            rows[word[0].gate.name, word[0].controls] = gate
    return rows


@lru_cache(maxsize=256)
def _equal_row(language: str, matrix: Matrix, inverse: bool) -> Gate | None:
    """The row with just this matrix, phase and all, that the language spells."""
    own = np.array(matrix, dtype=complex)
    own = own.conj().T if inverse else own
    spoken = (gate for gate in TABLE.values() if getattr(gate.spelling, language))
    alike = (gate for gate in spoken if gate.matrix is not None and len(gate.matrix) == len(own))
    return next((gate for gate in alike if np.abs(np.array(gate.matrix) - own).max() < EQUAL), None)


@lru_cache
def _turn_rows(language: str) -> dict[tuple[int, Operator], tuple[Gate, float]]:
    """Rows with a generator, by number of wires and normalised generator."""
    rows: dict[tuple[int, Operator], tuple[Gate, float]] = {}
    for gate in TABLE.values():
        if getattr(gate.spelling, language) and gate.generator is not None:
            unit, factor = normalised(gate.generator)
            rows.setdefault((len(gate.wires), unit), (gate, factor))
    return rows


def _unsayable(op: Op, language: str, kinds: set[Kind]) -> CompileError:
    able = next(other for other in (*LANGUAGES[1:], OWN) if other != language and kinds <= spoken_kinds(other))
    kind = " and ".join(sorted(kinds))
    return error(Code.UNSAYABLE, f"{language} has no gates for this {kind} operation", op.span, f"emit to {able}")

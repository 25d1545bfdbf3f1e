"""What names mean at a place of an OpenQASM 2 text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from qcompile.angle import Angle, Element, parameter, substitute
from qcompile.diagnostics import Code, CompileError, Note, Source, Span, did_you_mean, error
from qcompile.gates import TABLE, Gate
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.decompose import decompose
from qcompile.grammar.openqasm2 import tree as qasm
from qcompile.grammar.openqasm2.expressions import FUNCTIONS, PI
from qcompile.grammar.openqasm2.qelib1 import BUILT_IN, LATER, QELIB1
from qcompile.grammar.tree import Name
from qcompile.ir import Op

QELIB1_FILE = "qelib1.inc"


class Place(NamedTuple):
    """A register, or a wire of a gate's body (of no size): its first wire or cell, and where it is declared."""

    first: int
    size: int | None
    is_quantum: bool
    span: Span


class Meaning(NamedTuple):
    """What a gate of the text becomes: one op of `gate` under `controls`.

    `angles` are its angles over the parameters, None where they are the parameters themselves.
    """

    name: str
    parameters: tuple[str, ...]
    width: int
    gate: Gate
    controls: tuple[bool, ...] = ()
    angles: tuple[Angle, ...] | None = None

    def bound(self, angles: tuple[Angle, ...]) -> tuple[Angle, ...]:
        """The op's angles where the gate has these."""
        if self.angles is None:
            return angles
        given = {Element(name): angle for name, angle in zip(self.parameters, angles, strict=True)}
        return tuple([substitute(angle, given) for angle in self.angles])


@dataclass(slots=True)
class Scope:
    """The names of a program, or of one gate's body (then `gate` is its name); None stands for what is broken.

    `later` are the definitions still to come, `known_angles` and `known_wires` what parts of plain statements mean.
    """

    source: Source
    assembly: Assembly
    places: dict[str, Place | None] = field(default_factory=dict[str, "Place | None"])
    gates: dict[str, Meaning | None] = field(default_factory=dict[str, "Meaning | None"])
    defined: dict[str, Span] = field(default_factory=dict[str, Span])
    later: dict[str, Span] = field(default_factory=dict[str, Span])
    parameters: Mapping[str, Angle] = field(default_factory=dict[str, Angle])
    gate: str = ""
    has_qelib1: bool = False
    known_angles: dict[tuple[str, str | None], tuple[Angle, ...]] = field(
        default_factory=dict[tuple[str, "str | None"], "tuple[Angle, ...]"]
    )
    known_wires: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])

    def span(self, node: qasm.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def place(self, name: Name, is_quantum: bool) -> Place:
        """Where the register begins; raises UNKNOWN_NAME, WRONG_TYPE."""
        found = self.places.get(name.text)
        if found is None:
            if name.text in self.places:
                raise CompileError(())
            raise error(
                Code.UNKNOWN_NAME, f"`{name.text}` is not declared", self.span(name), self._advice(name, is_quantum)
            )
        if found.is_quantum == is_quantum:
            return found
        what, needed = ("classical bits", "qubits") if is_quantum else ("qubits", "classical bits")
        advice = f"name a `{'qreg' if is_quantum else 'creg'}`; measure into bits: `measure q[0] -> c[0];`"
        label = f"`{name.text}` holds {what}, and here stand {needed}"
        raise error(Code.WRONG_TYPE, label, self.span(name), advice, [Note("declared here", found.span)])

    def meaning(self, name: Name) -> Meaning:
        """What the gate becomes; raises UNKNOWN_GATE, RECURSION."""
        span, label = self.span(name), f"no gate is called `{name.text}`"
        if name.text == self.gate:
            raise error(Code.RECURSION, f"`{name.text}` is used by its own definition", span, "use other gates here")
        if name.text in self.gates:
            found = self.gates[name.text]
            if found is None:
                raise CompileError(())
            return found
        known = self._predefined()
        if name.text in known:
            self.gates[name.text] = made = meaning_of(name.text, known[name.text], self.assembly)
            return made
        if name.text in self.later:
            advice, notes = "move the definition before this", [Note("defined only here", self.later[name.text])]
            raise error(Code.UNKNOWN_GATE, f"`{name.text}` is not defined yet", span, advice, notes)
        if name.text in QELIB1:
            advice = f'write `include "{QELIB1_FILE}";` above'
        else:
            elsewhere = next((f"did you mean `{own}`?" for own, gate in known.items() if name.text in _also(gate)), "")
            advice = elsewhere or did_you_mean(name.text, (*known, *self.gates))
        raise error(Code.UNKNOWN_GATE, label, span, advice or "define it: `gate name(theta) a, b { … }`")

    def check_free(self, name: Name) -> None:
        """Raises RESERVED_NAME, DUPLICATE_NAME."""
        if name.text in FUNCTIONS or name.text == PI:
            what = "a number" if name.text == PI else "a function"
            raise error(Code.RESERVED_NAME, f"`{name.text}` is {what}", self.span(name), f"call it `{name.text}_`")
        if name.text in self.defined:
            advice = "choose another name; registers and gates share one set of names"
            notes = [Note("declared here first", self.defined[name.text])]
            raise error(Code.DUPLICATE_NAME, f"`{name.text}` is declared already", self.span(name), advice, notes)

    def _predefined(self) -> Mapping[str, Gate]:
        return BUILT_IN | (QELIB1 if self.has_qelib1 else LATER)

    def _advice(self, name: Name, is_quantum: bool) -> str:
        known = [text for text, place in self.places.items() if place is None or place.is_quantum == is_quantum]
        close = did_you_mean(name.text, known)
        if close:
            return close
        if self.gate:
            return f"the body of `{self.gate}` knows its own qubits: {', '.join(f'`{text}`' for text in known)}"
        return f"declare it above: `{'qreg' if is_quantum else 'creg'} {name.text}[2];`"


def _also(gate: Gate) -> tuple[str, ...]:
    """What the gate is called elsewhere."""
    return (*gate.aliases, gate.spelling.quil, gate.spelling.openqasm3)


def meaning_of(name: str, gate: Gate, assembly: Assembly) -> Meaning:
    """Of a gate that is there before the file defines any: a row of the table, or a word of such."""
    width, angles = len(gate.wires), tuple(map(parameter, gate.parameters))
    if TABLE.get(gate.name) is gate:
        return Meaning(name, gate.parameters, width, gate)
    body = decompose(Op(gate, tuple(range(width)), angles))
    match body:
        case [op]:
            bound = None if op.angles == angles else op.angles
            return Meaning(name, gate.parameters, width, op.gate, op.controls, bound)
        case _:
            made = assembly.define(Gate(gate.name, gate.wires, gate.parameters), body, None)
            return Meaning(name, gate.parameters, width, made)

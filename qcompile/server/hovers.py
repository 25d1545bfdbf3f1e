"""What is told of a word: a gate from the gate table, a name from its declaration."""

from __future__ import annotations

from collections.abc import Iterator

from qcompile.angle import Angle
from qcompile.gates import Gate
from qcompile.gates.reference import frequencies_text, generator_text, signature_text
from qcompile.number import plain_text
from qcompile.passes.differentiate.shift.rules import Rule
from qcompile.passes.differentiate.shift.selection import shift_rule
from qcompile.server.declarations import Declaration
from qcompile.server.document import Document

_MOST_LINES = 12
_ROLES = {
    "param": "a parameter that is trained",
    "input": "an input, fed and not trained",
    "slot": "an offset that the rows of a derivative set",
    "qubit": "qubits, |0⟩ at the start",
    "qumode": "qumodes, in the vacuum at the start",
    "bit": "results of measuring qubits",
    "int": "photon counts",
    "real": "results of homodyne and heterodyne detection",
    "const": "a constant",
    "alias": "another name for wires or cells",
    "observable": "an observable",
    "gate": "a gate",
    "channel": "a noise channel",
    "opaque": "a gate of unknown effect",
    "def": "a sub-circuit",
}


def hover(document: Document, offset: int) -> tuple[str, int, int] | None:
    """Markdown on the word at a place, and where the word begins and ends."""
    word = document.word_at(offset)
    if word is None or not document.is_own:
        return None
    name, start, end = word
    meant = document.meaning(name, start)
    if isinstance(meant, Gate):
        return "\n\n".join(gate_parts(meant)), start, end
    return ("\n\n".join(_declaration_parts(document, meant)), start, end) if meant else None


def gate_parts(gate: Gate) -> Iterator[str]:
    """The row of the gate table, in paragraphs."""
    yield f"```qc\n{signature_text(gate).strip('`')};\n```"
    if gate.aliases:
        yield f"also {', '.join(f'`{alias}`' for alias in gate.aliases)}"
    if gate.generator is not None:
        yield f"exp(−iθG) with G = `{generator_text(gate.generator)}`"
    elif gate.hamiltonian is not None:
        yield f"exp(−iH) with H = `{generator_text(gate.hamiltonian)}`"
    elif gate.word:
        yield f"`{gate.word}`"
    kind = frequencies_text(gate)
    if kind:
        yield f"frequencies: {kind}" if gate.generator is not None and gate.generator.is_pauli else kind
    if gate.generator is not None and gate.parameters:
        yield f"shift rule: {_rule_text(gate)}"


def _rule_text(gate: Gate) -> str:
    """The rule as a formula; on light it depends on the observable, and is told for x, p."""
    if gate.generator is None:
        raise AssertionError("only a generator has a rule")
    rule = shift_rule(gate.generator, 1.0, 1)
    if rule is None:
        return "none with finitely many settings; the adjoint method differentiates it on the simulator"
    place = "" if gate.generator.is_pauli else " for observables linear in x and p"
    return f"f′(θ) = {_sum_text(rule)}{place}"


def _sum_text(rule: Rule) -> str:
    pairs = [(float(weight), shift) for weight, shift in rule.terms]
    terms = [(f"{plain_text(float(f'{abs(c):.6g}'))} f(θ {_signed(shift)})", c < 0) for c, shift in pairs]
    first, *others = terms
    return ("−" if first[1] else "") + first[0] + "".join(f" {'−' if less else '+'} {text}" for text, less in others)


def _signed(shift: Angle) -> str:
    text = str(shift)
    return f"− {text[1:]}" if text.startswith("-") else f"+ {text}"


def _declaration_parts(document: Document, meant: Declaration) -> Iterator[str]:
    yield f"```qc\n{meant.head}\n```"
    yield _ROLES.get(meant.kind, f"a {meant.kind}")
    if meant.comment:
        yield meant.comment
    if meant.source != document.source:
        yield f"from `{meant.source.name}`"
    uses = document.uses(meant)
    lines = sorted({document.source.position(place)[0] for place in uses})
    if lines:
        shown = ", ".join(map(str, lines[:_MOST_LINES])) + (", …" if len(lines) > _MOST_LINES else "")
        yield f"used {_times(len(uses))}, on line{'s' if len(lines) > 1 else ''} {shown}"
    elif meant.kind in ("param", "input"):
        yield "not used"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"

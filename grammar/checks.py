"""What must hold of one op: the checks that the reader and the builder share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qcompile.diagnostics import Code, Diagnostic, Span
from qcompile.gates import Gate, Kind

MAX_WIRES = 10**6
MAX_OPS = 10**6
QUBIT: Kind = "qubit"


def is_sound(
    gate: Gate, wires: Sequence[int], angles: int, controls: Sequence[bool], kinds: Sequence[Kind | None]
) -> bool:
    """Does the op hold? `angles` counts them; `kinds` is the kind of each wire of the program."""
    expected = expected_kinds(gate, controls)
    if len(wires) != len(expected) or angles != len(gate.parameters):
        return False
    if (controls and not gate.is_unitary) or (len(wires) > 1 and len(set(wires)) != len(wires)):
        return False
    return all(0 <= wire < len(kinds) and kinds[wire] == kind for wire, kind in zip(wires, expected, strict=True))


def check_op(
    gate: Gate,
    wires: Sequence[int],
    angles: int,
    controls: Sequence[bool],
    kinds: Sequence[Kind | None],
    span: Span | None = None,
    places: Sequence[Span | None] = (),
) -> Iterator[Diagnostic]:
    """Everything wrong with one op; nothing exactly when `is_sound`.

    Args:
        span: the whole op.
        places: where each wire is written; empty for ops that come from no text.
    """
    places = places if len(places) == len(wires) else [span] * len(wires)
    yield from _check_counts(gate, len(wires), angles, controls, span)
    seen = set[int]()
    for wire, place in zip(wires, places, strict=True):
        if not 0 <= wire < len(kinds):
            yield Diagnostic(Code.INDEX_RANGE, f"there is no wire {wire}", place, f"the program has {len(kinds)} wires")
        elif wire in seen:
            advice = f"`{gate.name}` needs {len(wires)} different wires"
            yield Diagnostic(Code.REPEATED_WIRE, "this wire is already used by the same gate", place, advice)
        seen.add(wire)
    for wire, kind, place in zip(wires, expected_kinds(gate, controls), places, strict=False):
        if 0 <= wire < len(kinds) and kinds[wire] != kind:
            yield _wrong_kind(gate, kind, kinds[wire], place)


def expected_kinds(gate: Gate, controls: Sequence[bool]) -> tuple[Kind, ...]:
    """The kind of each wire of the op, controls first."""
    return (*(QUBIT for _ in controls), *gate.wires) if controls else gate.wires


def _check_counts(
    gate: Gate, wires: int, angles: int, controls: Sequence[bool], span: Span | None
) -> Iterator[Diagnostic]:
    if controls and not gate.is_unitary:
        what = "a preparation discards what its wire held" if gate.preparation else "a channel is not unitary"
        advice = f"{what}; leave the control out"
        yield Diagnostic(Code.NOT_INVERTIBLE, f"`{gate.name}` cannot be controlled", span, advice)
    if angles != len(gate.parameters):
        names = ", ".join(gate.parameters)
        advice = f"write `{gate.name}({names})`" if names else f"write `{gate.name}` without parentheses"
        label = f"`{gate.name}` takes {counted(len(gate.parameters), 'angle', 'angles')}, not {angles}"
        yield Diagnostic(Code.WRONG_ANGLES, label, span, advice)
    expected = len(controls) + len(gate.wires)
    if wires != expected:
        known = "with its controls, " if controls else ""
        label = f"{known}`{gate.name}` acts on {counted(expected, 'wire', 'wires')}, not {wires}"
        advice = (
            "name the controls first, then the gate's own wires"
            if controls
            else "name each wire; a register repeats the gate on each of its own"
        )
        yield Diagnostic(Code.WRONG_ARITY, label, span, advice)


def _wrong_kind(gate: Gate, expected: Kind, found: Kind | None, place: Span | None) -> Diagnostic:
    label = f"this is a {found}, and `{gate.name}` needs a {expected} here"
    other = "a photonic gate" if found == "qumode" else "a qubit gate"
    return Diagnostic(Code.WRONG_KIND, label, place, f"use {other}, or declare the wire with `{expected}`")


def counted(number: int, noun: str, plural: str) -> str:
    """The number with its noun, for a label."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural}"

"""One gate as it is written, with its modifiers, to the ops that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, Diagnostic, Span, did_you_mean, error
from qcompile.gates import Gate
from qcompile.grammar.checks import MAX_WIRES, counted
from qcompile.grammar.decompose import invert
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.memory import MAX_DIGITS
from qcompile.grammar.quil.standard import GATES
from qcompile.grammar.quil.values import Frame
from qcompile.ir import Op


@dataclass(frozen=True, slots=True)
class Signature:
    """What may be applied under a name.

    Attributes:
        make: the gate, and its own angles, for angles as they are written.
        is_kept: is there a definition of it?
    """

    name: str
    parameters: int
    qubits: int
    make: Callable[[Sequence[Angle], Span], tuple[Gate, Sequence[Angle]]]
    is_kept: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Applied:
    """An application on its wires, angles left open.

    Attributes:
        branches: the slice of the angles and the polarities of the controls; FORKED makes two of one.
    """

    signature: Signature
    wires: tuple[int, ...]
    branches: tuple[tuple[slice, tuple[bool, ...]], ...]
    inverse: bool
    span: Span

    def ops(self, angles: Sequence[Angle]) -> tuple[Op, ...]:
        """Raises OUT_OF_REACH, NOT_UNITARY, and what the signature's gate raises."""
        return tuple(self._op(angles[chosen], controls) for chosen, controls in self.branches)

    def _op(self, angles: Sequence[Angle], controls: tuple[bool, ...]) -> Op:
        gate, own = self.signature.make(angles, self.span)
        op = Op(gate, self.wires, tuple(own), controls, False, self.span)
        return invert(op) if self.inverse else op


WHOLE = ((slice(None), ()),)


def plain(gate: Gate, name: str) -> Signature:
    """Of a gate that takes the angles as they are written."""
    return Signature(name, len(gate.parameters), len(gate.wires), lambda angles, _: (gate, angles))


def applied(node: tree.Application, signature: Signature, frame: Frame) -> Applied:
    """The application, checked; raises everything wrong with it."""
    faults = list[Diagnostic]()
    wires = list[int]()
    for target in node.targets:
        try:
            wires.append(wire(target, frame))
        except CompileError as fault:
            faults += fault.diagnostics
    if len(wires) == len(node.targets):
        faults += _repeated(node, wires, frame)
    faults += _miscounted(node, signature, frame)
    if faults:
        raise CompileError(faults)
    branches = _branches(node) if node.modifiers else WHOLE
    return Applied(signature, tuple(wires), branches, node.modifiers.count("DAGGER") % 2 == 1, frame.span(node))


def wire(node: tree.Reference, frame: Frame) -> int:
    """The qubit that a target names: a number, or a formal name.

    Raises:
        CompileError: UNKNOWN_NAME, WRONG_TYPE, TOO_LARGE.
    """
    if frame.names is not None:
        return _own(node, frame, frame.names)
    if node.name[0].isdigit():
        if len(node.name) > MAX_DIGITS or int(node.name) >= MAX_WIRES:
            label = f"qubit {node.name[:12]} makes {node.name[:12]} and one in all"
            raise error(Code.TOO_LARGE, label, frame.span(node), f"a program has at most {MAX_WIRES} qubits")
        return int(node.name)
    actual = frame.targets.get(node.name)
    if actual is not None and node.entry is None:
        return wire(*actual)
    if actual is None and node.entry is None:
        advice = did_you_mean(node.name, frame.targets) or "qubits are numbers, or the names after a circuit's own"
        if node.name in GATES:
            advice = f"one instruction stands on a line: write `{node.name}` on the next"
        raise error(Code.UNKNOWN_NAME, f"no qubit is called `{node.name}` here", frame.span(node), advice)
    label = f"`{node.name}[{node.entry}]` is a place in memory, and a qubit is needed"
    raise error(Code.WRONG_TYPE, label, frame.span(node), "qubits are numbers, as in `H 0`")


def _own(node: tree.Reference, frame: Frame, names: tuple[str, ...]) -> int:
    if node.entry is None and node.name in names:
        return names.index(node.name)
    advice = (
        f"a definition acts on its own qubits: {', '.join(names)}" if names else "name qubits after the gate's name"
    )
    raise error(Code.UNKNOWN_NAME, f"`{node.name}` is no qubit of this definition", frame.span(node), advice)


def _repeated(node: tree.Application, wires: list[int], frame: Frame) -> Iterator[Diagnostic]:
    seen = set[int]()
    for number, target in zip(wires, node.targets, strict=True):
        if number in seen:
            label = "this qubit is already used by the same gate"
            advice = f"`{node.name.text}` acts on different qubits"
            yield Diagnostic(Code.REPEATED_WIRE, label, frame.span(target), advice)
        seen.add(number)


def _miscounted(node: tree.Application, signature: Signature, frame: Frame) -> Iterator[Diagnostic]:
    name, forks = node.name.text, node.modifiers.count("FORKED")
    controls = forks + node.modifiers.count("CONTROLLED")
    if forks and not signature.parameters:
        label = f"FORKED chooses between two sets of angles, and `{name}` has none"
        yield Diagnostic(Code.WRONG_ANGLES, label, frame.span(node), "leave FORKED out, or write CONTROLLED")
    elif len(node.arguments) != signature.parameters << min(forks, 32):
        known = f"under FORKED, `{name}`" if forks else f"`{name}`"
        label = f"{known} takes {_count(signature.parameters, forks)}, not {len(node.arguments)}"
        shown = f"({', '.join(['pi/2'] * signature.parameters)})"
        advice = f"write `{name}{shown}`" if signature.parameters else f"write `{name}` without parentheses"
        if forks:
            advice = "first the angles where its qubit is 0, then those where it is 1"
        yield Diagnostic(Code.WRONG_ANGLES, label, frame.span(node), advice)
    expected = signature.qubits + controls
    if len(node.targets) != expected:
        known = f"with its modifiers, `{name}`" if controls else f"`{name}`"
        label = f"{known} acts on {counted(expected, 'qubit', 'qubits')}, not {len(node.targets)}"
        advice = "name its qubits one after the other" if expected > 1 else f"write `{name}` again for each qubit"
        if controls:
            advice = "name the qubits of CONTROLLED and FORKED first, in their order"
        yield Diagnostic(Code.WRONG_ARITY, label, frame.span(node), advice)


def _count(parameters: int, forks: int) -> str:
    return counted(parameters << forks, "angle", "angles") if forks <= 16 else f"{parameters} times 2^{forks} angles"


def _branches(node: tree.Application) -> tuple[tuple[slice, tuple[bool, ...]], ...]:
    """The first modifier takes the first qubit; the first FORKED splits the angles in halves."""
    made: list[tuple[int, int, list[bool]]] = [(0, len(node.arguments), [])]
    for modifier in node.modifiers:
        if modifier == "CONTROLLED":
            for _, _, controls in made:
                controls.append(True)
        elif modifier == "FORKED":
            made = [
                half
                for start, stop, controls in made
                for half in (
                    (start, (start + stop) // 2, [*controls, False]),
                    ((start + stop) // 2, stop, [*controls, True]),
                )
            ]
    return tuple((slice(start, stop), tuple(controls)) for start, stop, controls in made)

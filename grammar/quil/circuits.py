"""DEFCIRCUIT: bodies that are put where they are used."""

from __future__ import annotations

from collections.abc import Iterator

from qcompile.diagnostics import Code, CompileError, Note, Span, error
from qcompile.grammar.checks import MAX_OPS, counted
from qcompile.grammar.dialect import MAX_DEPTH
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.definitions import Definitions, recursion
from qcompile.grammar.quil.ordering import ordered
from qcompile.grammar.quil.values import Frame, value
from qcompile.grammar.scope import Faults


class Circuits:
    """Circuits by name, with how long each is when it is expanded."""

    def __init__(self) -> None:
        self._nodes: dict[str, tuple[tree.Circuit, Frame]] = {}
        self._lengths: dict[str, int] = {}
        self._depths: dict[str, int] = {}

    def add(self, node: tree.Circuit, frame: Frame, definitions: Definitions) -> None:
        """Raises DUPLICATE_NAME."""
        name = node.name.text
        known: Span | None = definitions.known(name)
        if name in self._nodes:
            other, place = self._nodes[name]
            known = place.span(other.name)
        if known is not None:
            notes = [Note("it is defined here first", known)]
            label = f"`{name}` is defined already"
            raise error(Code.DUPLICATE_NAME, label, frame.span(node.name), "choose another name", notes)
        seen = set[str]()
        formals: list[tree.Parameter | tree.Name] = [*node.parameters, *node.qubits]
        for formal in formals:
            shown = f"%{formal.text}" if isinstance(formal, tree.Parameter) else formal.text
            if shown in seen:
                label = f"`{shown}` stands twice among what the circuit takes"
                raise error(Code.DUPLICATE_NAME, label, frame.span(formal), "give each its own name")
            seen.add(shown)
        self._nodes[name] = node, frame

    def build(self, faults: Faults) -> None:
        """Find the length of each; notes RECURSION."""
        uses = {name: list(self._uses(node)) for name, (node, _) in self._nodes.items()}
        order, rings = ordered(uses)
        for ring in rings:
            places = [(use, self._frame_of(use)) for use in ring]
            faults.add(recursion(places).diagnostics)
        for name in order:
            used = [use for use, _ in uses[name]]
            self._lengths[name] = min(sum(map(self._lengths.__getitem__, used), len(self._nodes[name][0].body)), 10**9)
            self._depths[name] = 1 + max(map(self._depths.__getitem__, used), default=0)

    def find(self, name: str) -> tree.Circuit | None:
        """The circuit of that name; raises nothing more where its definition is at fault."""
        if name not in self._nodes:
            return None
        if name not in self._lengths:
            raise CompileError(())
        return self._nodes[name][0]

    def expanded(self, node: tree.Application, frame: Frame, spent: int) -> Iterator[tuple[tree.Instruction, Frame]]:
        """The body's instructions, each with what names stand for in it.

        Args:
            spent: how many instructions there are already.

        Raises:
            CompileError: NOT_INVERTIBLE, WRONG_ANGLES, WRONG_ARITY, TOO_LARGE, TOO_DEEP, and what arguments raise.
        """
        circuit, home = self._nodes[node.name.text]
        self._check(node, circuit, frame)
        span = frame.span(node)
        if spent + self._lengths[node.name.text] > MAX_OPS:
            label = f"with this circuit, the program has more than {MAX_OPS} instructions"
            raise error(Code.TOO_LARGE, label, span, "use the circuit less often, or split the program")
        if self._depths[node.name.text] > MAX_DEPTH:
            label = f"this circuit uses circuits that use circuits, over {MAX_DEPTH} deep"
            raise error(Code.TOO_DEEP, label, span, "take the inner ones out")
        values = (value(argument, frame) for argument in node.arguments)
        parameters = dict(zip((formal.text for formal in circuit.parameters), values, strict=True))
        targets = {formal.text: _ultimate(actual, frame)
                   for formal, actual in zip(circuit.qubits, node.targets, strict=True)}  # fmt: skip
        inner = Frame(home.source, home.locate, parameters, targets)
        return ((instruction, inner) for instruction in circuit.body)

    def _uses(self, node: tree.Circuit) -> Iterator[tuple[str, tree.Application]]:
        for part in node.body:
            if isinstance(part, tree.Application) and part.name.text in self._nodes:
                yield part.name.text, part

    def _frame_of(self, use: tree.Application) -> Frame:
        return next(frame for node, frame in self._nodes.values() if use in node.body)

    def _check(self, node: tree.Application, circuit: tree.Circuit, frame: Frame) -> None:
        name, span = node.name.text, frame.span(node)
        if node.modifiers:
            advice = "define it with `DEFGATE … AS SEQUENCE`, or write the modifier inside"
            raise error(Code.NOT_INVERTIBLE, f"`{name}` is a circuit, and modifiers are for gates", span, advice)
        if len(node.arguments) != len(circuit.parameters):
            label = f"`{name}` takes {counted(len(circuit.parameters), 'parameter', 'parameters')}"
            notes = [Note("it is defined here", self._nodes[name][1].span(circuit.name))]
            formals = ", ".join(formal.text for formal in circuit.parameters)
            advice = f"write `{name}({formals})` with numbers" if formals else f"write `{name}` without parentheses"
            raise error(Code.WRONG_ANGLES, f"{label}, not {len(node.arguments)}", span, advice, notes)
        if len(node.targets) != len(circuit.qubits):
            label = f"`{name}` takes {counted(len(circuit.qubits), 'qubit or place', 'qubits or places')} in memory"
            notes = [Note("it is defined here", self._nodes[name][1].span(circuit.name))]
            raise error(Code.WRONG_ARITY, f"{label}, not {len(node.targets)}", span, "name each of them", notes)


def _ultimate(actual: tree.Reference, frame: Frame) -> tuple[tree.Reference, Frame]:
    """What is written at the top for a target, so that names are followed one step only."""
    if actual.entry is None and actual.name in frame.targets:
        return frame.targets[actual.name]
    return actual, frame

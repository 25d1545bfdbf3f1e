"""DEFGATE and EXTERN: what may be applied, and the definitions that the program keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from qcompile.angle import Angle, Element, parameter
from qcompile.diagnostics import Code, CompileError, Note, Span, did_you_mean, error, warn
from qcompile.gates import Gate
from qcompile.grammar.assembly import Assembly, free_name
from qcompile.grammar.checks import QUBIT
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.applications import Signature, applied, plain
from qcompile.grammar.quil.ordering import ordered
from qcompile.grammar.quil.parametric import matrix_signature
from qcompile.grammar.quil.pauli_sums import pauli_signature
from qcompile.grammar.quil.standard import GATES, SOURCE, told
from qcompile.grammar.quil.values import Frame, angle
from qcompile.ir import Op

Find: TypeAlias = Callable[[tree.Application, Frame], Signature]
_ELSEWHERE = {
    "TRUE": "write `MOVE x 1`", "FALSE": "write `MOVE x 0`", "OR": "write `IOR x y`", "CX": "write `CNOT 0 1`",
    "CCX": "write `CCNOT 0 1 2`", "TOFFOLI": "write `CCNOT 0 1 2`", "RESETQ": "write `RESET 0`",
    "SDG": "write `DAGGER S 0`", "TDG": "write `DAGGER T 0`", "U1": "write `PHASE(pi/2) 0`",
    "P": "write `PHASE(pi/2) 0`", "CP": "write `CPHASE(pi/2) 0 1`", "BARRIER": "write `FENCE 0 1`",
    "IF": "write `JUMP-UNLESS @END ro[0]`",
    "CRX": "write `CONTROLLED RX(pi/2) 0 1`", "CRY": "write `CONTROLLED RY(pi/2) 0 1`",
    "CRZ": "write `CONTROLLED RZ(pi/2) 0 1`", "CY": "write `CONTROLLED Y 0 1`", "CH": "write `CONTROLLED H 0 1`",
    "QUBIT": "qubits are numbers and are not declared", "QREG": "qubits are numbers and are not declared",
    "CREG": "write `DECLARE ro BIT[2]`", "BIT": "write `DECLARE ro BIT[2]`", "PARAM": "write `DECLARE theta REAL`",
}  # fmt: skip


class Definitions:
    """Gates by name: the program's own, external ones, and the standard ones."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self._nodes: dict[str, tuple[tree.Definition, Frame]] = {}
        self._externals: dict[str, Span] = {}
        self._own: dict[str, Signature] = {}
        self._broken: set[str] = set()
        self._standard: dict[str, Signature] = {name: plain(gate, name) for name, gate in GATES.items()}

    def add(self, node: tree.Definition, frame: Frame) -> None:
        """Raises DUPLICATE_NAME."""
        self._check_free(node.name, frame)
        self._nodes[node.name.text] = node, frame

    def add_external(self, node: tree.External, frame: Frame) -> None:
        """Raises DUPLICATE_NAME."""
        self._check_free(node.name, frame)
        self._externals[node.name.text] = frame.span(node.name)

    def known(self, name: str) -> Span | None:
        """Where the program defines the name."""
        if name in self._nodes:
            node, frame = self._nodes[name]
            return frame.span(node.name)
        return self._externals.get(name)

    def build(self) -> None:
        """Make every definition, each after those that it uses."""
        uses = {name: _uses(node) for name, (node, _) in self._nodes.items()}
        order, rings = ordered(uses)
        for ring in rings:
            self._report(ring)
        self._broken = self._nodes.keys() - order
        for name in order:
            node, frame = self._nodes[name]
            try:
                self._own[name] = self._made(node, frame, self.signature)
            except CompileError as fault:
                self._broken.add(name)
                self.assembly.faults.add(fault.diagnostics)

    def signature(self, node: tree.Application, frame: Frame) -> Signature:
        """What is applied; raises UNKNOWN_GATE, and nothing more where the definition is at fault."""
        name = node.name.text
        found = self._own.get(name)
        if found is None and name in self._broken:
            raise CompileError(())
        if found is None and name in self._externals:
            found = self._own[name] = self._external(node)
        return found or self.standard(node, frame)

    def standard(self, node: tree.Application, frame: Frame) -> Signature:
        """A standard gate; raises UNKNOWN_GATE."""
        name = node.name.text
        found = self._standard.get(name)
        if found is None and name in told():
            top = Frame(SOURCE, _no_memory)
            found = self._standard[name] = self._made(told()[name], top, self.standard)
        if found is not None:
            return found
        names = (*self._nodes, *self._externals, *self._standard, *told())
        advice = _ELSEWHERE.get(name.upper()) or did_you_mean(name, names) or "define it with DEFGATE or DEFCIRCUIT"
        raise error(Code.UNKNOWN_GATE, f"no gate is called `{name}`", frame.span(node.name), advice)

    def keep_unused(self) -> None:
        """Define what is not used and can be told without its use; warn of the rest."""
        for name, span in self._externals.items():
            if name not in self._own:
                advice = "what it acts on is known where it is used: leave it out, or use it"
                warn(Code.DROPPED, f"`{name}` is declared and never used", span, advice)
        for name, signature in self._own.items():
            if not signature.is_kept():
                warn(Code.DROPPED, f"`{name}` is defined and never used", self.known(name), "leave it out, or use it")

    def _check_free(self, name: tree.Name, frame: Frame) -> None:
        known = self.known(name.text)
        if known is not None:
            notes = [Note("it is defined here first", known)]
            label = f"a gate `{name.text}` is defined already"
            raise error(Code.DUPLICATE_NAME, label, frame.span(name), "choose another name", notes)

    def _report(self, ring: tuple[tree.Application, ...]) -> None:
        self.assembly.faults.add(recursion([(node, self._frame_of(node)) for node in ring]).diagnostics)

    def _frame_of(self, use: tree.Application) -> Frame:
        return next(f for node, f in self._nodes.values() if isinstance(node, tree.BodyDefinition) and use in node.body)

    def _external(self, node: tree.Application) -> Signature:
        """Angles and qubits are those of its first use."""
        angles, controls = len(node.arguments), sum(word != "DAGGER" for word in node.modifiers)
        names = ("theta",) if angles == 1 else tuple(f"theta{k}" for k in range(angles))
        wires = max(0, len(node.targets) - controls)
        span = self._externals[node.name.text]
        gate = Gate(node.name.text, (QUBIT,) * wires, names, opaque=True)
        return plain(self.assembly.define(gate, (), span), node.name.text)

    def _made(self, node: tree.Definition, frame: Frame, find: Find) -> Signature:
        legal = _legal_names(node.parameters, frame)
        values = {text: (parameter(name), Angle()) for text, name in legal.items()}
        names = tuple(name.text for name in node.qubits) if isinstance(node, tree.BodyDefinition) else ()
        if isinstance(node, tree.BodyDefinition):
            _check_distinct(node.qubits, frame)
        inner = Frame(frame.source, _no_memory, values, {}, names)
        elements = tuple(Element(name) for name in legal.values())
        if isinstance(node, tree.MatrixDefinition):
            return matrix_signature(node, inner, elements, self.assembly)
        if node.is_sum:
            return pauli_signature(node, inner, elements, self.assembly)
        gate = Gate(node.name.text, (QUBIT,) * len(names), tuple(legal.values()))
        return plain(self.assembly.define(gate, self._body(node, inner, find), frame.span(node.name)), node.name.text)

    def _body(self, node: tree.BodyDefinition, frame: Frame, find: Find) -> Sequence[Op]:
        faults, body = list[CompileError](), list[Op]()
        for application in node.body:
            try:
                part = applied(application, find(application, frame), frame)
                body += part.ops([angle(argument, frame) for argument in application.arguments])
            except CompileError as fault:
                faults.append(fault)
        if faults:
            raise CompileError(diagnostic for fault in faults for diagnostic in fault.diagnostics)
        return body


def recursion(ring: Sequence[tuple[tree.Application, Frame]]) -> CompileError:
    """RECURSION, at the use that closes a ring of definitions."""
    *others, (last, frame) = ring
    notes = [Note("by way of this", place.span(node)) for node, place in others]
    advice = "definitions may use each other, but not in a ring"
    return error(Code.RECURSION, f"`{last.name.text}` is defined by itself", frame.span(last), advice, notes)


def _uses(node: tree.Definition) -> Iterable[tuple[str, tree.Application]]:
    if isinstance(node, tree.MatrixDefinition) or node.is_sum:
        return ()
    first = dict[str, tree.Application]()
    for application in node.body:
        first.setdefault(application.name.text, application)
    return first.items()


def _legal_names(formals: Sequence[tree.Parameter], frame: Frame) -> dict[str, str]:
    """A name of ours for each formal parameter."""
    made = dict[str, str]()
    for formal in formals:
        if formal.text in made:
            label = f"`%{formal.text}` stands twice among the parameters"
            raise error(Code.DUPLICATE_NAME, label, frame.span(formal), "give each parameter its own name")
        made[formal.text] = free_name(formal.text, set(made.values()))
    return made


def _check_distinct(names: Sequence[tree.Name], frame: Frame) -> None:
    seen = set[str]()
    for name in names:
        if name.text in seen:
            label = f"`{name.text}` stands twice among the qubits"
            raise error(Code.DUPLICATE_NAME, label, frame.span(name), "give each qubit its own name")
        seen.add(name.text)


def _no_memory(node: tree.Reference, frame: Frame) -> Element:
    known = did_you_mean(node.name, frame.parameters).replace("`", "`%", 1) if frame.parameters else ""
    advice = known or "a definition's entries are numbers and its own parameters: `DEFGATE G(%theta):`"
    raise error(Code.UNKNOWN_NAME, f"`{node.name}` has no meaning inside a definition", frame.span(node), advice)

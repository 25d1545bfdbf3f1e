"""A program: declarations, statements on wires, and what is returned.

Quantum wires are numbered 0, 1, … in declaration order over all qubit and qumode registers; classical cells (bits,
ints, reals) are numbered likewise, and hold 0 until something is measured into them. Loops are unrolled when a program
is read, so an op is one occurrence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from qcompile.angle import Angle, Element
from qcompile.diagnostics import Span
from qcompile.gates import Gate, Kind
from qcompile.operator import Operator

CellKind: TypeAlias = Literal["bit", "int", "real"]
Role: TypeAlias = Literal["param", "input", "slot"]
Detection: TypeAlias = Literal["z", "fock", "homodyne", "heterodyne"]


def _span() -> Span | None:
    return field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A continuous input of the program: trained (`param`), fed (`input`) or set by a derivative's rows (`slot`)."""

    name: str
    size: int | None = None
    role: Role = "param"
    span: Span | None = _span()

    def elements(self) -> tuple[Element, ...]:
        if self.size is None:
            return (Element(self.name),)
        return tuple(Element(self.name, index) for index in range(self.size))


@dataclass(frozen=True, slots=True)
class Register:
    """Named wires or cells of one kind. size None declares a single wire, written without an index."""

    name: str
    kind: Kind | CellKind
    size: int | None = None
    span: Span | None = _span()

    @property
    def length(self) -> int:
        return 1 if self.size is None else self.size

    @property
    def is_quantum(self) -> bool:
        return self.kind in ("qubit", "qumode")


@dataclass(frozen=True, slots=True)
class Op:
    """A gate on wires: the controls' wires first (`controls` holds their polarities), then the gate's own.

    `inverse` stays only on gates whose inverse has no other name; rotations carry a negated angle instead.
    """

    gate: Gate
    wires: tuple[int, ...]
    angles: tuple[Angle, ...] = ()
    controls: tuple[bool, ...] = ()
    inverse: bool = False
    span: Span | None = _span()

    @property
    def targets(self) -> tuple[int, ...]:
        return self.wires[len(self.controls) :]


@dataclass(frozen=True, slots=True)
class Measure:
    """Detect one wire: `z` into a bit, `fock` into an int, `homodyne` into a real, `heterodyne` into two reals."""

    detection: Detection
    wire: int
    cells: tuple[int, ...]
    angle: Angle = Angle()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Reset:
    """Return a wire to |0⟩ or the vacuum."""

    wire: int
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class If:
    """Run `then` where every named bit has its value, `otherwise` elsewhere."""

    condition: tuple[tuple[int, bool], ...]
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Barrier:
    """No pass moves anything across it on these wires."""

    wires: tuple[int, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Postselect:
    """Keep only the runs in which every named bit has its value; outputs are those of the runs kept."""

    condition: tuple[tuple[int, bool], ...]
    span: Span | None = _span()


Statement: TypeAlias = Op | Measure | Reset | If | Barrier | Postselect


@dataclass(frozen=True, slots=True)
class Definition:
    """A gate or channel defined in the program.

    Its signature is a gate row, and what it does is its body, on wires 0, 1, … over its own parameters; or the row's
    matrix, generator, Hamiltonian or Kraus matrices, or nothing where the row is opaque: then the body is empty.
    """

    gate: Gate
    body: tuple[Op, ...] = ()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Observable:
    """An operator on the program's wires; named ones print as a declaration."""

    operator: Operator
    name: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Of the runs that post-selection keeps; `unnormalised`: of all runs, those not kept counting 0."""

    observable: Observable
    span: Span | None = _span()
    unnormalised: bool = False


@dataclass(frozen=True, slots=True)
class Variance:
    observable: Observable
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Covariance:
    """½⟨AB + BA⟩ − ⟨A⟩⟨B⟩."""

    left: Observable
    right: Observable
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Of the outcomes of these wires, first wire most significant; qumodes by photon number up to the cutoff.

    Of the runs that post-selection keeps; `unnormalised`: of all runs; they sum to the share kept.
    """

    wires: tuple[int, ...]
    span: Span | None = _span()
    unnormalised: bool = False


@dataclass(frozen=True, slots=True)
class Samples:
    """Shots of these wires (computational basis, photon number) and then of these cells."""

    wires: tuple[int, ...]
    cells: tuple[int, ...] = ()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class State:
    """The state vector; for Gaussian programs the means and covariance."""

    span: Span | None = _span()


Output: TypeAlias = Expectation | Variance | Covariance | Probabilities | Samples | State


def observables_of(output: Output) -> tuple[Observable, ...]:
    """The observables that the output is made of; probabilities, samples and states have none."""
    match output:
        case Expectation() | Variance():
            return (output.observable,)
        case Covariance():
            return (output.left, output.right)
        case Probabilities() | Samples() | State():
            return ()


@dataclass(frozen=True, slots=True)
class Program:
    registers: tuple[Register, ...]
    parameters: tuple[Parameter, ...] = ()
    definitions: tuple[Definition, ...] = ()
    body: tuple[Statement, ...] = ()
    outputs: tuple[Output, ...] = ()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of each wire."""
        return tuple(r.kind for r in self.registers if r.kind in ("qubit", "qumode") for _ in range(r.length))

    @property
    def cell_kinds(self) -> tuple[CellKind, ...]:
        """The kind of each classical cell."""
        return tuple(r.kind for r in self.registers if r.kind in ("bit", "int", "real") for _ in range(r.length))

    def parameter(self, name: str) -> Parameter:
        return next(parameter for parameter in self.parameters if parameter.name == name)

    def statements(self) -> Iterator[Statement]:
        """Every statement, those inside regions after the region itself."""
        yield from _flattened(self.body)


def _flattened(body: tuple[Statement, ...]) -> Iterator[Statement]:
    for statement in body:
        yield statement
        if isinstance(statement, If):
            yield from _flattened(statement.then)
            yield from _flattened(statement.otherwise)

"""The builder: the same IR that the text gives, with the same faults."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import overload

from numpy.typing import ArrayLike

from qcompile.angle import Angle
from qcompile.builder.declarations import Declarations
from qcompile.builder.expression import Expression, Number
from qcompile.builder.matrices import checked_matrices
from qcompile.builder.places import Cell, Cells, Places, Test, Wire, Wires, each
from qcompile.diagnostics import Code, CompileError, error
from qcompile.gates import NAMES, Gate, Kind, pauli_rotation
from qcompile.gates.channels import check_strength
from qcompile.grammar import exponential, invert, parse_operator
from qcompile.grammar.checks import check_op, is_sound
from qcompile.ir import (
    Barrier,
    Covariance,
    Definition,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Output,
    Parameter,
    Postselect,
    Probabilities,
    Program,
    Register,
    Reset,
    Samples,
    State,
    Statement,
    Variance,
)
from qcompile.ir.program import Detection
from qcompile.ir.program_rules import RESULTS
from qcompile.ir.verify import verify

_NO_ANGLE = Angle()
_QUBIT: tuple[Kind, ...] = ("qubit",)


class Builder:
    """A program, statement by statement. Every gate of the table is a method: angles first, then wires.

    >>> from qcompile.builder import pi
    >>> b = Builder()
    >>> q, theta = b.qubits("q", 2), b.param("theta")
    >>> b.rx(2 * theta + pi / 2, q[0])
    >>> b.z(q[1], controls=[q[0]])
    >>> b.expect("Z[0] Z[1]")
    >>> len(b.build().body)
    2
    """

    def __init__(self) -> None:
        self._declared = Declarations()
        self._outputs: list[Output] = []
        self._blocks: list[list[Statement]] = [[]]
        self._assigned: frozenset[int] = frozenset()
        self._branch: tuple[If, frozenset[int], frozenset[int]] | None = None

    # ---- declarations

    def qubit(self, name: str) -> Wire:
        return self._declared.add_wires(name, "qubit", None)[0]

    def qubits(self, name: str, size: int) -> Places[Wire]:
        return self._declared.add_wires(name, "qubit", size)

    def qumode(self, name: str) -> Wire:
        return self._declared.add_wires(name, "qumode", None)[0]

    def qumodes(self, name: str, size: int) -> Places[Wire]:
        return self._declared.add_wires(name, "qumode", size)

    def bit(self, name: str) -> Cell:
        return self._declared.add_cells(name, "bit", None)[0]

    def bits(self, name: str, size: int) -> Places[Cell]:
        return self._declared.add_cells(name, "bit", size)

    def integer(self, name: str) -> Cell:
        """What photon counting gives."""
        return self._declared.add_cells(name, "int", None)[0]

    def integers(self, name: str, size: int) -> Places[Cell]:
        return self._declared.add_cells(name, "int", size)

    def real(self, name: str) -> Cell:
        """What homodyne detection gives."""
        return self._declared.add_cells(name, "real", None)[0]

    def reals(self, name: str, size: int) -> Places[Cell]:
        return self._declared.add_cells(name, "real", size)

    @overload
    def param(self, name: str, size: int) -> Places[Expression]: ...
    @overload
    def param(self, name: str, size: None = None) -> Expression: ...
    def param(self, name: str, size: int | None = None) -> Expression | Places[Expression]:
        """A trained parameter, or an array of them."""
        return self._declared.add_parameter(name, "param", size)

    @overload
    def input(self, name: str, size: int) -> Places[Expression]: ...
    @overload
    def input(self, name: str, size: None = None) -> Expression: ...
    def input(self, name: str, size: int | None = None) -> Expression | Places[Expression]:
        """Data that is fed, not trained."""
        return self._declared.add_parameter(name, "input", size)

    def define(self, name: str, parameters: Sequence[str], wires: int, body: Callable[..., object]) -> None:
        """A gate on qubits by its body: `body(builder, *parameters, *wires)` applies gates to its builder."""
        self._declared.claim_gate(name)
        inner = Builder()
        inner._declared = Declarations(self._declared.definitions)
        angles = [inner.param(parameter) for parameter in parameters]
        body(inner, *angles, *inner.qubits(f"wires_of_{name}", wires))
        ops = tuple(statement for statement in inner._blocks[0] if isinstance(statement, Op))
        if len(ops) != len(inner._blocks[0]) or inner._outputs or not all(op.gate.is_unitary for op in ops):
            raise error(Code.NOT_INVERTIBLE, f"the body of `{name}` is not unitary", help="a gate's body holds gates")
        kinds = tuple(inner._declared.kinds)
        self._declared.definitions.append(Definition(Gate(name, kinds, tuple(parameters)), ops))

    def define_matrix(self, name: str, matrix: ArrayLike) -> None:
        """A gate on qubits by its unitary matrix, shape (2**n, 2**n), the first wire most significant.

        Raises:
            CompileError: NOT_UNITARY, beyond 1e-8; what `checked_matrices` raises.
        """
        (rows,), qubits = checked_matrices(name, [matrix])
        self._declared.define(Gate(name, _QUBIT * qubits, matrix=rows))

    def define_channel(self, name: str, kraus: Sequence[ArrayLike]) -> None:
        """A channel on qubits by its Kraus matrices K with ΣK†K = 1; raises what `define_matrix` raises."""
        matrices, qubits = checked_matrices(name, kraus)
        self._declared.define(Gate(name, _QUBIT * qubits, kraus=matrices))

    def define_generator(
        self, name: str, parameters: str | Sequence[str], wires: int, generator: str, kind: Kind = "qubit"
    ) -> None:
        """The gate exp(-i parameter G) for an observable G of its own wires 0, 1, …: `0.5*X[0] X[1] + 0.5*Z[0]`.

        With parameters in front of letters of qubits it is exp(-i H) as it stands: `a*Z[0] X[1] + b*X[1]`.
        """
        names = (parameters,) if isinstance(parameters, str) else tuple(parameters)
        operator = parse_operator(generator, (Register("wires", kind, wires),), tuple(map(Parameter, names)))
        self._declared.define(*exponential(Gate(name, (kind,) * wires, names), operator))

    def opaque(self, name: str, parameters: Sequence[str], wires: int, kind: Kind = "qubit") -> None:
        """A gate that is a name alone: programs that use it are printed and emitted, nothing else."""
        self._declared.define(Gate(name, (kind,) * wires, tuple(parameters), opaque=True))

    # ---- statements

    def gate(
        self,
        name: str,
        *operands: Number | Wires,
        controls: Sequence[Wire] = (),
        negative_controls: Sequence[Wire] = (),
        inverse: bool = False,
    ) -> None:
        """Apply a gate: its angles, then its wires. Registers advance together, single wires stay.

        Args:
            controls: wires that must be 1, put before the gate's own.
            negative_controls: wires that must be 0, put after those.
        """
        polarities = (True,) * len(controls) + (False,) * len(negative_controls)
        self._apply(self._declared.gate(name), (*controls, *negative_controls, *operands), polarities, inverse)

    def pauli(self, word: str, theta: Number, *wires: Wires, controls: Sequence[Wire] = ()) -> None:
        """exp(-i theta/2 P) for a word of X, Y, Z and I."""
        if not word or set(word) - set("XYZI"):
            raise error(Code.UNKNOWN_GATE, f"`{word}` is not a Pauli word", help="the letters are X, Y, Z and I")
        self._apply(pauli_rotation(word), (theta, *controls, *wires), (True,) * len(controls), False)

    def measure(self, wires: Wires, cells: Cells) -> None:
        """Qubits into bits, photon numbers into integers."""
        if len(each(wires)) != len(each(cells)):
            label = f"{len(each(wires))} results go into {len(each(cells))} cells"
            raise error(Code.SIZES_DIFFER, label, help="give each wire one result")
        for wire, cell in zip(each(wires), each(cells), strict=True):
            self._detect("z" if wire.kind == "qubit" else "fock", wire, (cell,))

    def homodyne(self, wire: Wire, cell: Cell, phi: Number = 0.0) -> None:
        """Measure x cos(phi) + p sin(phi) into a real."""
        self._detect("homodyne", wire, (cell,), self._declared.angle(phi))

    def heterodyne(self, wire: Wire, cells: Places[Cell]) -> None:
        """Measure x and p at once into two reals of one register."""
        if len(cells) != 2:
            hint = "heterodyne detection gives two reals, x and p"
            raise error(Code.SIZES_DIFFER, f"2 results go into {len(cells)} cells", help=hint)
        self._detect("heterodyne", wire, cells.items)

    def reset(self, wires: Wires) -> None:
        self._blocks[-1] += [Reset(self._declared.wire(wire)) for wire in each(wires)]

    def barrier(self, *wires: Wires) -> None:
        """Nothing is moved across it on these wires, or on any where none is named."""
        named = [self._declared.wire(wire) for group in wires for wire in each(group)]
        self._blocks[-1].append(Barrier(_listed(named or range(len(self._declared.wires)))))

    def postselect(self, *tests: Cell | Test | Places[Cell], equals: int | None = None) -> None:
        """Keep the runs in which all bits are 1 (`~bit`: 0), or read `equals`, first bit least significant."""
        self._blocks[-1].append(Postselect(self._condition(tests, equals)))

    @contextmanager
    def when(self, *tests: Cell | Test | Places[Cell], equals: int | None = None) -> Generator[None]:
        """What runs where all bits are 1 (`~bit`: 0), or where bits read `equals`, first bit least significant."""
        condition = self._condition(tests, equals)
        before, outer = self._assigned, self._blocks[-1]
        with self._block() as body:
            yield
        statement = If(condition, tuple(body))
        outer.append(statement)
        self._branch = (statement, before, self._assigned)

    @contextmanager
    def otherwise(self) -> Generator[None]:
        """What runs where the `when` just before does not."""
        outer = self._blocks[-1]
        if self._branch is None or not outer or outer[-1] is not self._branch[0]:
            raise error(Code.MISPLACED, "no `when` comes just before this", help="put it right after `with b.when(…)`")
        statement, before, after_then = self._branch
        self._assigned = before
        with self._block() as body:
            yield
        outer[-1] = replace(statement, otherwise=tuple(body))
        self._assigned |= after_then
        self._branch = None

    # ---- what is returned

    def observable(self, text: str, name: str = "") -> Observable:
        """An observable as the language writes it; a name makes it a declaration when printed."""
        operator = parse_operator(text, tuple(self._declared.registers), tuple(self._declared.parameters))
        observable = Observable(operator, name)
        if name:
            self._declared.claim(name)
            self._declared.observables[name] = observable
        return observable

    def expect(self, observable: Observable | str) -> None:
        self._return(Expectation(self._observed(observable)))

    def variance(self, observable: Observable | str) -> None:
        self._return(Variance(self._observed(observable)))

    def covariance(self, left: Observable | str, right: Observable | str) -> None:
        self._return(Covariance(self._observed(left), self._observed(right)))

    def probabilities(self, *wires: Wires) -> None:
        """Of the outcomes of these wires, first wire most significant."""
        self._return(Probabilities(_listed([self._declared.wire(w) for group in wires for w in each(group)])))

    def samples(self, *places: Wires | Cells) -> None:
        """Shots of wires and of cells."""
        flat = list[Wire | Cell]()
        for group in places:
            flat += group if isinstance(group, Places) else [group]
        cells = [self._declared.cell(place) for place in flat if isinstance(place, Cell)]
        wires = [self._declared.wire(place) for place in flat if isinstance(place, Wire)]
        self._check_assigned(cells)
        self._return(Samples(_listed(wires, bool(cells)), _listed(cells, bool(wires))))

    def state(self) -> None:
        self._return(State())

    def build(self) -> Program:
        """The program so far, verified."""
        declared = self._declared
        if not declared.registers:
            raise error(Code.EMPTY, "nothing is declared", help='declare a register: `q = b.qubits("q", 2)`')
        registers, parameters = tuple(declared.registers), tuple(declared.parameters)
        body, outputs = tuple(self._blocks[0]), tuple(self._outputs)
        program = Program(registers, parameters, tuple(declared.definitions), body, outputs)
        verify(program, "building")
        return program

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            self._declared.gate(name)
        except CompileError as fault:
            raise AttributeError(str(fault), name=name, obj=self) from None
        return partial(self.gate, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *NAMES, *self._declared.gates()})

    # ---- parts

    def _apply(
        self, gate: Gate, operands: Sequence[Number | Wires], polarities: tuple[bool, ...], inverse: bool
    ) -> None:
        if (inverse or polarities) and not gate.is_unitary:
            label = f"`{gate.name}` is not unitary, and has neither inverse nor controls"
            raise error(Code.NOT_INVERTIBLE, label, help="apply it without modifiers")
        groups = [operand for operand in operands if isinstance(operand, Wire | Places)]
        angles = tuple(self._declared.angle(o) for o in operands if not isinstance(o, Wire | Places))
        for chosen in _broadcast(groups):
            wires = tuple(self._declared.wire(wire) for wire in chosen)
            if not is_sound(gate, wires, len(angles), polarities, self._declared.kinds):
                raise CompileError(check_op(gate, wires, len(angles), polarities, self._declared.kinds))
            for index in range(len(gate.bounds)):
                if angles[index].is_constant:
                    check_strength(gate, index, float(angles[index]))
            op = Op(gate, wires, angles, polarities)
            self._blocks[-1].append(invert(op) if inverse else op)

    def _detect(self, detection: Detection, wire: Wire, cells: tuple[Cell, ...], angle: Angle = _NO_ANGLE) -> None:
        kind, (result, *_) = RESULTS[detection]
        number, numbers = self._declared.wire(wire), tuple(self._declared.cell(cell) for cell in cells)
        if wire.kind != kind:
            raise error(Code.WRONG_KIND, f"`{wire.name}` is a {wire.kind}", help=f"{detection} detects qumodes")
        if any(cell.kind != result for cell in cells):
            label = f"`{cells[0].name}` is a {cells[0].kind}, and the result a {result}"
            raise error(Code.WRONG_RESULT, label, help=f"declare a {result} for it")
        self._assigned = self._assigned.union(numbers)
        self._blocks[-1].append(Measure(detection, number, numbers, angle))

    @contextmanager
    def _block(self) -> Generator[list[Statement]]:
        self._blocks.append([])
        try:
            yield self._blocks[-1]
        finally:
            self._blocks.pop()

    def _condition(
        self, tests: Sequence[Cell | Test | Places[Cell]], equals: int | None
    ) -> tuple[tuple[int, bool], ...]:
        flat = [test for group in tests for test in (group if isinstance(group, Places) else [group])]
        found = [test if isinstance(test, Test) else Test(test, True) for test in flat]
        if equals is not None:
            if not 0 <= equals < 2 ** len(found):
                raise error(Code.BAD_NUMBER, f"{len(found)} bits never read {equals}")
            found = [replace(test, value=bool(equals >> place & 1) == test.value) for place, test in enumerate(found)]
        condition = tuple((self._declared.cell(test.cell), test.value) for test in found)
        if not condition or any(test.cell.kind != "bit" for test in found):
            raise error(Code.WRONG_KIND, "a condition reads bits", help="measure a qubit into a bit and test that")
        self._check_assigned([cell for cell, _ in condition])
        return condition

    def _check_assigned(self, cells: Sequence[int]) -> None:
        for cell in cells:
            if cell not in self._assigned:
                label = f"nothing has been measured into `{self._declared.cells[cell].name}`"
                raise error(Code.BIT_UNASSIGNED, label, help="measure something into it first")

    def _return(self, output: Output) -> None:
        if len(self._blocks) > 1:
            raise error(Code.MISPLACED, "nothing is returned from inside `when`", help="move it out of the block")
        self._outputs.append(output)

    def _observed(self, observable: Observable | str) -> Observable:
        return self.observable(observable) if isinstance(observable, str) else observable


def _broadcast(groups: Sequence[Wires]) -> list[tuple[object, ...]]:
    """The wires of each op: registers advance together, single wires stay."""
    sizes = {len(group) for group in groups if isinstance(group, Places) and len(group) != 1}
    if len(sizes) > 1:
        label = f"these registers have {' and '.join(map(str, sorted(sizes)))} wires"
        raise error(Code.SIZES_DIFFER, label, help="registers side by side have one size; take slices: `q[0:2]`")
    size = sizes.pop() if sizes else 1
    columns = [each(group) if len(each(group)) == size else each(group) * size for group in groups]
    return list(zip(*columns, strict=True)) if columns else [()]


def _listed(places: Sequence[int], may_be_empty: bool = False) -> tuple[int, ...]:
    """Raises WRONG_ARITY when nothing is listed, REPEATED_WIRE when something is twice."""
    if not places and not may_be_empty:
        raise error(Code.WRONG_ARITY, "nothing is listed", help="name wires or cells")
    if len(set(places)) != len(places):
        raise error(Code.REPEATED_WIRE, "something is listed twice", help="list each once")
    return tuple(places)
